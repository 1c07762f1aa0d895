import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { namespaceTypes, type ErrorRecord, type NamespaceType } from '../../../extension/helper/protocol.ts';
import { helper, assertHealthy } from './helper.ts';
import { commandOf } from './leaks.ts';
import { hold, output, run, type Holding, type RunOptions } from './process.ts';
import { marker } from './marker.ts';
import type { Scope } from './scope.ts';
import { checkRecord, parseLine, splitLines } from './shape.ts';
import { until } from './wait.ts';

export interface Made {
  readonly type: NamespaceType;
  readonly id: number;
  readonly nsid?: number;
  readonly owner?: number;
}

export interface Created {
  readonly code: number | null;
  readonly made: readonly Made[];
  readonly init: { readonly pid: number; readonly start: number; readonly nspid: readonly number[] } | undefined;
  readonly kept:
    | {
        readonly name: string;
        readonly holder: { readonly pid: number; readonly start: number };
        readonly path?: string;
      }
    | undefined;
  readonly exit: { readonly code?: number; readonly signal?: number } | undefined;
  readonly error: ErrorRecord | undefined;
  readonly end: boolean;
  /** What ARGV printed. */
  readonly text: string;
}

/** Sorts the lines of records, each of which is checked. */
export function readCreated(lines: readonly Buffer[], code: number | null, text: string): Created {
  const records = lines.map((line) => checkRecord(parseLine(line)));
  const entries = records.flatMap((record): [string, unknown][] => Object.entries(record));
  const all = (kind: string): unknown[] => entries.filter(([name]) => name === kind).map(([, value]) => value);
  // The shape of each was checked above, and its name decides which one it is.
  /* oxlint-disable typescript/no-unsafe-type-assertion */
  return {
    code,
    made: all('made') as Made[],
    init: all('init')[0] as Created['init'],
    kept: all('kept')[0] as Created['kept'],
    exit: all('exit')[0] as Created['exit'],
    error: all('error')[0] as Created['error'],
    end: all('end').length === 1,
    text,
  };
  /* oxlint-enable typescript/no-unsafe-type-assertion */
}

export interface CreateOptions extends RunOptions {
  readonly through?: readonly string[];
}

/** Runs `create` to its end. With a command its records come on a pipe of their own, through a file that the shell opens. */
export async function create(args: readonly string[], options: CreateOptions = {}): Promise<Created> {
  const command = args.includes('--');
  const words = command ? ['create', '--records=2', ...args] : ['create', ...args];
  const result = await run([...(options.through ?? []), helper, ...words], options);
  const records = command ? Buffer.from(result.stderr) : result.stdout;
  const [text, stderr] = command ? [result.stdout.toString(), ''] : ['', result.stderr];
  assertHealthy(result.code, result.signal, stderr);
  return readCreated(splitLines(records), result.code, text);
}

/** A `create` that must succeed. */
export async function created(args: readonly string[], options: CreateOptions = {}): Promise<Created> {
  const result = await create(args, options);
  assert.equal(result.error, undefined, JSON.stringify(result.error));
  assert.equal(result.code, 0);
  assert.ok(result.end, 'no end');
  return result;
}

/** Runs a shell script within what the options make and gives its lines. */
export async function inside(args: readonly string[], script: string, options: CreateOptions = {}): Promise<string[]> {
  const result = await created([...args, '--', 'sh', '-c', script], options);
  assert.deepEqual(result.exit, { code: 0 }, result.text);
  return result.text.trimEnd().split('\n');
}

async function patiently(command: readonly string[]): Promise<void> {
  for (;;) {
    const { code, stderr } = await run(command);
    if (code === 0) return;
    // Tests run side by side, and /etc/passwd is locked meanwhile.
    if (!/lock|try again|in use/i.test(stderr)) throw new Error(`${command.join(' ')}: ${stderr}`);
  }
}

/** An account with ranges in /etc/subuid and /etc/subgid, and a command that runs another as it. */
export async function account(scope: Scope, name: string): Promise<{ uid: number; through: readonly string[] }> {
  await patiently(['/usr/sbin/useradd', '--no-create-home', name]);
  scope.defer(async () => patiently(['/usr/sbin/userdel', name]));
  const uid = Number(await output(['id', '-u', name]));
  const gid = await output(['id', '-g', name]);
  return { uid, through: ['setpriv', '--reuid', String(uid), '--regid', gid, '--init-groups'] };
}

function read(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

/**
 * Everything that `create` could leave behind and that is not a process of ours: mounts, links, folders. Only what has this
 * file's marker, or the end of it where the name of a link is too short for more: others keep something here at once.
 */
export function surroundings(): string[] {
  return [
    ...readFileSync('/proc/self/mountinfo', 'utf8').split('\n'),
    ...read('/run/linux-namespaces'),
    ...read('/sys/class/net'),
  ].filter((line) => line.includes(marker.slice(-9)));
}

/** Pids of the living processes whose command line begins with the text. */
export function titled(text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .filter((pid) => commandOf(pid).startsWith(text));
}

/** Runs what follows `through` with the title of an instance's holder, which the shell takes on only after it said that it runs. */
export async function holdTitled(
  scope: Scope,
  through: readonly string[],
  name: string,
  what: string,
): Promise<Holding> {
  const title = `linux-namespaces: ${name} ${what}`;
  const before = titled(title).length;
  const held = await hold(scope, [...through, 'bash', '-c', 'echo ready; exec -a "$0" cat >/dev/null', title]);
  await until(`the title of ${name}`, () => titled(title).length > before);
  return held;
}

export const allTypes = namespaceTypes.join(',');
