import { asError } from '../as-error.ts';
import type { Disposable } from '../disposable.ts';
import { Emitter } from '../disposable.ts';
import type { Event } from '../disposable.ts';
import type { EndRecord, FactsRecord } from '../helper/protocol.ts';
import type { HelperSession } from '../helper/session.ts';
import type { Change, Graph } from '../model/types.ts';
import { ConnectionError } from '../transport/errors.ts';
import type { Interaction, Log } from '../transport/interaction.ts';
import { cancelled } from './abortable.ts';
import type { Connecting } from './connecting.ts';
import type { Connection } from './connection.ts';
import type { HostFunctions } from './connection.ts';
import { Credentials } from './credentials.ts';
import type { GraphFeed } from './graph-feed.ts';
import { defaultReconnectPolicy, mayReconnect, reconnectDelay } from './reconnect.ts';
import type { ReconnectPolicy } from './reconnect.ts';
import { hostId, hostLabel } from './settings-format.ts';
import type { Host, HostSpec, HostState } from './types.ts';

export interface HostOptions {
  readonly functions: HostFunctions;
  /** Asked for with each attempt. */
  readonly connecting: () => Promise<Connecting>;
  /** Asks the person, for this host. */
  readonly interaction: Interaction;
  readonly log: Log;
  readonly onDidWake: Event<void>;
  readonly policy?: ReconnectPolicy;
  /** In [0, 1), as `Math.random`. */
  readonly random?: () => number;
  /** As `WatchLoopOptions.grace`. */
  readonly watchGrace?: number;
  /** Milliseconds within which a connection must answer after the machine woke. */
  readonly wakeTimeout?: number;
}

interface Attempt {
  readonly controller: AbortController;
  /** False for one that the host makes by itself. */
  readonly interactive: boolean;
  /** The state to go back to when a person cancels. */
  readonly before: HostState;
  /** What a silent attempt would have had to ask. */
  needed: string | undefined;
}

/** One host's life cycle. Owns its state, connection, graph and remembered secrets; shares nothing with other hosts. */
export class ManagedHost implements Host, Disposable {
  readonly id: string;
  readonly label: string;
  readonly #options: HostOptions;
  readonly #policy: ReconnectPolicy;
  readonly #credentials: Credentials;
  readonly #stateEmitter = new Emitter<HostState>();
  readonly #graphEmitter = new Emitter<Change>();
  #spec: HostSpec;
  #state: HostState = { kind: 'disconnected' };
  #feed: GraphFeed | undefined;
  #facts: FactsRecord | undefined;
  #connection: Connection | undefined;
  #connectedAt = 0;
  #current: { readonly attempt: Attempt; readonly done: Promise<void> } | undefined;
  #tries = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #watchers = 0;
  /** The one hold on the connection's watch that stands for all `#watchers`. */
  #watch: Disposable | undefined;
  #wake: Disposable | undefined;
  #disposed = false;

  readonly onDidChangeState = this.#stateEmitter.event;
  readonly onDidChangeGraph = this.#graphEmitter.event;

  constructor(spec: HostSpec, options: HostOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#policy = options.policy ?? defaultReconnectPolicy;
    this.#credentials = new Credentials(options.interaction);
    this.id = hostId(spec);
    this.label = hostLabel(spec);
  }

  get spec(): HostSpec {
    return this.#spec;
  }

  get state(): HostState {
    return this.#state;
  }

  get graph(): Graph | undefined {
    return this.#feed?.graph;
  }

  get deepTime(): number | undefined {
    return this.#feed?.deepTime;
  }

  get facts(): FactsRecord | undefined {
    return this.#facts;
  }

  get session(): HelperSession | undefined {
    return this.#connection?.session;
  }

  /** Takes effect at the next connect; it must have the same id. */
  changeSpec(spec: HostSpec): void {
    this.#spec = spec;
  }

  connect(signal?: AbortSignal): Promise<void> {
    if (this.#disposed || signal?.aborted === true) return Promise.reject(cancelled(this.label));
    if (this.#connection !== undefined) return Promise.resolve();
    if (this.#current?.attempt.interactive !== true) {
      // A person's attempt may ask; one under way by itself may not, and two at once would authenticate twice.
      this.#stopTrying();
      this.#tries = 0;
      this.#begin(true);
      this.#setState({ kind: 'connecting', stage: 'Connecting' });
    }
    const current = this.#current;
    // A listener of the state has disconnected again.
    if (current === undefined) return Promise.reject(cancelled(this.label));
    if (signal !== undefined) {
      const abort = (): void => current.attempt.controller.abort(cancelled(this.label));
      const over = (): void => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort, { once: true });
      current.done.then(over, over);
    }
    return current.done;
  }

  disconnect(): void {
    this.#stopTrying();
    this.#tries = 0;
    this.#drop();
    this.#wake?.dispose();
    this.#wake = undefined;
    this.#feed = undefined;
    this.#facts = undefined;
    this.#credentials.clear();
    if (this.#state.kind !== 'disconnected') this.#setState({ kind: 'disconnected' });
  }

  async refresh(options: { readonly deep: boolean; readonly signal?: AbortSignal }): Promise<EndRecord> {
    if (this.#connection === undefined) {
      throw new ConnectionError('lost', `${this.label} is not connected.`, 'Connect to it, then refresh.');
    }
    return this.#connection.refresh(options.deep, options.signal);
  }

  watch(): Disposable {
    this.#watchers++;
    this.#watch ??= this.#connection?.watch();
    let held = true;
    return {
      dispose: () => {
        if (!held) return;
        held = false;
        if (--this.#watchers > 0) return;
        this.#watch?.dispose();
        this.#watch = undefined;
      },
    };
  }

  dispose(): void {
    if (this.#disposed) return;
    this.disconnect();
    this.#disposed = true;
    this.#stateEmitter.dispose();
    this.#graphEmitter.dispose();
  }

  #begin(interactive: boolean): void {
    const attempt: Attempt = {
      controller: new AbortController(),
      interactive,
      before: this.#state,
      needed: undefined,
    };
    // Not before the next microtask, so that listeners find this attempt when the first stage is told.
    const done = Promise.resolve().then(() => this.#run(attempt));
    // How an attempt ends is in the state; whoever called `connect` gets it too.
    done.catch(() => {});
    this.#current = { attempt, done };
  }

  /** Rejects with ConnectionError, the state already set unless something newer has set it. */
  async #run(attempt: Attempt): Promise<void> {
    const { interactive, controller } = attempt;
    const changes: Change[] = [];
    const timer = interactive ? undefined : setTimeout(() => this.#timeOut(attempt), this.#policy.attemptTimeout);
    try {
      const connecting = await this.#options.connecting();
      const feed = this.#feed ?? this.#newFeed(connecting, changes);
      const connection = await connecting.openConnection(this.#options.functions, {
        spec: this.#spec,
        label: this.label,
        feed,
        watchGrace: this.#options.watchGrace ?? 2_000,
        interaction: interactive
          ? this.#credentials.interactive()
          : this.#credentials.silent(({ needed }) => (attempt.needed ??= needed)),
        log: this.#options.log,
        signal: controller.signal,
        onStage: (stage) => this.#setStage(attempt, stage),
      });
      if (controller.signal.aborted) {
        connection.dispose();
        throw asError(controller.signal.reason);
      }
      this.#adopt(connection, feed);
      for (const change of changes) this.#fire(this.#graphEmitter, change);
    } catch (error) {
      const reason = this.#explain(attempt, error);
      if (this.#current?.attempt === attempt) this.#failed(attempt, reason);
      throw reason;
    } finally {
      clearTimeout(timer);
    }
  }

  #adopt(connection: Connection, feed: GraphFeed): void {
    this.#current = undefined;
    this.#connection = connection;
    this.#feed = feed;
    this.#facts = connection.facts;
    this.#connectedAt = Date.now();
    if (this.#watchers > 0) this.#watch = connection.watch();
    this.#wake ??= this.#options.onDidWake(() => this.#woke());
    void this.#awaitLoss(connection);
    this.#options.log.info(`Connected${connection.session.elevated ? ' with sudo' : ''}.`);
    this.#setState({ kind: 'connected' });
  }

  async #awaitLoss(connection: Connection): Promise<void> {
    const error = await connection.lost;
    if (this.#connection === connection) this.#lost(error);
  }

  #lost(error: ConnectionError): void {
    if (Date.now() - this.#connectedAt >= this.#policy.stableAfter) this.#tries = 0;
    this.#drop();
    this.#options.log.warn(`Lost: ${error.message}`);
    this.#retryLater(error);
  }

  #failed(attempt: Attempt, error: ConnectionError): void {
    this.#current = undefined;
    this.#options.log.warn(`${attempt.interactive ? 'Connecting' : 'Reconnecting'} failed: ${error.message}`);
    if (this.graph !== undefined) {
      // The tree stays. A cancelled attempt leaves it as it was, but stops trying: the person has just said so.
      if (attempt.interactive && error.code === 'cancelled') {
        const known = attempt.before.kind === 'lost' ? attempt.before.error : error;
        this.#setState({ kind: 'lost', error: known, retryAt: undefined });
      } else this.#retryLater(error);
      return;
    }
    this.#credentials.clear();
    this.#setState(error.code === 'cancelled' ? { kind: 'disconnected' } : { kind: 'failed', error });
  }

  #retryLater(error: ConnectionError): void {
    if (!mayReconnect(error) || this.#tries >= this.#policy.tries) {
      this.#setState({ kind: 'lost', error, retryAt: undefined });
      return;
    }
    const delay = reconnectDelay(this.#policy, this.#tries, (this.#options.random ?? Math.random)());
    this.#retryTimer = setTimeout(() => this.#retry(error), delay);
    this.#setState({ kind: 'lost', error, retryAt: Date.now() + delay });
  }

  #retry(error: ConnectionError): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#tries++;
    this.#begin(false);
    this.#setState({ kind: 'lost', error, retryAt: Date.now() });
  }

  #woke(): void {
    if (this.#connection !== undefined) {
      // The other side may have given the connection up while this machine slept; TCP would not tell for minutes.
      void this.#connection.probe(this.#options.wakeTimeout ?? 15_000);
      return;
    }
    if (this.#state.kind !== 'lost' || !mayReconnect(this.#state.error)) return;
    const { error } = this.#state;
    this.#stopTrying();
    this.#tries = 0;
    this.#retry(error);
  }

  #timeOut(attempt: Attempt): void {
    const seconds = Math.round(this.#policy.attemptTimeout / 1_000);
    attempt.controller.abort(
      new ConnectionError(
        'timeout',
        `${this.label} did not answer within ${seconds} seconds.`,
        'Check that it is up and can be reached.',
      ),
    );
  }

  /** A silent attempt that lacked an answer says which, not that somebody cancelled. */
  #explain(attempt: Attempt, error: unknown): ConnectionError {
    const reason =
      error instanceof ConnectionError
        ? error
        : new ConnectionError('helper', asError(error).message, 'The log says more.', error);
    if (attempt.needed === undefined || mayReconnect(reason)) return reason;
    return new ConnectionError(
      'authentication',
      `Reconnecting to ${this.label} needs ${attempt.needed}.`,
      'Choose Reconnect to be asked for it.',
      reason,
    );
  }

  /** The graph is shown once the connection stands; changes until then go to `early`. */
  #newFeed(connecting: Connecting, early: Change[]): GraphFeed {
    const feed = connecting.createFeed((change) => {
      if (this.#feed === feed) this.#fire(this.#graphEmitter, change);
      else early.push(change);
    });
    return feed;
  }

  #setStage(attempt: Attempt, stage: string): void {
    if (this.#current?.attempt !== attempt || attempt.controller.signal.aborted) return;
    this.#options.log.debug(stage);
    // A silent attempt leaves the reason of the loss in view.
    if (attempt.interactive) this.#setState({ kind: 'connecting', stage });
  }

  #setState(state: HostState): void {
    this.#state = state;
    this.#fire(this.#stateEmitter, state);
  }

  /** A view that throws must not derail the life cycle. */
  #fire<T>(emitter: Emitter<T>, value: T): void {
    try {
      emitter.fire(value);
    } catch (error) {
      this.#options.log.error(`A listener failed: ${asError(error).stack ?? String(error)}`);
    }
  }

  /** Ends the attempt under way and the wait for the next one. */
  #stopTrying(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    const current = this.#current;
    this.#current = undefined;
    current?.attempt.controller.abort(cancelled(this.label));
  }

  #drop(): void {
    this.#watch?.dispose();
    this.#watch = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.dispose();
  }
}
