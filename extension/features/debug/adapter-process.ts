/** A debug adapter on a host: from its table of names to a process that runs. Free of `vscode`. */
import { asError } from '../../as-error.ts';
import { Emitter, type Event } from '../../disposable.ts';
import type { ExitRecord, FactsRecord, HelperRecord } from '../../helper/protocol.ts';
import { HelperError, type HelperSession, type HelperStream } from '../../helper/session.ts';
import { displayText } from '../../model/text.ts';
import { hostCommand } from '../host-command.ts';
import { insidePath, type Complaint, type PresetName, type Where } from './presets.ts';

/** One way to run an adapter. */
export interface Way {
  /** Undefined for one that the configuration describes. */
  readonly preset: PresetName | undefined;
  /** For people. */
  readonly label: string;
  readonly where: Where;
  /** Names or paths; the first that can be executed runs. */
  readonly programs: readonly [string, ...string[]];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly complaints: readonly Complaint[];
  /** See `Preset`. */
  readonly probe: readonly string[] | undefined;
  readonly outsideHint: string | undefined;
  readonly install: string | undefined;
}

/** Of a program that no preset describes. */
export const noPreset = {
  preset: undefined,
  complaints: [],
  probe: undefined,
  outsideHint: undefined,
  install: undefined,
} satisfies Partial<Way>;

/** How an adapter ended. */
export interface Ending {
  readonly exit: ExitRecord | undefined;
  /** Of the helper or of the connection. */
  readonly error: Error | undefined;
  /** What it said last on its standard error. */
  readonly said: string;
}

/** What was printed by an adapter, or by the program that it has started. */
export interface Printed {
  readonly category: 'stdout' | 'stderr';
  readonly output: string;
}

export interface AdapterProcess {
  readonly way: Way;
  /** What it reads and writes: messages of the protocol. */
  readonly stream: HelperStream;
  /** Its standard error, and where it speaks over a port also its standard output. */
  readonly onPrint: Event<Printed>;
  /** Never rejects. */
  readonly ending: Promise<Ending>;
  /** At once, with all that it has started. */
  readonly kill: () => void;
}

/** Characters of the standard error that are kept. */
const kept = 4000;

/**
 * Words for `enter`. Whatever the adapter starts ends with it.
 * @param entry words that lead to the target, for an adapter inside
 */
export function adapterWords(
  way: Way,
  entry: readonly string[],
  facts: Pick<FactsRecord, 'own'>,
): readonly string[] | undefined {
  const [first, ...others] = way.programs;
  // Options end where the command begins, so hostCommand gives those that come before it.
  const to = way.where === 'inside' ? entry : hostCommand(facts, [])?.filter((word) => word !== '--');
  if (to === undefined) return undefined;
  const env = way.where === 'inside' ? { PATH: insidePath, ...way.env } : way.env;
  return [
    ...to,
    '--kill-descendants',
    ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
    ...(others.length === 0 ? [] : way.programs.slice(0, -1).map((name) => `--program=${name}`)),
    '--',
    others.at(-1) ?? first,
    ...way.args,
  ];
}

/** None of the programs could be executed there. */
export function isMissing(error: unknown): error is HelperError {
  return error instanceof HelperError && error.record.step === 'execve';
}

/** Resolves when it runs. Rejects as `HelperStream.ended` does; see `isMissing`. */
export function runAdapter(
  session: HelperSession,
  way: Way,
  words: readonly string[],
  signal: AbortSignal,
): Promise<AdapterProcess> {
  return new Promise((resolve, reject) => {
    let said = '';
    let exit: ExitRecord | undefined;
    const decoder = new TextDecoder();
    const printed = new Emitter<Printed>();
    const onRecord = (record: HelperRecord): void => {
      if ('entered' in record)
        resolve({ way, stream, onPrint: printed.event, ending, kill: () => void stream.destroy() });
      if ('exit' in record) exit = record.exit;
    };
    const onStderr = (bytes: Uint8Array): void => {
      const output = decoder.decode(bytes, { stream: true });
      said = (said + output).slice(-kept);
      printed.fire({ category: 'stderr', output });
    };
    const stream = session.openStream(['enter', ...words], { onRecord, onStderr, signal });
    // Told by `ended`.
    stream.on('error', () => undefined);
    const ending = (async (): Promise<Ending> => {
      try {
        await stream.ended;
        return { exit, error: undefined, said };
      } catch (reason) {
        const error = asError(reason);
        reject(error);
        return { exit, error, said };
      }
    })();
  });
}

/** False where its program is there but of no use. Rejects as `runAdapter` does. */
export async function isUsable(
  session: HelperSession,
  words: readonly string[],
  probe: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  let isGood = false;
  const stream = session.openStream(['enter', ...words.slice(0, words.indexOf('--') + 2), ...probe], {
    signal,
    onRecord: (record) => {
      if ('exit' in record) isGood = 'code' in record.exit && record.exit.code === 0;
    },
  });
  stream.on('error', () => undefined);
  stream.end();
  stream.resume();
  await stream.ended;
  return isGood;
}

/** What was looked for and where, of ways that all failed. */
export function missingWords(ways: readonly Way[], target: string, host: string): string {
  const lines = ways.map(({ label, where, programs, env }) => {
    const names = shortened(programs);
    const place =
      where === 'inside' ? `in ${target} (PATH ${env['PATH'] ?? insidePath})` : `on ${host} (PATH of the helper)`;
    return `${label}: ${names} ${place}`;
  });
  const install = [...new Set(ways.flatMap((way) => way.install ?? []))];
  return [
    `No debug adapter can be run. Looked for ${lines.join('; ')}.`,
    ...install,
    'Any other adapter can be named by "adapter" in launch.json.',
  ].join('\n');
}

/** `lldb-dap, lldb-dap-24 to lldb-dap-18, …`: a dozen of versions is one word. */
function shortened(programs: readonly string[]): string {
  const words: string[] = [];
  let first: string | undefined;
  for (const [index, program] of programs.entries()) {
    const base = /^(.*)-\d+$/.exec(program)?.[1];
    const next = programs[index + 1];
    if (base !== undefined && next?.startsWith(`${base}-`) === true) first ??= program;
    else {
      words.push(first === undefined ? program : `${first} to ${program}`);
      first = undefined;
    }
  }
  return words.join(', ');
}

/** One or two sentences about an adapter that ended although nobody told it to. */
export function endingWords({ exit, error, said }: Ending, { label, complaints, install }: Way): string {
  if (error !== undefined) return error.message;
  const complaint = complaints.find(({ pattern }) => pattern.test(said));
  if (complaint !== undefined) return `${complaint.words}${install === undefined ? '' : ` ${install}`}`;
  const how =
    exit === undefined
      ? 'has ended'
      : 'signal' in exit
        ? `was killed by signal ${exit.signal}`
        : `ended with exit status ${exit.code}`;
  const last = displayText(said.trim().slice(-400), 400);
  return `The debug adapter (${label}) ${how}.${last === '' ? '' : ` It said last: ${last}`}`;
}
