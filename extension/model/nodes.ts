/** The graph's own side of `types.ts`: what `graph.ts` changes and everybody else reads. */
import { namespaceTypes } from '../helper/protocol.ts';
import type { Holder, NamespaceType } from '../helper/protocol.ts';
import type { Identity } from './naming/identity.ts';
import type { MonitorEvidence } from './naming/monitors.ts';
import { SortedList } from './sorted-list.ts';
import { naturalKey } from './text.ts';
import type { Namespace, NamespaceKey, NamespaceName, Ordered, Process, Workload, WorkloadKind } from './types.ts';

const typeOrder: ReadonlyMap<NamespaceType, number> = new Map(namespaceTypes.map((type, index) => [type, index]));

/** Position of a type wherever types are listed. */
export function orderOf(type: NamespaceType): number {
  return typeOrder.get(type) ?? namespaceTypes.length;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const byNumber = (a: number, b: number): number => a - b;

/** Display order: by type, the host's own first, by name in natural order, by id. */
export function compareNamespaces(a: NamespaceNode, b: NamespaceNode): number {
  return (
    a.typeOrder - b.typeOrder ||
    Number(b.place.initial) - Number(a.place.initial) ||
    compareText(a.place.key, b.place.key) ||
    a.id - b.id
  );
}

export function compareWorkloads(a: WorkloadNode, b: WorkloadNode): number {
  return compareText(a.sortKey, b.sortKey) || compareText(a.id, b.id);
}

/**
 * Older first. A parent is older than its child, except across a wrap of pids within one clock tick, and nothing in it can
 * go round in a circle, whatever the host says of parents.
 */
export function compareAge(a: ProcessNode, b: ProcessNode): number {
  return a.start - b.start || a.pid - b.pid;
}

const nothing: Ordered<never> = new SortedList<never>(() => 0);

function keysOf(list: Ordered<Namespace>): readonly NamespaceKey[] {
  return Array.from(list, ({ key }) => key);
}

export class NamespaceNode implements Namespace {
  readonly key: NamespaceKey;
  readonly type: NamespaceType;
  readonly typeOrder: number;
  readonly id: number;
  nsid: number | undefined;
  owner: NamespaceKey | undefined;
  parent: NamespaceKey | undefined;
  uid: number | undefined;
  initial = false;
  name: NamespaceName = { text: '', source: 'none' };

  /** What `compareNamespaces` goes by; changes only while the node is in no list. */
  place = { initial: false, key: '' };
  /** It is in the lists of its type, owner, parent and workloads. */
  listed = false;

  /** It is to be named anew when the batch is in. */
  unnamed = false;
  /** Taken out of the graph. */
  removed = false;
  /** The batch that has it among its changes already. */
  toldBy: object | undefined;
  /** An `ns` record told of it; else it is known by a process that is in it. */
  recorded = false;
  /** Snapshot in which it was last recorded. */
  generation = 0;
  /** Processes whose children will be created in it. */
  awaited = 0;
  /** What keeps it alive beside its members. */
  holders: readonly Holder[] = [];
  readonly memberList = new SortedList<number>(byNumber);
  /** Members that are init of a pid namespace below the caller's. Most namespaces have one or none, so it comes late. */
  #inits: SortedList<number> | undefined;
  /** How many processes of each workload are in it. */
  readonly workloadCounts = new Map<WorkloadNode, number>();

  ownsList: Ordered<NamespaceNode> = nothing;
  childList: Ordered<NamespaceNode> = nothing;
  // Arrays of lists are made when they are read, and kept until the list changes.
  #owns: readonly NamespaceKey[] | undefined;
  #children: readonly NamespaceKey[] | undefined;
  #members: readonly number[] | undefined;
  #workloads: readonly string[] | undefined;

  constructor(type: NamespaceType, id: number) {
    this.key = `${type}:${id}`;
    this.type = type;
    this.typeOrder = orderOf(type);
    this.id = id;
  }

  get held(): readonly Holder[] {
    const { first } = this.memberList;
    return first === undefined ? this.holders : [{ by: 'process', pid: first }, ...this.holders];
  }

  get members(): readonly number[] {
    this.#members ??= this.memberList.slice(0, this.memberList.size);
    return this.#members;
  }

  get leader(): number | undefined {
    return (this.initial ? undefined : this.#inits?.first) ?? this.memberList.first;
  }

  get owns(): readonly NamespaceKey[] {
    this.#owns ??= keysOf(this.ownsList);
    return this.#owns;
  }

  get children(): readonly NamespaceKey[] {
    this.#children ??= keysOf(this.childList);
    return this.#children;
  }

  get workloads(): readonly string[] {
    this.#workloads ??= Array.from(this.workloadCounts.keys(), ({ id }) => id).toSorted(compareText);
    return this.#workloads;
  }

  /** Nothing known keeps it in the graph. */
  get unmentioned(): boolean {
    return !this.recorded && this.awaited === 0 && this.memberList.size === 0;
  }

  enter(pid: number, init: boolean): void {
    this.memberList.add(pid);
    this.#members = undefined;
    if (init) (this.#inits ??= new SortedList<number>(byNumber)).add(pid);
  }

  leave(pid: number): void {
    this.memberList.delete(pid);
    this.#members = undefined;
    this.#inits?.delete(pid);
  }

  /** The list that this shows as `owns` or `children` changed or was exchanged. */
  relate(relation: 'owner' | 'parent', list: Ordered<NamespaceNode> | undefined): void {
    if (relation === 'owner') {
      this.ownsList = list ?? nothing;
      this.#owns = undefined;
    } else {
      this.childList = list ?? nothing;
      this.#children = undefined;
    }
  }

  /** True when the set of workloads in it changed. */
  countWorkload(workload: WorkloadNode, by: 1 | -1): boolean {
    const before = this.workloadCounts.get(workload) ?? 0;
    const after = before + by;
    if (after > 0) this.workloadCounts.set(workload, after);
    else this.workloadCounts.delete(workload);
    const turned = before === 0 || after === 0;
    if (turned) this.#workloads = undefined;
    return turned;
  }
}

/** The namespaces of a process. Processes mostly are where their parent is, and then share this object too. */
export class NamespaceSet {
  readonly nodes: readonly NamespaceNode[];
  readonly keys: NonNullable<Process['namespaces']>;
  readonly #byType: readonly (NamespaceNode | undefined)[];

  constructor(nodes: readonly NamespaceNode[]) {
    this.nodes = nodes;
    const byType: (NamespaceNode | undefined)[] = Array.from(namespaceTypes, () => undefined);
    const keys: Partial<Record<NamespaceType, NamespaceKey>> = {};
    for (const node of nodes) {
      byType[node.typeOrder] = node;
      keys[node.type] = node.key;
    }
    this.#byType = byType;
    this.keys = keys;
  }

  get(order: number): NamespaceNode | undefined {
    return this.#byType[order];
  }
}

export class ProcessNode implements Process {
  readonly pid: number;
  readonly start: number;
  readonly #users: ReadonlyMap<number, string>;
  ppid = 0;
  uid: number | undefined;
  comm = '';
  cmdline: string | undefined;
  cgroup: string | undefined;
  nspid: readonly number[] | undefined;
  root: string | undefined;
  zombie = false;
  pidForChildren: NamespaceKey | undefined;
  timeForChildren: NamespaceKey | undefined;

  namespaceSet: NamespaceSet | undefined;
  workloadNode: WorkloadNode | undefined;
  /** What its command line says of a container that it watches. */
  monitor: MonitorEvidence | undefined;
  /** Snapshot in which it was last seen. */
  generation = 0;
  /** It waits to be placed in a workload. */
  queued = false;
  /** What its children inherit from may have changed. */
  contextChanged = true;

  constructor(pid: number, start: number, users: ReadonlyMap<number, string>) {
    this.pid = pid;
    this.start = start;
    this.#users = users;
  }

  get namespaces(): Process['namespaces'] {
    return this.namespaceSet?.keys;
  }

  get user(): string | undefined {
    return this.uid === undefined ? undefined : (this.#users.get(this.uid) ?? String(this.uid));
  }

  get workload(): string | undefined {
    return this.workloadNode?.id;
  }

  /** Init of a pid namespace below the caller's own. */
  get init(): boolean {
    return this.nspid !== undefined && this.nspid.length > 1 && this.nspid.at(-1) === 1;
  }
}

export class WorkloadNode implements Workload {
  readonly id: string;
  readonly kind: WorkloadKind;
  detail: string | undefined;
  /** Name by the identity alone, before what is known from elsewhere. */
  plainName: string;
  name: string;
  sortKey: string;
  listed = false;
  readonly pidList = new SortedList<number>(byNumber);
  readonly namespaceList = new SortedList<NamespaceNode>(compareNamespaces);
  #namespaces: readonly NamespaceKey[] | undefined;
  #pids: readonly number[] | undefined;

  constructor(identity: Identity) {
    this.id = identity.id;
    this.kind = identity.kind;
    this.detail = identity.detail;
    this.plainName = identity.name;
    this.name = identity.name;
    this.sortKey = naturalKey(identity.name);
  }

  get pids(): readonly number[] {
    this.#pids ??= this.pidList.slice(0, this.pidList.size);
    return this.#pids;
  }

  get namespaces(): readonly NamespaceKey[] {
    this.#namespaces ??= keysOf(this.namespaceList);
    return this.#namespaces;
  }

  enter(pid: number): void {
    this.pidList.add(pid);
    this.#pids = undefined;
  }

  leave(pid: number): void {
    this.pidList.delete(pid);
    this.#pids = undefined;
  }

  list(namespace: NamespaceNode): void {
    this.namespaceList.add(namespace);
    this.#namespaces = undefined;
  }

  unlist(namespace: NamespaceNode): void {
    this.namespaceList.delete(namespace);
    this.#namespaces = undefined;
  }
}
