/** The helper's verbs as functions: what goes in and comes out is typed, how it travels is the session's. */
import { misunderstanding } from './failures.ts';
import type {
  EndRecord,
  Ending,
  FactsRecord,
  HelperRecord,
  KeptRecord,
  MadeRecord,
  PinnedRecord,
  RenamedRecord,
  UserNamespaceRecord,
} from './protocol.ts';
import type { HelperSession, RequestOptions } from './session.ts';

export interface ScanOptions {
  /** Threads, descriptors and sockets too. Takes longer. */
  readonly deep: boolean;
  readonly onRecord: (record: HelperRecord) => void;
  readonly signal?: AbortSignal;
}

export interface WatchOptions {
  /** Milliseconds between passes, 20 to 3,600,000. */
  readonly interval: number;
  /** Percent of one core, 0.01 to 100. */
  readonly budget: number;
  /**
   * All records up to and including a `tick`. The first batch begins with a `snapshot`, the later ones hold what changed.
   */
  readonly onBatch: (records: readonly HelperRecord[]) => void;
  readonly signal?: AbortSignal;
}

/** A host with more processes and namespaces than this between two ticks is a host that never ends a batch. */
const maximumBatch = 5_000_000;

function withSignal(onRecord: (record: HelperRecord) => void, signal: AbortSignal | undefined): RequestOptions {
  return signal === undefined ? { onRecord } : { onRecord, signal };
}

/** The last record that `find` takes, of a request that has to give one; `otherwise` is what it did instead. */
async function found<T>(
  session: HelperSession,
  [verb, ...words]: readonly [string, ...string[]],
  find: (record: HelperRecord) => T | undefined,
  otherwise: string,
  signal?: AbortSignal,
): Promise<T> {
  let last: T | undefined;
  const onRecord = (record: HelperRecord): void => {
    last = find(record) ?? last;
  };
  await session.request(verb, words, withSignal(onRecord, signal));
  if (last === undefined) throw misunderstanding(otherwise);
  return last;
}

/** All of these reject as `HelperSession.request` does. */
export async function facts(session: HelperSession, signal?: AbortSignal): Promise<FactsRecord> {
  return found(session, ['facts'], (record) => ('facts' in record ? record.facts : undefined), 'gave no facts', signal);
}

/** The user namespace of a process and those above it, innermost first. */
export async function userNamespaces(
  session: HelperSession,
  pid: number,
  signal?: AbortSignal,
): Promise<readonly UserNamespaceRecord[]> {
  const levels: UserNamespaceRecord[] = [];
  const onRecord = (record: HelperRecord): void => {
    if ('userns' in record) levels.push(record.userns);
  };
  await session.request('facts', [`--userns=pid:${pid}`], withSignal(onRecord, signal));
  return levels;
}

/** What is inside every namespace, as far as it bears on whether something is wrong. */
export async function inspectAll(
  session: HelperSession,
  onRecord: (record: HelperRecord) => void,
  signal?: AbortSignal,
): Promise<EndRecord> {
  return session.request('inspect', ['--all'], withSignal(onRecord, signal));
}

/** `onRecord` gets the snapshot record first, then namespaces, processes and users in any order. */
export async function scan(session: HelperSession, options: ScanOptions): Promise<EndRecord> {
  return session.request('scan', options.deep ? ['--deep'] : [], withSignal(options.onRecord, options.signal));
}

export interface Created {
  readonly made: readonly MadeRecord[];
  /** Undefined unless something was to be kept. */
  readonly kept: KeptRecord | undefined;
}

/**
 * What is kept is there when the helper says so, although its program still runs: its exit is not waited for.
 * @param words after the verb; see `explain/preview.ts`
 */
export async function create(session: HelperSession, words: readonly string[], signal?: AbortSignal): Promise<Created> {
  const made: MadeRecord[] = [];
  let kept: KeptRecord | undefined;
  const enough = new AbortController();
  const onRecord = (record: HelperRecord): void => {
    if ('made' in record) made.push(record.made);
    if (!('kept' in record)) return;
    kept = record.kept;
    if (words.includes('--')) enough.abort();
  };
  const either = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  try {
    await session.request('create', words, withSignal(onRecord, either));
  } catch (error) {
    // Whatever comes after that word, a lost connection too, does not undo it.
    if (!words.includes('--') || kept === undefined) throw error;
  }
  return { made, kept };
}

/** Gives what is kept under `from` another name; all of it, or nothing when that one is taken. */
export async function rename(session: HelperSession, from: string, name: string): Promise<RenamedRecord> {
  return found(
    session,
    ['rename', from, name],
    (record) => ('renamed' in record ? record.renamed : undefined),
    'did not say that it renamed anything',
  );
}

/** By its name under /run, where `by` tells whether a mount or a process is to keep it, or by an absolute path. */
export type PinPlace = { readonly name: string; readonly by: 'mount' | 'holder' } | { readonly path: string };

/** @param reference of one namespace: `TYPE:ID`, an absolute path, or `TYPE:` and a process or a name */
export async function pin(session: HelperSession, reference: string, place: PinPlace): Promise<PinnedRecord> {
  const named = 'name' in place;
  const words = [named ? `--name=${place.name}` : `--path=${place.path}`];
  if (named && place.by === 'holder') words.push('--holder');
  return found(
    session,
    ['pin', reference, ...words],
    (record) => ('pinned' in record ? record.pinned : undefined),
    'did not say what it pinned',
  );
}

export interface UnpinOptions {
  /** Also removes an empty file of that name or path, on which nothing is mounted any more. */
  readonly leftover: boolean;
  /** `TYPE:ID` of what is meant to be there, or `none` at a path; ESTALE when something else is, and nothing has gone. */
  readonly expected?: string | undefined;
}

function expectation({ expected }: { readonly expected?: string | undefined }): readonly string[] {
  return expected === undefined ? [] : [`--expect=${expected}`];
}

export async function unpin(
  session: HelperSession,
  nameOrPath: string,
  options: UnpinOptions,
): Promise<readonly Ending[]> {
  const done: Ending[] = [];
  const onRecord = (record: HelperRecord): void => {
    if ('ended' in record || 'unmounted' in record || 'removed' in record) done.push(record);
  };
  const words = [nameOrPath, ...expectation(options), ...(options.leftover ? ['--leftover'] : [])];
  await session.request('unpin', words, { onRecord });
  return done;
}

export interface EndOptions {
  readonly plan: boolean;
  /** `TYPE:ID` that a process has to keep without being in it; else ESTALE, and it is left alone. */
  readonly expected?: string | undefined;
}

/**
 * What `end` does to a namespace, an instance or a process (`pid:N:START`), or with `plan` what it would do; in its order.
 */
export async function end(session: HelperSession, reference: string, options: EndOptions): Promise<readonly Ending[]> {
  const done: Ending[] = [];
  const onRecord = (record: HelperRecord): void => {
    if ('would' in record) done.push(record.would);
    else if ('ended' in record || 'unmounted' in record || 'removed' in record || 'still' in record) done.push(record);
  };
  const words = [...(options.plan ? ['--dry-run'] : []), ...expectation(options), reference];
  await session.request('end', words, { onRecord });
  return done;
}

/** Goes on until `signal` aborts (and then rejects with its reason) or the session ends. */
export async function watch(session: HelperSession, options: WatchOptions): Promise<EndRecord> {
  let batch: HelperRecord[] = [];
  let first = true;
  const onRecord = (record: HelperRecord): void => {
    if (first && !('snapshot' in record)) throw misunderstanding('began to watch without a snapshot');
    first = false;
    batch.push(record);
    if (batch.length > maximumBatch) throw misunderstanding('went on without a tick');
    if (!('tick' in record)) return;
    const whole = batch;
    batch = [];
    options.onBatch(whole);
  };
  const args = [`--interval=${Math.round(options.interval)}`, `--budget=${Number(options.budget.toFixed(3))}`];
  return session.request('watch', args, withSignal(onRecord, options.signal));
}

/** The cheapest round trip, to learn whether the host still answers. */
export async function ping(session: HelperSession, signal?: AbortSignal): Promise<EndRecord> {
  return session.request(
    'version',
    [],
    withSignal(() => undefined, signal),
  );
}
