/**
 * Stand-ins for transport, session and helper. The life cycle is about who waits for whom, what comes late and what never
 * comes; a real host cannot be made to answer in a chosen order, so these do. `real.test.ts` runs the same classes with a
 * real helper.
 */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { Emitter } from '../../../extension/disposable.ts';
import type { Event } from '../../../extension/disposable.ts';
import type { EndRecord, FactsRecord, HelperRecord } from '../../../extension/helper/protocol.ts';
import type { HelperSession } from '../../../extension/helper/session.ts';
import type { HostFunctions, OpenOptions } from '../../../extension/host/connection.ts';
import { ManagedHost } from '../../../extension/host/host.ts';
import type { HostOptions } from '../../../extension/host/host.ts';
import { connecting } from '../../../extension/host/connecting.ts';
import { GraphFeed } from '../../../extension/host/graph-feed.ts';
import type { HostSpec, HostState } from '../../../extension/host/types.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import type { Change } from '../../../extension/model/types.ts';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import type { ConnectionErrorCode } from '../../../extension/transport/errors.ts';
import type { Interaction, Log } from '../../../extension/transport/interaction.ts';
import type { Transport } from '../../../extension/transport/transport.ts';

/** Lets everything run that does not wait for a timer. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

export class Deferred<T> {
  resolve: (value: T) => void = () => {};
  reject: (error: unknown) => void = () => {};
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

class FakeClosable {
  readonly #closed = new Emitter<Error | undefined>();
  readonly onClose: Event<Error | undefined> = this.#closed.event;
  disposed = false;

  close(error?: Error): void {
    this.#closed.fire(error);
  }

  dispose(): void {
    this.disposed = true;
  }
}

export class FakeTransport extends FakeClosable implements Transport {
  readonly kind = 'ssh';
  readonly description = 'fake';
  exec(): never {
    throw new Error('not used');
  }
  connectUnix(): never {
    throw new Error('not used');
  }
}

export class FakeSession extends FakeClosable implements HelperSession {
  readonly version = { version: '0', protocol: 1, arch: 'x86_64', build: 'b' };
  readonly elevated = false;
  request(): never {
    throw new Error('not used');
  }
  terminal(): never {
    throw new Error('not used');
  }
  openStream(): never {
    throw new Error('not used');
  }
}

export class FakeWatch {
  readonly onBatch: (records: readonly HelperRecord[]) => void;
  readonly signal: AbortSignal;
  readonly done = new Deferred<unknown>();

  constructor(onBatch: (records: readonly HelperRecord[]) => void, signal: AbortSignal) {
    this.onBatch = onBatch;
    this.signal = signal;
    signal.addEventListener('abort', () => this.done.reject(signal.reason), { once: true });
  }

  get running(): boolean {
    return !this.signal.aborted;
  }
}

export const tick: HelperRecord = {
  tick: { processes: 1, namespaces: 1, unreadable: 0, milliseconds: 2, interval: 1000, bound: 1000 },
};

/** A snapshot batch with one namespace, the one given. */
export function snapshot(id: number, boot = 'boot'): readonly HelperRecord[] {
  return [
    { snapshot: { boot, time: id, complete: true, source: ['proc'] } },
    { ns: { type: 'net', id, held: [] } },
    tick,
  ];
}

export const facts: FactsRecord = {
  kernel: '6.18',
  arch: 'x86_64',
  uid: 0,
  gid: 0,
  capabilities: [],
  types: [],
  own: {},
  limits: {},
  restrictions: {},
  subuid: [],
  subgid: [],
  cgroup: 'v2',
  listns: false,
  nsid: false,
  tools: {},
};

/** Answers every step at once, unless a test replaces the step. */
export class FakeFunctions implements HostFunctions {
  readonly transports: FakeTransport[] = [];
  readonly sessions: FakeSession[] = [];
  readonly watches: FakeWatch[] = [];
  readonly scans: Deferred<EndRecord>[] = [];
  readonly specs: HostSpec[] = [];
  /** Records of the next deep scan. */
  deep: readonly HelperRecord[] = [];
  snapshots = 0;
  probes = 0;

  connectTransport: (options: OpenOptions) => Promise<FakeTransport> = () => Promise.resolve(new FakeTransport());
  connectSession: (options: OpenOptions) => Promise<FakeSession> = () => Promise.resolve(new FakeSession());
  facts: (session: HelperSession, signal: AbortSignal) => Promise<FactsRecord> = () => Promise.resolve(facts);
  probe: (session: HelperSession, signal: AbortSignal) => Promise<unknown> = () => Promise.resolve();
  onWatch: (watch: FakeWatch) => void = (watch) => watch.onBatch(snapshot(++this.snapshots));

  async openTransport(spec: HostSpec, options: OpenOptions): Promise<FakeTransport> {
    this.specs.push(spec);
    const transport = await this.connectTransport(options);
    this.transports.push(transport);
    return transport;
  }

  async openSession(_transport: Transport, options: OpenOptions): Promise<FakeSession> {
    const session = await this.connectSession(options);
    this.sessions.push(session);
    return session;
  }

  async deepScan(_session: HelperSession, onRecord: (record: HelperRecord) => void): Promise<EndRecord> {
    for (const record of this.deep) onRecord(record);
    return Promise.resolve({ processes: 7 });
  }

  async watch(
    _session: HelperSession,
    onBatch: (records: readonly HelperRecord[]) => void,
    signal: AbortSignal,
  ): Promise<unknown> {
    const watch = new FakeWatch(onBatch, signal);
    this.watches.push(watch);
    await Promise.resolve();
    this.onWatch(watch);
    return watch.done.promise;
  }

  get running(): number {
    return this.watches.filter((watch) => watch.running).length;
  }

  /** What was opened and not released. */
  get open(): number {
    return [...this.transports, ...this.sessions].filter((each) => !each.disposed).length + this.running;
  }
}

/** The real graph, which also keeps the batches it was given. */
export class RecordingGraph extends HostGraph {
  readonly batches: (readonly HelperRecord[])[] = [];

  override apply(records: readonly HelperRecord[]): Change {
    this.batches.push(records);
    return super.apply(records);
  }
}

export class MemoryLog implements Log {
  readonly lines: string[] = [];
  info(message: string): void {
    this.lines.push(message);
  }
  warn(message: string): void {
    this.lines.push(message);
  }
  error(message: string): void {
    this.lines.push(message);
  }
  debug(message: string): void {
    this.lines.push(message);
  }
}

export const refusingInteraction: Interaction = {
  confirmHostKey: () => Promise.resolve('refuse'),
  askSecret: () => Promise.resolve(undefined),
  forgetSecret: () => Promise.resolve(),
};

export interface Bench {
  readonly host: ManagedHost;
  readonly functions: FakeFunctions;
  readonly graphs: RecordingGraph[];
  readonly states: HostState[];
  readonly wake: Emitter<void>;
  readonly log: MemoryLog;
}

export function bench(options: Partial<HostOptions> = {}, spec?: HostSpec): Bench {
  const functions = new FakeFunctions();
  const graphs: RecordingGraph[] = [];
  const states: HostState[] = [];
  const wake = new Emitter<void>();
  const log = new MemoryLog();
  const host = new ManagedHost(spec ?? { kind: 'ssh', target: 'alice@build7', sudo: false }, {
    functions,
    connecting: () =>
      Promise.resolve({
        ...connecting,
        createFeed: (onChange) => {
          const graph = new RecordingGraph();
          graphs.push(graph);
          return new GraphFeed(graph, onChange);
        },
      }),
    interaction: refusingInteraction,
    log,
    onDidWake: wake.event,
    random: () => 0.5,
    ...options,
  });
  host.onDidChangeState((state) => states.push(state));
  return { host, functions, graphs, states, wake, log };
}

export function code(expected: ConnectionErrorCode): (error: unknown) => boolean {
  return (error) => typeof error === 'object' && error !== null && 'code' in error && error.code === expected;
}

/** Small enough to come to an end in a test. */
export const policy = {
  initialDelay: 1_000,
  maximumDelay: 60_000,
  tries: 4,
  stableAfter: 60_000,
  attemptTimeout: 30_000,
};

export function failure(kind: ConnectionErrorCode): ConnectionError {
  return new ConnectionError(kind, `It is ${kind}.`, 'Do something.');
}

/** The state of a host that must be lost. */
export function lossOf({ host }: Bench): {
  readonly code: ConnectionErrorCode;
  readonly message: string;
  readonly retryAt: number | undefined;
} {
  const { state } = host;
  assert.equal(state.kind, 'lost');
  return { code: state.error.code, message: state.error.message, retryAt: state.retryAt };
}

/** With mocked timers: that much time goes by. */
export async function pass(milliseconds: number): Promise<void> {
  mock.timers.tick(milliseconds);
  await settle();
}
