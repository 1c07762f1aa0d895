import { namespaceTypes } from '../helper/protocol.ts';
import type {
  GoneRecord,
  HelperRecord,
  NamespaceRecord,
  NamespaceType,
  ProcessRecord,
  SnapshotRecord,
} from '../helper/protocol.ts';
import { ChangeCollector } from './changes.ts';
import { NamespaceSet, ProcessNode } from './nodes.ts';
import type { NamespaceNode } from './nodes.ts';
import { isId, NamespaceStore } from './namespace-store.ts';
import { displayText } from './text.ts';
import type { Change, Completeness, Graph, Namespace, NamespaceKey, Ordered, Process, Workload } from './types.ts';
import { WorkloadIndex } from './workload-index.ts';

/** The helper cuts command lines at 4,096 bytes. */
const cmdlineLimit = 4096;

/**
 * The namespaces, processes and workloads of one host, kept up to date from the helper's records. Nothing that a host sends
 * makes it throw: what contradicts itself is taken as it comes, the last word counting, and what is not a number of a
 * namespace or process is left out.
 */
export class HostGraph implements Graph {
  readonly #processes = new Map<number, ProcessNode>();
  readonly #users = new Map<number, string>();
  readonly #workloads = new WorkloadIndex(this.#processes);
  readonly #store = new NamespaceStore(
    this.#processes,
    (uid) => this.userName(uid),
    (node) => this.#workloads.mount(node),
  );
  #completeness: Completeness = { complete: false, processes: 0, unreadable: 0, source: [], bound: undefined };
  #time: number | undefined;

  /** Counts snapshots; what an ended snapshot did not mention is gone. */
  #generation = 0;
  /** Users named since the snapshot under way began. */
  #snapshotUsers: Set<number> | undefined;
  readonly #renamedUsers = new Set<number>();

  get namespaces(): ReadonlyMap<NamespaceKey, Namespace> {
    return this.#store.all;
  }

  get processes(): ReadonlyMap<number, Process> {
    return this.#processes;
  }

  get workloads(): ReadonlyMap<string, Workload> {
    return this.#workloads.byId;
  }

  get instances(): readonly Workload[] {
    return this.#workloads.instances;
  }

  get workloadList(): Ordered<Workload> {
    return this.#workloads.list;
  }

  get completeness(): Completeness {
    return this.#completeness;
  }

  get time(): number | undefined {
    return this.#time;
  }

  ofType(type: NamespaceType): Ordered<Namespace> {
    return this.#store.ofType(type);
  }

  userName(uid: number): string | undefined {
    return this.#users.get(uid);
  }

  /**
   * Applies one batch. Records from a `snapshot` to the next `tick` or `end` replace everything: what they do not mention is
   * gone, and the result has `reset`; yet it names only what differs from before, so that a view need not forget what is
   * open and selected. A snapshot that does not end within the batch takes nothing away. All other records are changes.
   */
  apply(records: readonly HelperRecord[]): Change {
    const changes = new ChangeCollector();
    let reset = false;
    for (const record of records) {
      if ('process' in record) this.#applyProcess(record.process, changes);
      else if ('ns' in record) this.#applyNamespace(record.ns, changes);
      else if ('gone' in record) this.#applyGone(record.gone, changes);
      else if ('user' in record) this.#applyUser(record.user.uid, record.user.name);
      else if ('snapshot' in record) this.#beginSnapshot(record.snapshot, changes);
      else if ('tick' in record || 'end' in record) {
        if (this.#snapshotUsers !== undefined) {
          this.#endSnapshot(this.#snapshotUsers, changes);
          reset = true;
        }
        this.#applyTotals('tick' in record ? record.tick : record.end, changes);
      }
    }
    this.#snapshotUsers = undefined;
    this.#settle(changes);
    return changes.result(reset, this.#store.all);
  }

  #beginSnapshot(snapshot: SnapshotRecord, changes: ChangeCollector): void {
    this.#generation++;
    this.#snapshotUsers = new Set();
    this.#time = snapshot.time;
    const { complete, source } = snapshot;
    this.#setCompleteness({ ...this.#completeness, complete, source, bound: undefined }, changes);
  }

  #endSnapshot(users: ReadonlySet<number>, changes: ChangeCollector): void {
    for (const process of this.#processes.values()) {
      if (process.generation !== this.#generation) this.#removeProcess(process, changes);
    }
    this.#store.forgetOlder(this.#generation, changes);
    for (const uid of this.#users.keys()) {
      if (users.has(uid)) continue;
      this.#users.delete(uid);
      this.#renamedUsers.add(uid);
    }
    this.#snapshotUsers = undefined;
  }

  #applyTotals(
    totals: { readonly processes?: number; readonly unreadable?: number; readonly bound?: number },
    changes: ChangeCollector,
  ): void {
    const { processes = this.#processes.size, unreadable = 0, bound } = totals;
    this.#setCompleteness({ ...this.#completeness, processes, unreadable, bound }, changes);
  }

  #setCompleteness(next: Completeness, changes: ChangeCollector): void {
    const now = this.#completeness;
    const same =
      now.complete === next.complete &&
      now.processes === next.processes &&
      now.unreadable === next.unreadable &&
      now.bound === next.bound &&
      now.source.join() === next.source.join();
    if (same) return;
    this.#completeness = next;
    changes.completeness = true;
  }

  #applyUser(uid: number, name: string): void {
    this.#snapshotUsers?.add(uid);
    const shown = displayText(name);
    if (this.#users.get(uid) === shown) return;
    this.#users.set(uid, shown);
    this.#renamedUsers.add(uid);
  }

  #applyNamespace(record: NamespaceRecord, changes: ChangeCollector): void {
    this.#store.record(record, this.#generation, changes);
  }

  #applyGone(gone: GoneRecord, changes: ChangeCollector): void {
    if ('ns' in gone) {
      const node = this.#store.all.get(gone.ns);
      if (node !== undefined) this.#store.unrecord(node, changes);
      return;
    }
    const process = this.#processes.get(gone.process.pid);
    // Another start is another process: the pid was taken again before this record came.
    if (process?.start === gone.process.start) this.#removeProcess(process, changes);
  }

  #applyProcess(record: ProcessRecord, changes: ChangeCollector): void {
    if (!isId(record.pid) || !isId(record.start)) return;
    let process = this.#processes.get(record.pid);
    if (process !== undefined && process.start !== record.start) {
      this.#removeProcess(process, changes);
      process = undefined;
    }
    const isNew = process === undefined;
    process ??= new ProcessNode(record.pid, record.start, this.#users);
    if (isNew) this.#processes.set(record.pid, process);
    process.generation = this.#generation;
    this.#updateProcess(process, record, isNew, changes);
  }

  #updateProcess(process: ProcessNode, record: ProcessRecord, isNew: boolean, changes: ChangeCollector): void {
    const { ppid, uid, cgroup, nspid, root, zombie = false } = record;
    const comm = displayText(record.comm);
    const cmdline = record.cmdline === undefined ? undefined : displayText(record.cmdline, cmdlineLimit);
    const set = this.#setOf(process, record, changes);
    const commandChanged = isNew || comm !== process.comm || cmdline !== process.cmdline;
    const initChanged = !sameNumbers(nspid, process.nspid);
    const placeChanged = isNew || ppid !== process.ppid || cgroup !== process.cgroup;
    const othersChanged = uid !== process.uid || root !== process.root || zombie !== process.zombie;
    const setChanged = set !== process.namespaceSet;
    if (isNew || ppid !== process.ppid) {
      if (!isNew) this.#workloads.removeChild(process.ppid, process.pid);
      this.#workloads.addChild(ppid, process.pid);
    }
    process.comm = comm;
    process.cmdline = cmdline;
    process.ppid = ppid;
    process.uid = uid;
    process.cgroup = cgroup;
    process.root = root;
    process.zombie = zombie;
    if (setChanged || initChanged) this.#moveProcess(process, set, nspid, changes);
    const awaitedChanged = this.#awaitChildren(process, record, changes);
    if (commandChanged) {
      this.#workloads.readEvidence(process);
      this.#store.changeKept(process.pid, changes);
    }
    if (commandChanged || placeChanged || setChanged) this.#workloads.touch(process);
    if (commandChanged) for (const node of set?.nodes ?? []) this.#store.unname(node);
    if (commandChanged || initChanged || placeChanged || othersChanged || setChanged || awaitedChanged) {
      changes.processes.add(process.pid);
    }
  }

  /** The namespaces that a record names; the very same object as before when they are the same. */
  #setOf(process: ProcessNode, record: ProcessRecord, changes: ChangeCollector): NamespaceSet | undefined {
    const { ns } = record;
    if (ns === undefined) return undefined;
    for (const like of [process, this.#processes.get(record.ppid)]) {
      const set = like?.namespaceSet;
      if (set !== undefined && namespaceTypes.every((type, order) => set.get(order)?.id === ns[type])) return set;
    }
    const nodes: NamespaceNode[] = [];
    for (const type of namespaceTypes) {
      const id = ns[type];
      if (isId(id)) nodes.push(this.#store.ensure(type, id, changes));
    }
    return new NamespaceSet(nodes);
  }

  #moveProcess(
    process: ProcessNode,
    set: NamespaceSet | undefined,
    nspid: readonly number[] | undefined,
    changes: ChangeCollector,
  ): void {
    const { pid, init, namespaceSet: before, workloadNode: workload } = process;
    process.nspid = nspid;
    process.namespaceSet = set;
    for (let order = 0; order < namespaceTypes.length; order++) {
      const from = before?.get(order);
      const to = set?.get(order);
      if (from === to) {
        if (to === undefined || init === process.init) continue;
        to.leave(pid);
        to.enter(pid, process.init);
        this.#store.unname(to);
        continue;
      }
      if (to !== undefined) {
        this.#store.enter(to, process, changes);
        if (workload !== undefined) this.#workloads.count(workload, to, changes);
      }
      if (from !== undefined) {
        if (workload !== undefined) this.#workloads.uncount(workload, from, changes);
        this.#store.leave(from, process, changes);
      }
    }
  }

  /** Notes where its children will be created. True when that changed. */
  #awaitChildren(process: ProcessNode, record: ProcessRecord | undefined, changes: ChangeCollector): boolean {
    const pid = this.#store.await(process.pidForChildren, 'pid', record?.ns?.pid_for_children, changes);
    const time = this.#store.await(process.timeForChildren, 'time', record?.ns?.time_for_children, changes);
    const changed = pid !== process.pidForChildren || time !== process.timeForChildren;
    process.pidForChildren = pid;
    process.timeForChildren = time;
    return changed;
  }

  #removeProcess(process: ProcessNode, changes: ChangeCollector): void {
    const { pid } = process;
    this.#processes.delete(pid);
    this.#workloads.removeChild(process.ppid, pid);
    this.#workloads.remove(process, changes);
    for (const node of process.namespaceSet?.nodes ?? []) this.#store.leave(node, process, changes);
    this.#awaitChildren(process, undefined, changes);
    this.#store.changeKept(pid, changes);
    changes.processes.add(pid);
  }

  /** What follows from the records, once all of them are in. */
  #settle(changes: ChangeCollector): void {
    if (this.#store.settleInitial(changes)) this.#workloads.touchAll();
    this.#workloads.settle(changes, this.#store.hostsMount, (node) => this.#store.unname(node));
    if (this.#renamedUsers.size > 0) {
      // The one pass over everything in a batch of changes: a new name in passwd is rare.
      for (const process of this.#processes.values()) {
        if (process.uid !== undefined && this.#renamedUsers.has(process.uid)) changes.processes.add(process.pid);
      }
      this.#store.renameUsers(this.#renamedUsers, changes);
      this.#renamedUsers.clear();
    }
    this.#store.settleNames(changes);
  }
}

function sameNumbers(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  if (a === b) return true;
  return a?.length === b?.length && a?.every((value, index) => value === b?.[index]) === true;
}
