import type { Description } from '../../dialect.ts';
import { contains } from '../../span.ts';
import type { ShellDocument } from '../shell.ts';

const unshareLink = 'https://man7.org/linux/man-pages/man1/unshare.1.html#OPTIONS';
const nsenterLink = 'https://man7.org/linux/man-pages/man1/nsenter.1.html#OPTIONS';

/** What an option does to namespaces, beside what is said of the declared ones. */
const texts: Readonly<Record<string, string>> = {
  'unshare fork':
    'Runs the program as a child of unshare. In a new pid namespace it is then process 1, and the namespace ends with it.',
  'unshare kill-child': 'Has the child sent a signal, SIGKILL by default, when unshare ends. It implies --fork.',
  'unshare forward-signals': 'Passes SIGTERM and SIGINT on to the child. It implies --fork.',
  'unshare mount-proc':
    'Mounts a fresh proc, at /proc by default, just before the program runs. It implies --mount; with --pid and --fork it shows the processes of the new pid namespace only.',
  'unshare map-root-user':
    "Maps the caller's user and group id to 0 in a new user namespace. It implies --user and --setgroups=deny.",
  'unshare map-current-user':
    "Maps the caller's user and group id to themselves in a new user namespace. It implies --user and --setgroups=deny.",
  'unshare map-user': "Maps the caller's user id to this one in a new user namespace. It implies --user.",
  'unshare map-group':
    "Maps the caller's group id to this one in a new user namespace. It implies --user and --setgroups=deny.",
  'unshare map-users':
    'Maps a range of user ids in a new user namespace, with newuidmap(1) unless root runs it: INNER:OUTER:COUNT, before util-linux 2.39 OUTER,INNER,COUNT.',
  'unshare map-groups':
    'Maps a range of group ids in a new user namespace, with newgidmap(1) unless root runs it: INNER:OUTER:COUNT, before util-linux 2.39 OUTER,INNER,COUNT.',
  'unshare map-auto':
    "Maps the caller's first ranges of /etc/subuid and /etc/subgid from 0 on in a new user namespace. It implies --user.",
  'unshare map-subids':
    "Maps the caller's first ranges of /etc/subuid and /etc/subgid to themselves in a new user namespace. It implies --user.",
  'unshare propagation':
    'How mounts of the new mount namespace propagate. Without it unshare makes all of them private, which the kernel by itself does not.',
  'unshare setgroups':
    'Whether setgroups(2) works in the new user namespace. The kernel takes deny only before the gid map is set.',
  'unshare keep-caps':
    'Keeps the capabilities that come with the new user namespace when the program is executed, as ambient ones.',
  'unshare monotonic': 'Seconds that CLOCK_MONOTONIC of the new time namespace is ahead of the old one.',
  'unshare boottime': 'Seconds that CLOCK_BOOTTIME of the new time namespace is ahead of the old one.',
  'unshare setuid': 'Sets the user id as the new user namespace maps it.',
  'unshare setgid': 'Drops supplementary groups and sets the group id as the new user namespace maps it.',
  'unshare root': 'Changes the root directory with chroot(2), which the new mount namespace does not depend on.',
  'nsenter target': 'The process whose namespaces are entered where an option names no file.',
  'nsenter all':
    "Enters all namespaces of the target, but for its user namespace when that is the caller's own, which the kernel lets nobody enter again.",
  'nsenter no-fork':
    'Executes the program without a child of its own. setns(2) puts only children into a pid namespace, so the program stays in the old one.',
  'nsenter preserve-credentials':
    'Leaves user and group ids as they are; without it nsenter sets both to 0 on entering a user namespace.',
  'nsenter user-parent': 'Enters the user namespace that owns the other namespaces that are entered.',
  'nsenter net-socket': "Enters the network namespace in which this socket of the target's was made.",
};

export function describeShell({ invocations }: ShellDocument, _text: string, offset: number): Description | undefined {
  for (const invocation of invocations) {
    if (invocation.tool === 'ip' || invocation.tool === 'other' || !contains(invocation.span, offset)) continue;
    const given = invocation.options.find(({ key }) => contains(key, offset));
    const key = `${invocation.tool} ${given?.name ?? ''}`;
    const text = Object.hasOwn(texts, key) ? texts[key] : undefined;
    if (given === undefined || text === undefined) continue;
    return { span: given.key, paragraphs: [text], link: invocation.tool === 'nsenter' ? nsenterLink : unshareLink };
  }
  return undefined;
}
