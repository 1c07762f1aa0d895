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
  /** `newuidmap` and `newgidmap`, where they are. This and what follows is left out by helpers before it was added. */
  readonly mappers?: Readonly<Record<string, MapperFacts>>;
  readonly userns?: UserNamespaceFacts;
  /** Capability bounding set by names. */
  readonly bounding?: readonly string[];
  /** Soft limits of getrlimit(2): `nproc`, `nofile`, `memlock`, `msgqueue`. One that is left out is unlimited. */
  readonly rlimits?: Readonly<Record<string, number>>;
  readonly subordinate?: SubordinateFiles;
  /** Path beneath /proc/sys -> what the file says. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Paths of the kernel's interfaces that are there, among those that the helper looks for. */
  readonly interfaces?: readonly string[];
  /** Among those that matter to namespaces. A module that is not loaded yet is not listed. */
  readonly filesystems?: readonly string[];
  /** Mounts of proc and sysfs in the caller's mount namespace. */
  readonly visible?: readonly VisibleMount[];
}

/** A set-user-ID program of shadow, newuidmap(1). */
export interface MapperFacts {
  readonly path: string;
  readonly owner: number;
  readonly setuid: boolean;
  /** CAP_SETUID or CAP_SETGID as a file capability. */
  readonly capability: boolean;
  /** The file system is mounted so that neither counts; left out where that is not known. */
  readonly nosuid?: boolean;
}

/** The caller's user namespace. */
export interface UserNamespaceFacts {
  /** It is the one that is below none. */
  readonly initial: boolean;
  readonly uid_map?: readonly IdMapping[];
  readonly gid_map?: readonly IdMapping[];
  /** `/proc/self/setgroups`: `allow` or `deny`. */
  readonly setgroups?: string;
}

/** One line of /proc/PID/uid_map, as the reader sees it. */
export interface IdMapping {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** What /etc/subuid and /etc/subgid give to anyone; a file that cannot be read is left out. */
export interface SubordinateFiles {
  readonly subuid?: readonly SubordinateRange[];
  readonly subgid?: readonly SubordinateRange[];
  /** `subid:` of nsswitch.conf(5). Where it is there, the files do not say everything. */
  readonly source?: string;
}

export interface SubordinateRange extends IdRange {
  /** User name or number. */
  readonly name: string;
}

/** A line of /proc/self/mountinfo; paths are as they stand there, with blanks as octal digits. */
export interface VisibleMount {
  readonly type: 'proc' | 'sysfs';
  readonly path: string;
  readonly root: string;
  /** Options of this mount. */
  readonly options: string;
  /** Options of the file system. */
  readonly super: string;
  /** Where something is mounted over a part of it. */
  readonly covered: readonly string[];
}

/** `facts --userns=pid:N`: the user namespace of a process and each above it, innermost first. */
export interface UserNamespaceRecord {
  /** Inode number in nsfs. */
  readonly id: number;
  /** The caller's own. */
  readonly own: boolean;
  /** The highest that the caller may see. */
  readonly top: boolean;
  /** Who made it, as the caller sees uids. */
  readonly uid?: number;
  /** `max_TYPE_namespaces` as they hold in it; left out where the caller may not enter it. */
  readonly limits?: Readonly<Record<string, number>>;
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

/** `inspect`: what is inside one namespace, as far as it bears on whether something is wrong. What is left out is not known. */
export interface InsideRecord {
  readonly type: NamespaceType;
  readonly id: number;
  /** The process through which it was seen; left out where it was not through one. */
  readonly pid?: number;
  /** net: `lo` is up. */
  readonly loopback?: boolean;
  /** net: false where the process's /sys lists other network devices than the namespace has. */
  readonly sysfs?: boolean;
  /** pid: inode number of the pid namespace that the process's /proc shows. */
  readonly proc?: number;
  /** user; as the helper's own user namespace sees the ids outside. */
  readonly uid_map?: readonly IdMapping[];
  readonly gid_map?: readonly IdMapping[];
  /** time: what is added to the clock, `SECONDS NANOSECONDS` with a sign and any blanks. */
  readonly monotonic?: string;
  readonly boottime?: string;
  /** mnt: mount points, the first 8, whose peer group is in the host's mount namespace too; and how many there are. */
  readonly shared?: readonly string[];
  readonly mounts?: number;
}

/** `inspect`: effective capabilities of a process in which they matter, in its own user namespace. */
export interface RightsRecord extends ProcessIdentity {
  /** Hexadecimal digits, a bit per capability(7). */
  readonly effective: string;
}

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

/** `create`: a namespace that is new. */
export interface MadeRecord {
  readonly type: NamespaceType;
  readonly id: number;
  readonly nsid?: number;
  readonly owner?: number;
}

/** A process by its identity. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly start: number;
}

/** `create --keep=NAME`: what outlives the connection. `path` has the mounts, where there were the rights for them. */
export interface KeptRecord {
  readonly name: string;
  readonly holder: ProcessIdentity;
  readonly path?: string;
}

/** `rename`: what is kept under `name` from now on. */
export interface RenamedRecord {
  readonly name: string;
  readonly from: string;
}

/** `create`: the first process in what was made. */
export interface InitRecord extends ProcessIdentity {
  /** Its number in each pid namespace, outermost first. */
  readonly nspid: readonly number[];
}

/** `enter`: the command runs. */
export interface EnteredRecord {
  /** Of the process that the helper waits for, as the helper sees it. */
  readonly pid: number;
}

/** `pin`: what lives on without a process of its own, by a mount at `path` or by a process, the `holder`. */
export interface PinnedRecord {
  readonly type: NamespaceType;
  readonly id: number;
  /** Absent when it was asked for by a path. */
  readonly name?: string;
  readonly path?: string;
  readonly holder?: ProcessIdentity;
}

/** `end`: one thing that was done, or what is still alive afterwards. `end --dry-run` wraps each in `would`. */
export type Ending =
  | { readonly ended: ProcessIdentity }
  | { readonly unmounted: { readonly path: string } }
  | { readonly removed: { readonly path: string } }
  | { readonly still: { readonly type: NamespaceType; readonly id: number } };

/** `terminal`: what its screen shows next, as base64url of the very bytes. */
export interface DataRecord {
  readonly bytes: string;
}

export const socketKinds = ['tcp', 'tcp6', 'udp', 'udp6', 'unix', 'vsock'] as const;
export type SocketKind = (typeof socketKinds)[number];

/** `sockets`: one that waits for connections, or for datagrams from anybody. */
export type SocketRecord = { readonly inode: number } & (
  | {
      readonly kind: 'tcp' | 'tcp6' | 'udp' | 'udp6';
      /** As it is bound: 8 or 32 hexadecimal digits. */
      readonly address: string;
      readonly port: number;
      /** IPV6_V6ONLY; false where IPv4 comes in, too. */
      readonly v6only?: boolean;
      /** The interface that it is bound to (SO_BINDTODEVICE). */
      readonly device?: string;
    }
  | {
      readonly kind: 'unix';
      /** As it was bound, so perhaps relative; neither for one without a name. */
      readonly path?: string;
      readonly abstract?: string;
      /** SOCK_STREAM is 1, SOCK_SEQPACKET 5. */
      readonly type: number;
    }
  | { readonly kind: 'vsock'; readonly cid: number; readonly port: number; readonly type: number }
);

/** `sockets`: a kind of which the kernel does not tell. */
export interface UnlistedRecord {
  readonly kind: SocketKind;
  readonly errno: string;
}

/** `sockets --owners`: a process that has a listed socket open. */
export interface OwnerRecord extends ProcessIdentity {
  readonly inode: number;
  readonly comm: string;
}

/** Only that it was said counts. */
export type Nothing = Readonly<Record<string, never>>;

/** `door`: a unix socket on the host that takes requests whose verb is then on the other end, if they bring the token. */
export interface DoorRecord {
  readonly path: string;
  readonly token: string;
}

/** How what was run has ended. */
export type ExitRecord = { readonly code: number } | { readonly signal: number };

export type HelperRecord =
  | { readonly helper: VersionRecord }
  | { readonly facts: FactsRecord }
  | { readonly userns: UserNamespaceRecord }
  | { readonly snapshot: SnapshotRecord }
  | { readonly inside: InsideRecord }
  | { readonly rights: RightsRecord }
  | { readonly ns: NamespaceRecord }
  | { readonly process: ProcessRecord }
  | { readonly user: UserRecord }
  | { readonly gone: GoneRecord }
  | { readonly tick: TickRecord }
  | { readonly made: MadeRecord }
  | { readonly init: InitRecord }
  | { readonly entered: EnteredRecord }
  | { readonly kept: KeptRecord }
  | { readonly renamed: RenamedRecord }
  | { readonly pinned: PinnedRecord }
  | Ending
  | { readonly would: Ending }
  | { readonly data: DataRecord }
  | { readonly stderr: DataRecord }
  | { readonly exit: ExitRecord }
  | { readonly socket: SocketRecord }
  | { readonly unlisted: UnlistedRecord }
  | { readonly owner: OwnerRecord }
  /** `relay`: bytes go through from now on. */
  | { readonly connected: Nothing }
  /** `relay`: what it connected to says no more, and this is not for a reset. */
  | { readonly eof: Nothing }
  | { readonly door: DoorRecord }
  /** `listen`: from now on; the name by which `relay --accepted=` takes each connection. */
  | { readonly listening: { readonly name: string } }
  /** `listen`: a connection waits to be taken. */
  | { readonly accepted: Nothing }
  | { readonly end: EndRecord }
  | { readonly error: ErrorRecord };
