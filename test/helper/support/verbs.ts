import assert from 'node:assert/strict';
import type { ErrorRecord, Holder, NamespaceType } from '../../../extension/helper/protocol.ts';
import { assertHealthy, helper } from './helper.ts';
import { run, type Finished, type RunOptions } from './process.ts';
import { checkRecord, parseLine, splitLines } from './shape.ts';

export interface Ended {
  readonly pid: number;
  readonly start: number;
  readonly signal: number;
}

export interface Unmounted {
  readonly path: string;
  readonly type: NamespaceType;
  readonly id: number;
}

export interface Still {
  readonly type: NamespaceType;
  readonly id: number;
  readonly held: readonly Holder[];
}

export interface Pinned {
  readonly type: NamespaceType;
  readonly id: number;
  readonly name?: string;
  readonly path?: string;
  readonly holder?: { readonly pid: number; readonly start: number };
}

export interface Entered {
  readonly pid: number;
  readonly ns: Readonly<Partial<Record<NamespaceType, number>>>;
}

/** What the verbs print, by kind, in order. */
interface Kinds {
  readonly ended: Ended;
  readonly unmounted: Unmounted;
  readonly removed: { readonly path: string };
  readonly still: Still;
  readonly would: Partial<Pick<Kinds, 'ended' | 'unmounted' | 'removed' | 'still'>>;
  readonly pinned: Pinned;
  readonly renamed: { readonly name: string; readonly from: string };
  readonly entered: Entered;
  readonly exit: { readonly code?: number; readonly signal?: number };
  readonly error: ErrorRecord;
  readonly end: unknown;
}

export class Answer {
  readonly code: number | null;
  readonly #records: readonly (readonly [string, unknown])[];

  constructor(lines: readonly Buffer[], code: number | null) {
    this.code = code;
    this.#records = lines.flatMap((line) => Object.entries(checkRecord(parseLine(line))));
  }

  all<K extends keyof Kinds>(kind: K): readonly Kinds[K][] {
    // The shape of each record has been checked, so its name tells its type.
    const isKind = (entry: readonly [string, unknown]): entry is readonly [K, Kinds[K]] => entry[0] === kind;
    return this.#records.filter(isKind).map(([, value]) => value);
  }

  only<K extends keyof Kinds>(kind: K): Kinds[K] {
    const [first, ...rest] = this.all(kind);
    assert.ok(first !== undefined && rest.length === 0, `not one ${kind}: ${this.text}`);
    return first;
  }

  get text(): string {
    return JSON.stringify(this.#records);
  }
}

export interface VerbOptions extends RunOptions {
  /** Program and arguments that run the helper's command line, which is appended: `setpriv …`. */
  readonly through?: readonly string[];
}

/** Runs `end`, `pin` or `unpin`. */
export async function ask(args: readonly string[], options: VerbOptions = {}): Promise<Answer> {
  const result = await run([...(options.through ?? []), helper, ...args], options);
  assertHealthy(result.code, result.signal, result.stderr);
  return new Answer(splitLines(result.stdout), result.code);
}

/** One that must succeed. */
export async function done(args: readonly string[], options: VerbOptions = {}): Promise<Answer> {
  const answer = await ask(args, options);
  assert.deepEqual({ code: answer.code, errors: answer.all('error') }, { code: 0, errors: [] }, answer.text);
  answer.only('end');
  return answer;
}

/** The error of one that must fail. */
export async function failed(args: readonly string[], options: VerbOptions = {}): Promise<ErrorRecord> {
  const answer = await ask(args, options);
  assert.notEqual(answer.code, 0, answer.text);
  assert.deepEqual(answer.all('end'), []);
  return answer.only('error');
}

export interface EnterRun extends Finished {
  readonly text: string;
  readonly lines: readonly string[];
}

/** Runs `enter` with a command or a shell. */
export async function enter(args: readonly string[], options: VerbOptions = {}): Promise<EnterRun> {
  const result = await run([...(options.through ?? []), helper, 'enter', ...args], options);
  assert.doesNotMatch(result.stderr, /Sanitizer|runtime error:/);
  const text = result.stdout.toString();
  return { ...result, text, lines: text.trimEnd().split('\n') };
}

/** One that must succeed: the lines that the command printed. */
export async function entered(args: readonly string[], options: VerbOptions = {}): Promise<readonly string[]> {
  const { code, lines, stderr } = await enter(args, options);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return lines;
}

/** The error record of one that must fail before its command runs, and the status. */
export async function refusal(
  args: readonly string[],
  options: VerbOptions = {},
): Promise<ErrorRecord & { readonly code: number | null }> {
  const { code, text, stderr } = await enter(args, options);
  assert.equal(text, '');
  const answer = new Answer(splitLines(Buffer.from(stderr)), code);
  return { ...answer.only('error'), code };
}
