/**
 * What the helper says, as types. The helper prints one JSON object per line; `serve` wraps each in
 * `{"id":N,"record":…}`, `{"id":N,"end":…}` or `{"id":N,"error":…}`. Everything here came from a host and is untrusted:
 * records reach the rest of the product only through `records.ts`, which checks their shape.
 */

export const namespaceTypes = ['mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time'] as const;
export type NamespaceType = (typeof namespaceTypes)[number];

/** Protocol generation; a helper that answers another one is replaced. */
export const protocolVersion = 1;

export interface VersionRecord {
  readonly version: string;
  readonly protocol: number;
  /** As `uname -m` says: `x86_64`, `aarch64`. */
  readonly arch: string;
  /** Hash of the helper's sources, the same one that is in its file name on the host. */
  readonly build: string;
}

/** One record about the host. What the host gives no answer to is left out. */
export interface FactsRecord {
  readonly kernel: string;
  readonly arch: string;
  readonly hostname?: string;
  readonly boot?: string;
  readonly uid: number;
  readonly gid: number;
  readonly user?: string;
  /** Effective capabilities by their capabilities(7) names, `CAP_SYS_ADMIN`. */
  readonly capabilities: readonly string[];
  /** Types for which the kernel has `/proc/self/ns/TYPE`. */
  readonly types: readonly NamespaceType[];
  /** The caller's own namespaces, type -> inode number. */
  readonly own: Readonly<Partial<Record<NamespaceType, number>>>;
  /** `/proc/sys/user/max_TYPE_namespaces`. */
  readonly limits: Readonly<Record<string, number>>;
  readonly restrictions: Readonly<Record<string, string | number | boolean>>;
  readonly subuid: readonly IdRange[];
  readonly subgid: readonly IdRange[];
  readonly cgroup: 'v1' | 'v2' | 'hybrid' | 'none';
  /** listns(2) is there. */
  readonly listns: boolean;
  /** NS_GET_ID answers. */
  readonly nsid: boolean;
  readonly hidepid?: string;
  /** Program name -> absolute path. */
  readonly tools: Readonly<Record<string, string>>;
}

export interface IdRange {
  readonly start: number;
  readonly count: number;
}

/** What keeps a namespace alive. */
export type Holder =
  /** One member, the one with the lowest pid; all members follow from the process records. */
  | { readonly by: 'process'; readonly pid: number }
  /** A bind mount of the namespace's nsfs file; `mntns` is the mount namespace that has it, `pid` a process in it. */
  | { readonly by: 'mount'; readonly path: string; readonly mntns: number; readonly pid?: number }
  | { readonly by: 'fd'; readonly pid: number; readonly fd: number }
  /** A thread that is in a namespace its thread-group leader is not in. */
  | { readonly by: 'task'; readonly pid: number; readonly tid: number }
  | { readonly by: 'socket'; readonly pid: number; readonly fd: number }
  /** A process whose children will be created in it (`pid_for_children`, `time_for_children`). */
  | { readonly by: 'for_children'; readonly pid: number }
  /** A child namespace or one that this user namespace owns. */
  | { readonly by: 'child' };

export interface SnapshotRecord {
  readonly boot?: string;
  /** Seconds since the epoch, by the host's clock. */
  readonly time: number;
  /** False when the caller's rights hid something. */
  readonly complete: boolean;
  /** Among `proc`, `mounts`, `ioctl`, `tasks`, `fds`, `sockets`, `listns`. */
  readonly source: readonly string[];
}

export interface NamespaceRecord {
  readonly type: NamespaceType;
  /** Inode number in nsfs. */
  readonly id: number;
  /** NS_GET_ID, Linux 6.18. */
  readonly nsid?: number;
  /** Inode number of the owning user namespace. */
  readonly owner?: number;
  /** Inode number of the parent; pid and user only. */
  readonly parent?: number;
  /** Owner uid (NS_GET_OWNER_UID), user namespaces only. */
  readonly uid?: number;
  readonly held: readonly Holder[];
}

export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat; with `pid` the identity of the process. */
  readonly start: number;
  readonly ppid: number;
  /** Real uid as the caller's user namespace sees it. */
  readonly uid?: number;
  readonly comm: string;
  /** Arguments joined by blanks, at most 4,096 bytes; left out for kernel threads and where it is empty. */
  readonly cmdline?: string;
  /** Path in the cgroup v2 hierarchy, or in v1's `name=systemd` one. */
  readonly cgroup?: string;
  /** The process's pid at each level from the caller's pid namespace inwards; left out when it is only `[pid]`. */
  readonly nspid?: readonly number[];
  /** /proc/PID/root where it is not `/`: a chroot or another root. */
  readonly root?: string;
  /** Absent when the caller may not see the links; then the process counts as unreadable. */
  readonly ns?: Readonly<Partial<Record<NamespaceType | 'pid_for_children' | 'time_for_children', number>>>;
  /** Field 3 of /proc/PID/stat when it is `Z`. */
  readonly zombie?: boolean;
}

/** Name of a uid seen in the snapshot, from the host's /etc/passwd. */
export interface UserRecord {
  readonly uid: number;
  readonly name: string;
}

export type GoneRecord =
  | { readonly ns: `${NamespaceType}:${number}` }
  | { readonly process: { readonly pid: number; readonly start: number } };

/** Last record of `scan`, and what `serve` sends as a request's end. */
export interface EndRecord {
  readonly processes?: number;
  readonly namespaces?: number;
  readonly unreadable?: number;
  readonly milliseconds?: number;
}

/** `watch`: closes the first snapshot and every batch of changes after it. */
export interface TickRecord {
  readonly processes: number;
  readonly namespaces: number;
  readonly unreadable: number;
  /** Time that this pass took. */
  readonly milliseconds: number;
  /** Milliseconds between passes. */
  readonly interval: number;
  /** Milliseconds within which a setns or unshare of an old process is seen, at the present rotation. */
  readonly bound: number;
}

export interface ErrorRecord {
  /** The system call or check that failed. */
  readonly step: string;
  /** Symbolic, `ENOSPC`. */
  readonly errno: string;
  readonly number: number;
  readonly type?: NamespaceType;
  readonly path?: string;
  readonly detail?: string;
}

/** `terminal`: what its screen shows next, as base64url of the very bytes. */
export interface DataRecord {
  readonly bytes: string;
}

/** How what was run has ended. */
export type ExitRecord = { readonly code: number } | { readonly signal: number };

export type HelperRecord =
  | { readonly helper: VersionRecord }
  | { readonly facts: FactsRecord }
  | { readonly snapshot: SnapshotRecord }
  | { readonly ns: NamespaceRecord }
  | { readonly process: ProcessRecord }
  | { readonly user: UserRecord }
  | { readonly gone: GoneRecord }
  | { readonly tick: TickRecord }
  | { readonly data: DataRecord }
  | { readonly exit: ExitRecord }
  | { readonly end: EndRecord }
  | { readonly error: ErrorRecord };
