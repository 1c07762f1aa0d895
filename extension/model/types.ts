/**
 * The namespace graph of one host. Pure data and functions: no `vscode`, no I/O. `graph.ts` owns the state and applies
 * records; everything here is what the rest of the product may read.
 */
import type { Holder, NamespaceType } from '../helper/protocol.ts';

/** `net:4026531840`: type and inode number, as /proc/PID/ns/TYPE prints it without brackets. */
export type NamespaceKey = `${NamespaceType}:${number}`;

export type NameSource = 'initial' | 'mount' | 'container' | 'unit' | 'process' | 'owner' | 'none';

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
  readonly held: readonly Holder[];
  /** The host's own: the one that pid 1 of the initial pid namespace is in. Unknown (false) where that cannot be seen. */
  readonly initial: boolean;
  /** Pids of member processes, ascending. */
  readonly members: readonly number[];
  /** Namespaces whose `owner` is this user namespace. */
  readonly owns: readonly NamespaceKey[];
  /** Namespaces whose `parent` is this one. */
  readonly children: readonly NamespaceKey[];
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
  | 'lxc'
  | 'machine'
  | 'unit'
  | 'snap'
  | 'flatpak'
  | 'bubblewrap'
  | 'chromium'
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
  /** Namespaces its processes are in that are not the host's own. */
  readonly namespaces: readonly NamespaceKey[];
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
  readonly processes: ReadonlySet<number>;
  readonly workloads: ReadonlySet<string>;
}

/** Read side of the graph. */
export interface Graph {
  readonly namespaces: ReadonlyMap<NamespaceKey, Namespace>;
  readonly processes: ReadonlyMap<number, Process>;
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly completeness: Completeness;
  /** Seconds since the epoch by the host's clock; undefined before the first snapshot. */
  readonly time: number | undefined;
}
