/**
 * From what a person sees in a terminal to an error record, so that messages of other programs can be explained too:
 * "unshare: unshare failed: No space left on device" is no full disk. The text is only read, never shown or run.
 */
import { namespaceTypes, type ErrorRecord, type NamespaceType } from '../helper/protocol.ts';

/** What strerror(3) says in the C locale: glibc's words, and musl's where they differ. */
const messages: Readonly<Record<string, readonly [name: string, number: number]>> = {
  'operation not permitted': ['EPERM', 1],
  'no such file or directory': ['ENOENT', 2],
  'no such process': ['ESRCH', 3],
  'input/output error': ['EIO', 5],
  'exec format error': ['ENOEXEC', 8],
  'bad file descriptor': ['EBADF', 9],
  'resource temporarily unavailable': ['EAGAIN', 11],
  'cannot allocate memory': ['ENOMEM', 12],
  'out of memory': ['ENOMEM', 12],
  'permission denied': ['EACCES', 13],
  'device or resource busy': ['EBUSY', 16],
  'resource busy': ['EBUSY', 16],
  'target is busy': ['EBUSY', 16],
  'file exists': ['EEXIST', 17],
  'no such device': ['ENODEV', 19],
  'not a directory': ['ENOTDIR', 20],
  'invalid argument': ['EINVAL', 22],
  'no space left on device': ['ENOSPC', 28],
  'read-only file system': ['EROFS', 30],
  'numerical result out of range': ['ERANGE', 34],
  'result not representable': ['ERANGE', 34],
  'function not implemented': ['ENOSYS', 38],
  'too many users': ['EUSERS', 87],
  'operation not supported': ['EOPNOTSUPP', 95],
  'stale file handle': ['ESTALE', 116],
  'disk quota exceeded': ['EDQUOT', 122],
};

const message = new RegExp(Object.keys(messages).join('|'), 'i');

/** How umount(8) words EINVAL, which is also the answer to unmounting what is locked. */
const notMounted = /^umount: (?<path>\/[^:]*): not mounted/;
const notAllowed = /^new[ug]idmap: .* not allowed$/;

interface Form {
  readonly pattern: RegExp;
  readonly step: string;
  readonly path?: string;
  readonly type?: string;
}

/** Programs' messages, the more exact ones first. A group `path` or `type` names what the record's field is taken from. */
const forms: readonly Form[] = [
  { pattern: /fork failed|cannot fork|fork:/, step: 'fork' },
  { pattern: /write to (?<step>uid_map|gid_map) failed/, step: 'mapper' },
  { pattern: /new(?<kind>uid|gid)map:/, step: 'mapper' },
  { pattern: /^mount: (?<path>\/[^:]*): permission denied/, step: 'mount-refused' },
  { pattern: /write failed (?<path>\/proc\/self\/(?:uid|gid)_map|\/proc\/self\/setgroups)/, step: 'proc-file' },
  { pattern: /cannot open (?<path>\/proc\/[^:\s]*timens_offsets)/, step: 'timens_offsets' },
  { pattern: /(?:write|failed to (?:write|set)) .*timens_offsets|timens_offsets/, step: 'timens_offsets' },
  { pattern: /setting up uid map|uid_map|setting up user namespace id/i, step: 'uid_map' },
  { pattern: /setting up gid map|gid_map/i, step: 'gid_map' },
  { pattern: /setting the network namespace "(?<path>[^"]+)" failed/, step: 'netns' },
  { pattern: /Cannot open network namespace "(?<path>[^"]+)"/, step: 'netns-open' },
  { pattern: /Cannot create namespace file "(?<path>[^"]+)"/, step: 'namespace' },
  { pattern: /Cannot remove namespace file "(?<path>[^"]+)"/, step: 'unlink' },
  { pattern: /reassociate to namespaces?(?: '(?:ns\/)?(?<type>\w+)')? failed/, step: 'setns' },
  { pattern: /cannot open (?<path>\/[^\s:]+)/, step: 'open' },
  {
    pattern: /mount (?<path>\/\S+) failed/,
    step: 'mount',
  },
  { pattern: /(?:cannot change|setgroups)/, step: 'setgroups' },
  { pattern: /pivot_root/, step: 'pivot_root' },
  { pattern: /umount/, step: 'umount2' },
  { pattern: /sethostname/, step: 'sethostname' },
  {
    pattern: /Creating new namespace failed|unshare\(|unshare failed|clone\(|can't create .*namespace|unshare/i,
    step: 'unshare',
  },
  { pattern: /failed to execute|exec(?:ve)? /, step: 'execve' },
];

/** Undefined where no line of the text is a failure that is known. The last such line counts: causes come last. */
export function errorFromText(text: string): ErrorRecord | undefined {
  const lines = text.slice(0, 20_000).split('\n').toReversed();
  for (const line of lines) {
    const path = notMounted.exec(line)?.groups?.['path'];
    if (path !== undefined) return { step: 'umount2', errno: 'EINVAL', number: 22, path };
    // The one refusal that newuidmap(1) words itself: "uid range [0-1) -> [5-6) not allowed".
    const said = notAllowed.test(line) ? 'operation not permitted' : message.exec(line)?.[0].toLowerCase();
    const [errno, number] = messages[said ?? ''] ?? [];
    if (errno === undefined || number === undefined) continue;
    for (const form of forms) {
      const found = form.pattern.exec(line);
      if (found !== null) return recordOf(form.step, found.groups ?? {}, errno, number);
    }
  }
  return undefined;
}

function recordOf(
  step: string,
  groups: Readonly<Record<string, string | undefined>>,
  errno: string,
  number: number,
): ErrorRecord {
  const path = groups['path'];
  const base = { errno, number, ...(path === undefined ? {} : { path }) };
  const type = namespaceTypes.find((each) => each === groups['type']);
  switch (step) {
    case 'mapper': {
      const kind = groups['kind'] ?? groups['step']?.slice(0, 3) ?? 'uid';
      return { ...base, step: `new${kind}map` };
    }
    // mount(8) says "permission denied" for EPERM too, which is what the kernel answers to a mount without rights.
    case 'mount-refused':
      return { ...base, step: 'mount', errno: 'EPERM', number: 1 };
    case 'proc-file':
      return { ...base, step: path?.slice('/proc/self/'.length) ?? 'uid_map' };
    // ip(8) names them without their folder.
    case 'netns':
      return { ...base, step: 'setns', type: 'net', path: `/run/netns/${path ?? ''}` };
    case 'netns-open':
      return { ...base, step: 'open', type: 'net', path: `/run/netns/${path ?? ''}` };
    default:
      return { ...base, step, ...withType(type) };
  }
}

function withType(type: NamespaceType | undefined): { readonly type?: NamespaceType } {
  return type === undefined ? {} : { type };
}
