/** Families of the steps that an error record can name: system calls, and files of /proc that are written. */

/** Those that make namespaces. */
export const creating: readonly string[] = ['clone3', 'clone', 'unshare'];

/** Those that start a process and no more than that. */
export const starting: readonly string[] = ['fork', 'vfork', 'clone', 'clone3'];

export const joining: readonly string[] = ['setns'];

export const mapping: readonly string[] = ['uid_map', 'gid_map'];

/** newuidmap(1) and newgidmap(1). */
export const mappers: readonly string[] = ['newuidmap', 'newgidmap'];

export const mounting: readonly string[] = [
  'mount',
  'move_mount',
  'open_tree',
  'fsmount',
  'fsopen',
  'fsconfig',
  'mount_setattr',
];

export const unmounting: readonly string[] = ['umount', 'umount2'];

/** Those for which ENOSPC really means a full file system. */
export const writing: readonly string[] = [
  'open',
  'openat',
  'openat2',
  'write',
  'mkdir',
  'mkdirat',
  'symlink',
  'mknod',
];
