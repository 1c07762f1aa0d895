/** Why a file operation failed, in words. */

/** The numbers are the same on every architecture that the helper is built for. */
const names: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  3: 'ESRCH',
  5: 'EIO',
  6: 'ENXIO',
  9: 'EBADF',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  16: 'EBUSY',
  17: 'EEXIST',
  18: 'EXDEV',
  19: 'ENODEV',
  20: 'ENOTDIR',
  21: 'EISDIR',
  22: 'EINVAL',
  23: 'ENFILE',
  24: 'EMFILE',
  26: 'ETXTBSY',
  27: 'EFBIG',
  28: 'ENOSPC',
  29: 'ESPIPE',
  30: 'EROFS',
  31: 'EMLINK',
  32: 'EPIPE',
  36: 'ENAMETOOLONG',
  38: 'ENOSYS',
  39: 'ENOTEMPTY',
  40: 'ELOOP',
  75: 'EOVERFLOW',
  95: 'EOPNOTSUPP',
  116: 'ESTALE',
  122: 'EDQUOT',
};

export function errnoName(number: number): string {
  return names[number] ?? `errno ${number}`;
}

/** Cause and, where there is one, the next step. Of any operation, unless it says otherwise. */
const words: Readonly<Record<string, string>> = {
  EPERM:
    'The kernel refuses it: the file may be immutable or append-only (lsattr), the folder sticky, or this needs a capability.',
  ENOENT: 'It does not exist, or a folder on the way does not.',
  EIO: 'The file system reports an input/output error. See dmesg on the host.',
  ENXIO: 'It is a FIFO, a socket or a device. Only regular files are opened.',
  EAGAIN: 'The path changes all the time. Try again.',
  ENOMEM: 'The host is out of memory.',
  EACCES: 'This user may not do that there. With sudo for this host, root can.',
  EBUSY: 'Something is mounted there, or beneath it. Unmount it first.',
  EEXIST: 'There is something of this name already.',
  EXDEV: 'It would have to move to another mount.',
  ENOTDIR: 'A part of the path is not a folder.',
  EISDIR: 'It is a folder.',
  EINVAL: 'The file system does not take this.',
  ENFILE: 'Too many files are being read or written at once. Try again.',
  EMFILE: 'The folder is too deep, or too many files are open at once.',
  ETXTBSY: 'A process executes this file. End it, or save under another name.',
  EFBIG: 'It is larger than the file system or a limit allows.',
  ENOSPC: 'No space is left: on the file system, or, for watching, of fs.inotify.max_user_watches.',
  EROFS: 'The mount is read-only. See the Mounts row of the namespace.',
  ENAMETOOLONG: 'A name is longer than 255 bytes, or the path longer than 4,095.',
  ENOTEMPTY: 'The folder is not empty.',
  ELOOP: 'Symbolic links lead round in a circle, or one of /proc would lead outside of the target.',
  EOVERFLOW: 'The user or group has no mapping in the user namespace that the file system belongs to.',
  EOPNOTSUPP: 'The file system cannot do this.',
  ESTALE: 'The file has been changed on the host since it was read.',
  EDQUOT: 'The disk quota is used up.',
};

/** One operation that the host refused. */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** Such as `ENOENT`. */
  readonly errno: string;
  readonly path: string;

  constructor(number: number, path: string) {
    const errno = errnoName(number);
    super(`${words[errno] ?? 'The host refuses it.'} (${errno})`);
    this.errno = errno;
    this.path = path;
  }
}

export function hasErrno(error: unknown, ...errnos: readonly string[]): error is FileError {
  return error instanceof FileError && errnos.includes(error.errno);
}
