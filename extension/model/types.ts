/**
 * The namespace graph of one host. Pure data and functions: no `vscode`, no I/O. `graph.ts` owns the state and applies
 * records; everything here is what the rest of the product may read.
 *
 * Objects are live: a `Namespace`, `Process` or `Workload` keeps its identity while it exists and shows the newest state.
 * Arrays that they return are never changed afterwards; a new one comes after a change.
 *
 * Text for people (`name`, `comm`, `cmdline`, `user`) is made safe to show when it arrives: no control characters, no
 * bidirectional overrides. Paths (`cgroup`, `root`, a mount's `path`) stay as the host said them, because commands need
 * them: pass them through `displayText` of `text.ts` before showing them.
 */
import type { Holder, NamespaceType } from '../helper/protocol.ts';

/** `net:4026531840`: type and inode number, as /proc/PID/ns/TYPE prints it without brackets. */
export type NamespaceKey = `${NamespaceType}:${number}`;

export type NameSource = 'initial' | 'mount' | 'container' | 'unit' | 'instance' | 'process' | 'owner' | 'none';

/** A list that is always in order. Reading a part costs the part, not the whole: lists can have 50,000 items. */
export interface Ordered<T> extends Iterable<T> {
  readonly size: number;
  at(index: number): T | undefined;
  /** Like `Array.prototype.slice` with non-negative bounds. */
  slice(start: number, end: number): readonly T[];
  /** Position of an item, -1 when it is not in the list. */
  indexOf(item: T): number;
}

/** A name a person recognises, and where it comes from. */
export interface NamespaceName {
  readonly text: string;
  readonly source: NameSource;
}

export interface Namespace {
  readonly key: NamespaceKey;
  readonly type: NamespaceType;
  readonly id: number;
  readonly nsid: number | undefined;
  /** The owning user namespace; undefined where the kernel gave no answer. */
  readonly owner: NamespaceKey | undefined;
  /** pid and user namespaces below another. */
  readonly parent: NamespaceKey | undefined;
  /** Uid that created a user namespace. */
  readonly uid: number | undefined;
  /** What keeps it alive; `by: 'process'` first, for the member with the lowest pid. */
  readonly held: readonly Holder[];
  /** The host's own: the one that pid 1 of the initial pid namespace is in. Unknown (false) where that cannot be seen. */
  readonly initial: boolean;
  /** Pids of member processes, ascending. Costs the whole list once after each change: prefer `memberList`. */
  readonly members: readonly number[];
  readonly memberList: Ordered<number>;
  /** Its leading member: the lowest init of a pid namespace below the host's, else (and in the host's own) the lowest pid. */
  readonly leader: number | undefined;
  /** Namespaces whose `owner` is this user namespace, in display order. */
  readonly owns: readonly NamespaceKey[];
  readonly ownsList: Ordered<Namespace>;
  /** Namespaces whose `parent` is this one, in display order. */
  readonly children: readonly NamespaceKey[];
  readonly childList: Ordered<Namespace>;
  readonly name: NamespaceName;
  /** Ids of the workloads whose processes are in it. */
  readonly workloads: readonly string[];
}

export interface Process {
  readonly pid: number;
  /** Clock ticks after boot; (pid, start) is the identity. */
  readonly start: number;
  readonly ppid: number;
  readonly uid: number | undefined;
  /** From the host's passwd, else the number as text, else undefined. */
  readonly user: string | undefined;
  readonly comm: string;
  readonly cmdline: string | undefined;
  readonly cgroup: string | undefined;
  readonly nspid: readonly number[] | undefined;
  readonly root: string | undefined;
  readonly zombie: boolean;
  /** Undefined when its namespaces may not be seen. */
  readonly namespaces: Readonly<Partial<Record<NamespaceType, NamespaceKey>>> | undefined;
  readonly pidForChildren: NamespaceKey | undefined;
  readonly timeForChildren: NamespaceKey | undefined;
  readonly workload: string | undefined;
}

export type WorkloadKind =
  | 'docker'
  | 'podman'
  | 'containerd'
  | 'kubernetes'
  | 'cri-o'
  /** An OCI container whose engine is not known. */
  | 'container'
  | 'lxc'
  | 'machine'
  | 'unit'
  | 'snap'
  | 'flatpak'
  | 'bubblewrap'
  | 'chromium'
  /** Kept by our own `create --keep`. */
  | 'instance'
  | 'process';

/** Something a person started: a container, a pod, a systemd unit, a sandbox. */
export interface Workload {
  /** Stable while the workload lives. */
  readonly id: string;
  readonly kind: WorkloadKind;
  readonly name: string;
  /** Full container id, unit name or the like, where it differs from the name. */
  readonly detail: string | undefined;
  readonly pids: readonly number[];
  readonly pidList: Ordered<number>;
  /** Namespaces its processes are in that are not the host's own, in display order. */
  readonly namespaces: readonly NamespaceKey[];
  readonly namespaceList: Ordered<Namespace>;
}

/** Totals of the last pass, for "412 of 530 processes visible". */
export interface Completeness {
  readonly complete: boolean;
  readonly processes: number;
  readonly unreadable: number;
  readonly source: readonly string[];
  /** Milliseconds within which a change of an old process is seen; undefined outside `watch`. */
  readonly bound: number | undefined;
}

/** What one batch changed, so that views touch only that. */
export interface Change {
  /** A new snapshot replaced everything. */
  readonly reset: boolean;
  readonly added: ReadonlySet<NamespaceKey>;
  readonly removed: ReadonlySet<NamespaceKey>;
  /** Other fields, members or the name changed. */
  readonly changed: ReadonlySet<NamespaceKey>;
  /** Those of `changed` of which nothing but the members, what follows from them, `owns` and `children` changed. */
  readonly populated: ReadonlySet<NamespaceKey>;
  /** Those of `changed` of which nothing but `owns` and `children` changed. */
  readonly related: ReadonlySet<NamespaceKey>;
  /** Pids added, removed or changed. */
  readonly processes: ReadonlySet<number>;
  /** Ids of workloads added, removed or changed. */
  readonly workloads: ReadonlySet<string>;
  /** Where removed namespaces, and changed ones that have another place or name now, were before. */
  readonly former: ReadonlyMap<NamespaceKey, FormerPlace>;
  /** What removed and changed workloads were before; added ones are not in it. */
  readonly formerWorkloads: ReadonlyMap<string, FormerWorkload>;
  /** `Graph.completeness` says something else now. */
  readonly completeness: boolean;
}

export interface FormerPlace {
  readonly owner: NamespaceKey | undefined;
  readonly parent: NamespaceKey | undefined;
  readonly initial: boolean;
  readonly workloads: readonly string[];
}

export interface FormerWorkload {
  readonly name: string;
  /** It had namespaces that are not the host's own. */
  readonly sandboxed: boolean;
}

/** Read side of the graph. */
export interface Graph {
  readonly namespaces: ReadonlyMap<NamespaceKey, Namespace>;
  readonly processes: ReadonlyMap<number, Process>;
  readonly workloads: ReadonlyMap<string, Workload>;
  /** Display order: the host's own first, then by name in natural order, then by id. */
  ofType(type: NamespaceType): Ordered<Namespace>;
  /** All workloads by name in natural order, then by id. */
  readonly workloadList: Ordered<Workload>;
  /** Those of kind `instance`, in display order. */
  readonly instances: readonly Workload[];
  /** Name of a uid in the host's passwd, safe to show. */
  userName(uid: number): string | undefined;
  readonly completeness: Completeness;
  /** Seconds since the epoch by the host's clock; undefined before the first snapshot. */
  readonly time: number | undefined;
}
