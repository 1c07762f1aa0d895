/** Facts of hosts, small enough to read; each test changes the one thing that it is about. */
import type { ErrorRecord, FactsRecord, IdMapping, NamespaceType } from '../../../extension/helper/protocol.ts';

const everything: readonly IdMapping[] = [{ inside: 0, outside: 0, count: 4294967295 }];

const limits = Object.fromEntries(
  ['mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time'].map((type) => [`max_${type}_namespaces`, 1000]),
);

/** An ordinary user of a plain host. */
export const user: FactsRecord = {
  kernel: '6.1.0-18-amd64',
  arch: 'x86_64',
  hostname: 'build7',
  uid: 1000,
  gid: 1000,
  user: 'alice',
  capabilities: [],
  types: ['mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time'],
  own: { user: 4026531837, net: 4026531840 },
  limits,
  restrictions: { seccomp: 0, no_new_privs: false, chroot: false, lsm: 'lockdown,yama' },
  subuid: [{ start: 100000, count: 65536 }],
  subgid: [{ start: 100000, count: 65536 }],
  cgroup: 'v2',
  listns: false,
  nsid: false,
  tools: { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap', unshare: '/usr/bin/unshare' },
  mappers: {
    newuidmap: { path: '/usr/bin/newuidmap', owner: 0, setuid: true, capability: false, nosuid: false },
    newgidmap: { path: '/usr/bin/newgidmap', owner: 0, setuid: true, capability: false, nosuid: false },
  },
  userns: { initial: true, uid_map: everything, gid_map: everything, setgroups: 'allow' },
  bounding: ['CAP_CHOWN', 'CAP_SETUID', 'CAP_SETGID', 'CAP_SYS_ADMIN', 'CAP_SETFCAP', 'CAP_NET_ADMIN'],
  rlimits: { nproc: 4000 },
  subordinate: {
    subuid: [{ name: 'alice', start: 100000, count: 65536 }],
    subgid: [{ name: 'alice', start: 100000, count: 65536 }],
  },
  sysctls: {
    'kernel/hostname': 'build7',
    'fs/mount-max': '100000',
    'kernel/threads-max': '90000',
    'kernel/overflowuid': '65534',
  },
  interfaces: ['/proc/self/uid_map', '/proc/keys', '/proc/net/netlink', '/proc/self/timens_offsets'],
  filesystems: ['proc', 'sysfs', 'mqueue', 'tmpfs'],
  visible: [
    {
      type: 'proc',
      path: '/proc',
      root: '/',
      options: 'rw,nosuid',
      super: 'rw',
      covered: ['/proc/sys/fs/binfmt_misc'],
    },
    { type: 'sysfs', path: '/sys', root: '/', options: 'rw,nosuid', super: 'rw', covered: ['/sys/fs/cgroup'] },
  ],
};

export const root: FactsRecord = {
  ...user,
  uid: 0,
  gid: 0,
  user: 'root',
  capabilities: [
    'CAP_SETUID',
    'CAP_SETGID',
    'CAP_SYS_ADMIN',
    'CAP_SYS_CHROOT',
    'CAP_SETFCAP',
    'CAP_NET_ADMIN',
    'CAP_SYS_PTRACE',
    'CAP_SYS_TIME',
  ],
  subuid: [],
  subgid: [],
};

/** Root of a container of Docker. */
export const container: FactsRecord = {
  ...root,
  capabilities: ['CAP_CHOWN', 'CAP_SETUID', 'CAP_SETGID', 'CAP_SETFCAP'],
  bounding: ['CAP_CHOWN', 'CAP_SETUID', 'CAP_SETGID', 'CAP_SETFCAP'],
  restrictions: {
    ...user.restrictions,
    seccomp: 2,
    container_mark: '/.dockerenv',
    context: 'docker-default (enforce)',
  },
  visible: [
    {
      type: 'proc',
      path: '/proc',
      root: '/',
      options: 'rw,nosuid',
      super: 'rw',
      covered: ['/proc/kcore', '/proc/sys'],
    },
    { type: 'sysfs', path: '/sys', root: '/', options: 'ro,nosuid', super: 'ro', covered: ['/sys/fs/cgroup'] },
  ],
};

/** In a user namespace that maps one id, below a host that it cannot see. */
export const nested: FactsRecord = {
  ...root,
  own: { user: 4026532300, net: 4026531840 },
  userns: {
    initial: false,
    uid_map: [{ inside: 0, outside: 1000, count: 1 }],
    gid_map: [{ inside: 0, outside: 1000, count: 1 }],
    setgroups: 'deny',
  },
  limits: Object.fromEntries(Object.keys(limits).map((name) => [name, 2147483647])),
};

/** Ubuntu from 24.04 on. */
export const ubuntu: FactsRecord = {
  ...user,
  restrictions: {
    ...user.restrictions,
    apparmor_restrict_unprivileged_userns: 1,
    unconfined_restrictions_userns: 'yes',
    context: 'unconfined',
    lsm: 'lockdown,capability,landlock,yama,apparmor',
  },
};

/** A change of `restrictions` alone. */
export function restricted(
  facts: FactsRecord,
  restrictions: Readonly<Record<string, string | number | boolean>>,
): FactsRecord {
  return { ...facts, restrictions: { ...facts.restrictions, ...restrictions } };
}

const numbers: Readonly<Record<string, number>> = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  EROFS: 30,
  ERANGE: 34,
  ENOSYS: 38,
  EUSERS: 87,
  EOPNOTSUPP: 95,
  EDQUOT: 122,
};

/** `failed('clone3', 'ENOSPC', 'net')`. */
export function failed(step: string, errno: string, more: NamespaceType | Partial<ErrorRecord> = {}): ErrorRecord {
  const rest = typeof more === 'string' ? { type: more } : more;
  return { step, errno, number: numbers[errno] ?? 0, ...rest };
}
