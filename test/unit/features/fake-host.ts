/** A host as features see one: the graph is a real one, fed with records; only the connection is missing. */
import { Emitter } from '../../../extension/disposable.ts';
import type { FactsRecord, HelperRecord } from '../../../extension/helper/protocol.ts';
import type { HelperSession } from '../../../extension/helper/session.ts';
import type { Host, Hosts, HostSpec, HostState } from '../../../extension/host/types.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import type { Change } from '../../../extension/model/types.ts';

export const facts: FactsRecord = {
  kernel: '6.18.44',
  arch: 'x86_64',
  hostname: 'build7',
  uid: 1000,
  gid: 1000,
  user: 'alice',
  capabilities: [],
  types: ['mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup'],
  own: { net: 4026531840 },
  limits: { max_user_namespaces: 100 },
  restrictions: {},
  subuid: [{ start: 100_000, count: 65_536 }],
  subgid: [],
  cgroup: 'v2',
  listns: false,
  nsid: false,
  tools: {},
};

export class FakeHost implements Host {
  readonly id: string;
  readonly label: string;
  spec: HostSpec;
  state: HostState = { kind: 'disconnected' };
  graph: HostGraph | undefined;
  deepTime: number | undefined;
  facts: FactsRecord | undefined;
  session: HelperSession | undefined;
  watchers = 0;
  readonly #stateEmitter = new Emitter<HostState>();
  readonly #graphEmitter = new Emitter<Change>();
  readonly onDidChangeState = this.#stateEmitter.event;
  readonly onDidChangeGraph = this.#graphEmitter.event;

  constructor(target = 'build7', records?: readonly HelperRecord[]) {
    this.id = target;
    this.label = target;
    this.spec = { kind: 'ssh', target, sudo: false };
    if (records !== undefined) this.connected(records);
  }

  connected(records: readonly HelperRecord[]): void {
    this.graph = new HostGraph();
    this.facts = facts;
    this.set({ kind: 'connected' });
    this.apply(records);
  }

  apply(records: readonly HelperRecord[]): Change {
    if (this.graph === undefined) throw new Error('not connected');
    const change = this.graph.apply(records);
    this.#graphEmitter.fire(change);
    return change;
  }

  set(state: HostState): void {
    this.state = state;
    this.#stateEmitter.fire(state);
  }

  connect(): Promise<void> {
    return Promise.reject(new Error('not used'));
  }

  disconnect(): void {
    this.graph = undefined;
    this.set({ kind: 'disconnected' });
  }

  refresh(): Promise<never> {
    return Promise.reject(new Error('not used'));
  }

  watch(): { dispose(): void } {
    this.watchers++;
    return { dispose: () => void this.watchers-- };
  }
}

export class FakeHosts implements Hosts {
  all: readonly FakeHost[];
  readonly #emitter = new Emitter<void>();
  readonly onDidChange = this.#emitter.event;

  constructor(...hosts: readonly FakeHost[]) {
    this.all = hosts;
  }

  get(id: string): FakeHost | undefined {
    return this.all.find((host) => host.id === id);
  }

  set(...hosts: readonly FakeHost[]): void {
    this.all = hosts;
    this.#emitter.fire();
  }

  add(): Promise<never> {
    return Promise.reject(new Error('not used'));
  }

  remove(): Promise<never> {
    return Promise.reject(new Error('not used'));
  }
}
