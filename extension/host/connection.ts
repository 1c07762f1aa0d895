import { asError } from '../as-error.ts';
import type { Disposable } from '../disposable.ts';
import { DisposableStore } from '../disposable.ts';
import type { EndRecord, FactsRecord, HelperRecord } from '../helper/protocol.ts';
import { HelperError } from '../helper/session.ts';
import type { HelperSession } from '../helper/session.ts';
import { ConnectionError } from '../transport/errors.ts';
import type { Interaction, Log } from '../transport/interaction.ts';
import type { Transport } from '../transport/transport.ts';
import { abortable, cancelled } from './abortable.ts';
import type { GraphFeed } from './graph-feed.ts';
import type { HostSpec } from './types.ts';
import { WatchLoop } from './watch-loop.ts';

export interface OpenOptions {
  readonly interaction: Interaction;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onStage: (stage: string) => void;
}

/** What a connection is made with. `wiring.ts` has the real ones. */
export interface HostFunctions {
  openTransport(spec: HostSpec, options: OpenOptions): Promise<Transport>;
  openSession(transport: Transport, options: OpenOptions & { readonly sudo: boolean }): Promise<HelperSession>;
  facts(session: HelperSession, signal: AbortSignal): Promise<FactsRecord>;
  /** `scan --deep`. */
  deepScan(session: HelperSession, onRecord: (record: HelperRecord) => void, signal: AbortSignal): Promise<EndRecord>;
  /** Its first batch is a snapshot. Ends when the signal aborts. */
  watch(
    session: HelperSession,
    onBatch: (records: readonly HelperRecord[]) => void,
    signal: AbortSignal,
  ): Promise<unknown>;
  /** The cheapest round trip. */
  probe(session: HelperSession, signal: AbortSignal): Promise<unknown>;
}

export interface ConnectionOptions extends OpenOptions {
  readonly spec: HostSpec;
  /** For people, in errors. */
  readonly label: string;
  readonly feed: GraphFeed;
  /** As `WatchLoopOptions.grace`. */
  readonly watchGrace: number;
}

/** One established connection to one host: transport, helper session and watch live and end together. */
export class Connection implements Disposable {
  readonly session: HelperSession;
  readonly facts: FactsRecord;
  /** Resolves, with the reason, when the connection ended without `dispose`. Never rejects. */
  readonly lost: Promise<ConnectionError>;
  readonly #functions: HostFunctions;
  readonly #options: ConnectionOptions;
  readonly #parts: Parts;

  private constructor(functions: HostFunctions, options: ConnectionOptions, parts: Parts, facts: FactsRecord) {
    this.#functions = functions;
    this.#options = options;
    this.#parts = parts;
    this.session = parts.session;
    this.facts = facts;
    this.lost = new Promise((resolve) => {
      whenAborted(parts.ended.signal, (reason) => resolve(lostError(reason, options.label)));
    });
  }

  /** Resolves when the first snapshot is in the feed's graph. Rejects with ConnectionError and leaves nothing behind. */
  static async open(functions: HostFunctions, options: ConnectionOptions): Promise<Connection> {
    const { label, signal } = options;
    const store = new DisposableStore();
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    try {
      stop.throwIfAborted();
      const parts = await openParts(functions, options, store, ended, stop);
      options.onStage('Reading the namespaces');
      // Side by side, so that the facts cost no round trip of their own.
      const [facts] = await Promise.all([
        abortable(functions.facts(parts.session, stop), stop),
        parts.watch.snapshot(stop),
      ]);
      stop.throwIfAborted();
      return new Connection(functions, options, parts, facts);
    } catch (error) {
      store.dispose();
      if (signal.aborted) throw connectError(signal.reason, label);
      throw ended.signal.aborted ? lostError(ended.signal.reason, label) : connectError(error, label);
    }
  }

  watch(): Disposable {
    return this.#parts.watch.retain();
  }

  /** See `Host.refresh`. */
  async refresh(deep: boolean, signal: AbortSignal | undefined): Promise<EndRecord> {
    const ended = this.#parts.ended.signal;
    const stop = signal === undefined ? ended : AbortSignal.any([ended, signal]);
    try {
      stop.throwIfAborted();
      if (!deep) {
        this.#options.feed.refresh(undefined);
        return await this.#parts.watch.snapshot(stop);
      }
      const records: HelperRecord[] = [];
      const scan = this.#functions.deepScan(this.session, (record) => records.push(record), stop);
      const end = await abortable(scan, stop);
      this.#options.feed.refresh(records);
      await this.#parts.watch.snapshot(stop);
      return end;
    } catch (error) {
      if (ended.aborted) throw lostError(ended.reason, this.#options.label);
      if (signal?.aborted === true) {
        throw new ConnectionError(
          'cancelled',
          `Refreshing ${this.#options.label} was cancelled.`,
          'Refresh again when you are ready.',
        );
      }
      throw asError(error);
    }
  }

  /** Ends the connection, as lost, unless the helper answers within `timeout` milliseconds. */
  async probe(timeout: number): Promise<void> {
    const { ended } = this.#parts;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new Error('timeout')), timeout);
    const stop = AbortSignal.any([ended.signal, deadline.signal]);
    try {
      await abortable(this.#functions.probe(this.session, stop), stop);
    } catch (error) {
      // Any answer of the helper proves that it is there.
      if (error instanceof HelperError) return;
      ended.abort(
        new ConnectionError(
          'lost',
          `${this.#options.label} no longer answers.`,
          'Check that it is up and can be reached, then reconnect.',
          error,
        ),
      );
    } finally {
      clearTimeout(timer);
    }
  }

  dispose(): void {
    this.#parts.store.dispose();
    this.#parts.ended.abort(cancelled(this.#options.label));
  }
}

interface Parts {
  readonly store: DisposableStore;
  readonly session: HelperSession;
  readonly watch: WatchLoop;
  /** Aborted with the reason when the connection ends, from whichever side. */
  readonly ended: AbortController;
}

async function openParts(
  functions: HostFunctions,
  options: ConnectionOptions,
  store: DisposableStore,
  ended: AbortController,
  stop: AbortSignal,
): Promise<Parts> {
  const { spec, feed, interaction, log, onStage } = options;
  const open: OpenOptions = { interaction, log, onStage, signal: stop };
  const transport = await abortable(functions.openTransport(spec, open), stop, (late) => late.dispose());
  store.add(transport);
  store.add(transport.onClose((error) => ended.abort(error)));
  const opening = functions.openSession(transport, { ...open, sudo: spec.sudo });
  const session = await abortable(opening, stop, (late) => late.dispose());
  store.add(session);
  store.add(session.onClose((error) => ended.abort(error)));
  // Whoever waits for an answer is told what happened to the connection, which is not always the session that notices it.
  whenAborted(ended.signal, (reason) => session.dispose(lostError(reason, options.label)));
  const watch = new WatchLoop({
    start: (onBatch, signal) => functions.watch(session, onBatch, signal),
    onBatch: (records, snapshot) => feed.apply(records, snapshot),
    // A tree that says "connected" and no longer changes would be a lie, so the whole connection is made anew.
    onFailure: (error) => ended.abort(error),
    grace: options.watchGrace,
  });
  store.add(watch);
  return { store, session, watch, ended };
}

function whenAborted(signal: AbortSignal, listener: (reason: unknown) => void): void {
  if (signal.aborted) listener(signal.reason);
  else signal.addEventListener('abort', () => listener(signal.reason), { once: true });
}

/** Why an established connection ended. */
function lostError(reason: unknown, label: string): ConnectionError {
  if (reason instanceof ConnectionError) return reason;
  const remedy = 'Reconnect; if it happens again, the log says more.';
  if (reason instanceof HelperError) {
    return new ConnectionError('helper', `The helper on ${label} failed: ${reason.message}`, remedy, reason);
  }
  // `abort(undefined)`, when a side closed without giving a reason, makes the reason a DOMException that says nothing.
  const detail = reason instanceof Error && reason.name !== 'AbortError' ? `: ${reason.message}` : '.';
  return new ConnectionError('lost', `The connection to ${label} ended${detail}`, remedy, reason);
}

/** Why a connection was not established. */
function connectError(error: unknown, label: string): ConnectionError {
  if (error instanceof ConnectionError) return error;
  const message = asError(error).message;
  return new ConnectionError('helper', `Connecting to ${label} failed: ${message}`, 'The log says more.', error);
}
