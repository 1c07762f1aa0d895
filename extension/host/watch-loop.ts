import { asError } from '../as-error.ts';
import type { Disposable } from '../disposable.ts';
import type { EndRecord, HelperRecord } from '../helper/protocol.ts';
import { abortable } from './abortable.ts';

export interface WatchLoopOptions {
  /** One `watch` request. Runs until the signal aborts; whatever else ends it is a failure. */
  start(onBatch: (records: readonly HelperRecord[]) => void, signal: AbortSignal): Promise<unknown>;
  /** `snapshot` is true for a request's first batch, the whole state of the host. */
  onBatch(records: readonly HelperRecord[], snapshot: boolean): void;
  /** The request ended by itself, or a batch could not be used. Not called after `dispose`. */
  onFailure(error: Error): void;
  /** Milliseconds that the request goes on after the last retainer went, so that switching views restarts nothing. */
  readonly grace: number;
}

interface Waiter {
  resolve(end: EndRecord): void;
  reject(error: Error): void;
}

/** Keeps a `watch` request running on one session exactly while somebody needs it. */
export class WatchLoop implements Disposable {
  readonly #options: WatchLoopOptions;
  readonly #waiters = new Set<Waiter>();
  #retainers = 0;
  #run: AbortController | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(options: WatchLoopOptions) {
    this.#options = options;
  }

  /** True while a request runs. */
  get running(): boolean {
    return this.#run !== undefined;
  }

  /** Starts the request if none runs. */
  retain(): Disposable {
    const retainer = this.#hold();
    if (this.#run === undefined) this.#begin();
    return retainer;
  }

  /**
   * Starts the request afresh and resolves when its first batch has been handed out, with the figures of that pass. The
   * request is the only source of what a host looks like: a separate scan beside it could bring back what the request has
   * already reported as gone, for good.
   */
  async snapshot(signal: AbortSignal): Promise<EndRecord> {
    signal.throwIfAborted();
    const retainer = this.#hold();
    let waiter: Waiter | undefined;
    try {
      const end = new Promise<EndRecord>((resolve, reject) => {
        waiter = { resolve, reject };
        this.#waiters.add(waiter);
      });
      this.#end();
      this.#begin();
      return await abortable(end, signal);
    } finally {
      if (waiter !== undefined) this.#waiters.delete(waiter);
      retainer.dispose();
    }
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#graceTimer);
    this.#end();
    this.#reject(new Error('The connection was closed.'));
  }

  #hold(): Disposable {
    this.#retainers++;
    clearTimeout(this.#graceTimer);
    let held = true;
    return {
      dispose: () => {
        if (!held) return;
        held = false;
        if (--this.#retainers > 0 || this.#disposed) return;
        this.#graceTimer = setTimeout(() => this.#end(), this.#options.grace);
      },
    };
  }

  #begin(): void {
    if (this.#disposed) {
      this.#reject(new Error('The connection was closed.'));
      return;
    }
    const run = new AbortController();
    this.#run = run;
    let snapshot = true;
    const onBatch = (records: readonly HelperRecord[]): void => {
      // A cancelled request may still deliver what was on its way; mixed into its successor's state it would be wrong.
      if (this.#run !== run) return;
      const first = snapshot;
      snapshot = false;
      try {
        this.#options.onBatch(records, first);
      } catch (error) {
        this.#fail(run, asError(error));
        return;
      }
      if (first) this.#resolve(endOf(records));
    };
    this.#options.start(onBatch, run.signal).then(
      () => this.#fail(run, new Error('The helper stopped watching.')),
      (error: unknown) => this.#fail(run, asError(error)),
    );
  }

  #end(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.abort(new Error('Nobody watches any more.'));
  }

  #fail(run: AbortController, error: Error): void {
    if (this.#run !== run) return;
    this.#end();
    this.#reject(error);
    this.#options.onFailure(error);
  }

  #resolve(end: EndRecord): void {
    for (const waiter of this.#waiters) waiter.resolve(end);
    this.#waiters.clear();
  }

  #reject(error: Error): void {
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }
}

function endOf(records: readonly HelperRecord[]): EndRecord {
  for (const record of records) {
    if ('tick' in record) {
      const { processes, namespaces, unreadable, milliseconds } = record.tick;
      return { processes, namespaces, unreadable, milliseconds };
    }
  }
  return {};
}
