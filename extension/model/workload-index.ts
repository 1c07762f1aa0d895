import type { ChangeCollector } from './changes.ts';
import { cgroupIdentity } from './naming/cgroups.ts';
import type { Identity } from './naming/identity.ts';
import { MountedInstances } from './mounted-instances.ts';
import { instanceIdentity, mountedIdentity } from './naming/instances.ts';
import { monitorEvidence } from './naming/monitors.ts';
import { bubblewrapIdentity, chromiumIdentity } from './naming/sandboxes.ts';
import { compareAge, compareWorkloads, WorkloadNode } from './nodes.ts';
import type { NamespaceNode, NamespaceSet, ProcessNode } from './nodes.ts';
import { SortedList } from './sorted-list.ts';
import { displayText, naturalKey } from './text.ts';
import type { WorkloadKind } from './types.ts';

/** What a child is part of because its parent is, when its cgroup is the parent's too. */
const inheritedKinds: ReadonlySet<WorkloadKind> = new Set<WorkloadKind>([
  'bubblewrap',
  'chromium',
  'docker',
  'podman',
  'containerd',
  'container',
  'cri-o',
  'lxc',
  'machine',
  'instance',
]);

/**
 * Which workload each process belongs to. A process's place follows from itself and its parent only, so one change costs the
 * process and those of its descendants whose place it changes.
 */
export class WorkloadIndex {
  readonly byId = new Map<string, WorkloadNode>();
  readonly list = new SortedList<WorkloadNode>(compareWorkloads);
  readonly #instances = new Set<WorkloadNode>();
  readonly #mounted = new MountedInstances();
  readonly #processes: ReadonlyMap<number, ProcessNode>;
  readonly #childrenOf = new Map<number, Set<number>>();
  /** Processes to be placed anew, parents first. */
  readonly #queue = new SortedList<ProcessNode>(compareAge);
  readonly #identities = new Map<string, Identity | undefined>();
  /** Workload id -> who says which name. */
  readonly #evidence = new Map<string, Map<ProcessNode, string>>();
  readonly #unnamed = new Set<WorkloadNode>();
  readonly #emptied = new Set<WorkloadNode>();

  constructor(processes: ReadonlyMap<number, ProcessNode>) {
    this.#processes = processes;
  }

  get instances(): readonly WorkloadNode[] {
    return [...this.#instances].filter(({ listed }) => listed).toSorted(compareWorkloads);
  }

  /** Its own facts changed: it, and what its children inherit from it, are looked at again in `settle`. */
  touch(process: ProcessNode): void {
    process.contextChanged = true;
    this.#enqueue(process);
  }

  touchAll(): void {
    for (const process of this.#processes.values()) this.touch(process);
  }

  addChild(parent: number, pid: number): void {
    const children = this.#childrenOf.get(parent);
    if (children === undefined) this.#childrenOf.set(parent, new Set([pid]));
    else children.add(pid);
  }

  removeChild(parent: number, pid: number): void {
    const children = this.#childrenOf.get(parent);
    children?.delete(pid);
    if (children?.size === 0) this.#childrenOf.delete(parent);
  }

  /** Its command changed. */
  readEvidence(process: ProcessNode): void {
    this.#dropEvidence(process);
    process.monitor = monitorEvidence(process);
    for (const [key, name] of process.monitor?.names ?? []) {
      const named = this.#evidence.get(key);
      if (named === undefined) this.#evidence.set(key, new Map([[process, name]]));
      else named.set(process, name);
      this.#nameAgain(key);
    }
  }

  /** The process ended. */
  remove(process: ProcessNode, changes: ChangeCollector): void {
    if (process.queued) this.#queue.delete(process);
    this.#dropEvidence(process);
    this.#leave(process, changes);
    this.#touchChildren(process);
  }

  /** What keeps a namespace has changed, or the namespace has gone. */
  mount(node: NamespaceNode): void {
    this.#mounted.note(node);
  }

  /** A process of a workload enters a namespace. */
  count(workload: WorkloadNode, node: NamespaceNode, changes: ChangeCollector): void {
    if (!node.workloadCounts.has(workload)) {
      changes.place(node);
      changes.populate(node);
      changes.workload(workload);
      if (node.listed && !node.initial) workload.list(node);
    }
    node.countWorkload(workload, 1);
  }

  uncount(workload: WorkloadNode, node: NamespaceNode, changes: ChangeCollector): void {
    if (node.workloadCounts.get(workload) === 1) {
      changes.place(node);
      changes.populate(node);
      changes.workload(workload);
      if (node.listed && !node.initial) workload.unlist(node);
    }
    node.countWorkload(workload, -1);
  }

  /**
   * Places what was touched.
   *
   * @param mntns number of the host's own mount namespace; undefined where it is not known
   * @param unname is told of each namespace whose name may be another one now
   */
  settle(changes: ChangeCollector, mntns: number | undefined, unname: (node: NamespaceNode) => void): void {
    for (let process = this.#queue.shift(); process !== undefined; process = this.#queue.shift()) {
      process.queued = false;
      const workload = this.#workloadOf(process);
      const moved = workload !== process.workloadNode;
      if (moved) {
        this.#leave(process, changes);
        if (workload !== undefined) this.#enter(process, workload, changes);
        changes.processes.add(process.pid);
        for (const node of process.namespaceSet?.nodes ?? []) unname(node);
      }
      if (moved || process.contextChanged) {
        process.contextChanged = false;
        this.#touchChildren(process);
      }
    }
    for (const workload of this.#emptied) this.#removeEmpty(workload);
    this.#emptied.clear();
    this.#settleMounted(changes, mntns);
    for (const workload of this.#unnamed) this.#name(workload, changes, unname);
    this.#unnamed.clear();
  }

  /** Instances that have no process any more, but mounts in the host's own mount namespace. */
  #settleMounted(changes: ChangeCollector, mntns: number | undefined): void {
    const held = new Set(
      [...this.#instances].flatMap(({ plainName, pidList }) => (pidList.size > 0 ? [plainName] : [])),
    );
    for (const { name, gone, come, last } of this.#mounted.settle(held, mntns)) {
      const identity = mountedIdentity(name);
      const workload = this.byId.get(identity.id) ?? this.#create(identity);
      changes.workload(workload);
      for (const node of gone) {
        // One that has gone altogether is in no list any more.
        if (node.removed) node.countWorkload(workload, -1);
        else this.uncount(workload, node, changes);
      }
      for (const node of come) this.count(workload, node, changes);
      if (last) this.#removeEmpty(workload);
    }
  }

  #workloadOf(process: ProcessNode): WorkloadNode | undefined {
    const found = this.#identify(process);
    if (found === undefined || found instanceof WorkloadNode) return found;
    const known = this.byId.get(found.id);
    if (known === undefined) return this.#create(found);
    if (known.plainName !== found.name) {
      known.plainName = found.name;
      this.#unnamed.add(known);
    }
    return known;
  }

  #identify(process: ProcessNode): Identity | WorkloadNode | undefined {
    const byCgroup = process.cgroup === undefined ? undefined : this.#cgroupIdentity(process.cgroup);
    if (byCgroup !== undefined && byCgroup.kind !== 'unit') return byCgroup;
    const named = this.#processes.get(process.ppid);
    // The pid may have been taken by a younger process since the parent ended.
    const parent = named !== undefined && compareAge(named, process) < 0 ? named : undefined;
    const inherited = parent?.cgroup === process.cgroup ? parent?.workloadNode : undefined;
    if (inherited !== undefined && inheritedKinds.has(inherited.kind)) return inherited;
    const sandboxed = hasOwn(process.namespaceSet);
    const instance = sandboxed ? instanceIdentity(process) : undefined;
    if (instance !== undefined) return instance;
    const sandbox = bubblewrapIdentity(process) ?? chromiumIdentity(process, parent, sandboxed);
    if (sandbox !== undefined) return sandbox;
    const monitored = parent?.monitor?.child;
    if (monitored !== undefined && hasLeft(process.namespaceSet, parent?.namespaceSet)) return monitored;
    if (!sandboxed || (byCgroup !== undefined && byCgroup.weak !== true)) return byCgroup;
    // Namespaces that somebody made by hand, and those made in them, belong together.
    const above = parent?.workloadNode;
    if (above?.kind === 'process' && keepsOwn(process.namespaceSet, parent?.namespaceSet)) return above;
    return {
      id: `process:${process.pid}.${process.start}`,
      kind: 'process',
      name: displayText(process.comm),
      detail: undefined,
    };
  }

  #cgroupIdentity(cgroup: string): Identity | undefined {
    if (this.#identities.has(cgroup)) return this.#identities.get(cgroup);
    // Bounds what cgroups that have come and gone take up.
    if (this.#identities.size > this.#processes.size + 1024) this.#identities.clear();
    const identity = cgroupIdentity(cgroup);
    this.#identities.set(cgroup, identity);
    return identity;
  }

  #create(identity: Identity): WorkloadNode {
    const workload = new WorkloadNode(identity);
    this.byId.set(workload.id, workload);
    if (workload.kind === 'instance') this.#instances.add(workload);
    this.#unnamed.add(workload);
    return workload;
  }

  #enter(process: ProcessNode, workload: WorkloadNode, changes: ChangeCollector): void {
    changes.workload(workload);
    process.workloadNode = workload;
    workload.enter(process.pid);
    for (const node of process.namespaceSet?.nodes ?? []) this.count(workload, node, changes);
  }

  #leave(process: ProcessNode, changes: ChangeCollector): void {
    const workload = process.workloadNode;
    if (workload === undefined) return;
    changes.workload(workload);
    process.workloadNode = undefined;
    workload.leave(process.pid);
    for (const node of process.namespaceSet?.nodes ?? []) this.uncount(workload, node, changes);
    // Another process may join it before the batch ends.
    if (workload.pidList.size === 0) this.#emptied.add(workload);
  }

  #removeEmpty(workload: WorkloadNode): void {
    if (workload.pidList.size > 0) return;
    this.byId.delete(workload.id);
    this.#instances.delete(workload);
    this.#unnamed.delete(workload);
    if (workload.listed) this.list.delete(workload);
  }

  #name(workload: WorkloadNode, changes: ChangeCollector, unname: (node: NamespaceNode) => void): void {
    const name = this.#knownName(workload.id) ?? workload.plainName;
    if (workload.listed && name === workload.name) return;
    changes.workload(workload);
    if (workload.listed) this.list.delete(workload);
    workload.name = name;
    workload.sortKey = naturalKey(name);
    workload.listed = true;
    this.list.add(workload);
    for (const node of workload.namespaceList) unname(node);
  }

  /**
   * The word of the oldest process. An engine starts its monitor before the container, and ids are random, so nobody else can
   * have been earlier; any user could call a process `conmon` later.
   */
  #knownName(id: string): string | undefined {
    let oldest: ProcessNode | undefined;
    const named = this.#evidence.get(id);
    for (const process of named?.keys() ?? []) {
      if (oldest === undefined || compareAge(process, oldest) < 0) oldest = process;
    }
    return oldest === undefined ? undefined : named?.get(oldest);
  }

  #dropEvidence(process: ProcessNode): void {
    for (const key of process.monitor?.names.keys() ?? []) {
      const named = this.#evidence.get(key);
      named?.delete(process);
      if (named?.size === 0) this.#evidence.delete(key);
      this.#nameAgain(key);
    }
    process.monitor = undefined;
  }

  #nameAgain(id: string): void {
    const workload = this.byId.get(id);
    if (workload !== undefined) this.#unnamed.add(workload);
  }

  #touchChildren(process: ProcessNode): void {
    for (const pid of this.#childrenOf.get(process.pid) ?? []) {
      const child = this.#processes.get(pid);
      if (child !== undefined && compareAge(process, child) < 0) this.#enqueue(child);
    }
  }

  #enqueue(process: ProcessNode): void {
    if (process.queued) return;
    process.queued = true;
    this.#queue.add(process);
  }
}

/** In a namespace that is not the host's own. */
function hasOwn(set: NamespaceSet | undefined): boolean {
  return set?.nodes.some((node) => !node.initial) === true;
}

/** In another namespace of some type than its parent. */
function hasLeft(set: NamespaceSet | undefined, parentSet: NamespaceSet | undefined): boolean {
  if (set === undefined || parentSet === undefined) return false;
  if (set === parentSet) return false;
  return set.nodes.some((node) => {
    const above = parentSet.get(node.typeOrder);
    return above !== undefined && above !== node;
  });
}

/** Still in every namespace that its parent has beside the host's own. */
function keepsOwn(set: NamespaceSet | undefined, parentSet: NamespaceSet | undefined): boolean {
  if (set === undefined || parentSet === undefined) return false;
  return set === parentSet || parentSet.nodes.every((node) => node.initial || set.get(node.typeOrder) === node);
}
