/** What stands in the way of joining, keeping and removing namespaces, and of running something in them. */
import { displayText } from '../../model/text.ts';
import { listed } from '../../model/plain-words.ts';
import { capabilityEvidence, restriction, seen, stepEvidence } from '../evidence.ts';
import { manual } from '../../model/manual.ts';
import { joining, unmounting } from '../steps.ts';
import type { Evidence, Rule, Situation } from '../types.ts';

const opening = ['open', 'openat', 'openat2', 'readlink', 'readlinkat', 'pidfd_open', 'stat', 'statx'];

/** Where ip-netns(8) keeps names; /var/run is a link to /run. */
function netnsName(path: string | undefined): string | undefined {
  return /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(path ?? '')?.[1];
}

function processPath(path: string | undefined): string | undefined {
  return /^\/proc\/(\d+)(?:\/|$)/.exec(path ?? '')?.[1];
}

const emptyName: Rule = {
  id: 'netns-name-is-empty-file',
  errnos: ['EINVAL', 'ENOENT', 'ESTALE', 'ENOTTY'],
  steps: [...joining, ...opening, 'nsfs', 'namespace'],
  source: manual('ip-netns', 8),
  check({ error, context }) {
    const name = netnsName(error.path);
    if (name === undefined) return undefined;
    const shown = displayText(name);
    if (error.errno === 'ENOENT') {
      return {
        certainty: 'certain',
        cause: `There is no net namespace with the name ${shown}.`,
        evidence: [seen('No such file', error.path ?? '', 'the file system')],
        remedy: `"ip netns list" shows the names; "ip netns add ${shown}" would make it.`,
        needsAdministrator: false,
      };
    }
    const elsewhere = context.mounts?.filter((mount) => netnsName(mount.path) === name) ?? [];
    if (elsewhere.length > 0) {
      const places = elsewhere.map(({ mntns }) => `mnt:${mntns}`);
      return {
        certainty: 'certain',
        cause: `${shown} is an empty file in this mount namespace; the net namespace is mounted over it only in ${listed(places)}.`,
        evidence: elsewhere.map((mount) => seen(`Mounted in mnt:${mount.mntns}`, mount.path, '/proc/PID/mountinfo')),
        remedy: `Enter it from there ("nsenter --target PID --mount ip netns exec ${shown} …"), or mount it here as well ("ip netns attach ${shown} PID").`,
        needsAdministrator: true,
      };
    }
    return {
      certainty: context.mounts === undefined ? 'likely' : 'certain',
      cause: `${shown} is only an empty file: no net namespace is mounted over it. That is left of a name when its mount was lost, by a restart or by an unmount.`,
      evidence: [
        seen('Not a namespace', error.path ?? '', `${error.step}: ${error.errno}`),
        seen(
          'Mounts of a namespace over it',
          context.mounts === undefined ? 'not known' : 'none that is visible',
          '/proc/PID/mountinfo',
        ),
      ],
      remedy: `Remove the file ("ip netns delete ${shown}") and make the name again.`,
      needsAdministrator: true,
    };
  },
};

/** Checks that something still is what the person was shown. */
const asListed = ['expect', 'process'];

const changed: Rule = {
  id: 'changed-since-listed',
  errnos: ['ESTALE'],
  steps: asListed,
  source: manual('namespaces', 7),
  check(situation) {
    const { path, step } = situation.error;
    return {
      certainty: 'certain',
      cause:
        step === 'process'
          ? 'The process does not keep this namespace any more, so it was left alone.'
          : `${path === undefined ? 'It' : displayText(path)} keeps another namespace by now, or none, so it was left alone.`,
      evidence: [stepEvidence(situation)],
      remedy: 'Look again and choose anew.',
      needsAdministrator: false,
    };
  },
};

const processGone: Rule = {
  id: 'target-gone',
  errnos: ['ESRCH', 'ENOENT', 'ESTALE', 'EBADF'],
  source: manual('setns', 2),
  check(situation) {
    const { error, context } = situation;
    if (asListed.includes(error.step) && error.errno === 'ESTALE') return undefined;
    const pid = processPath(error.path);
    if (error.errno === 'ENOENT' && pid === undefined && !joining.includes(error.step)) return undefined;
    if (error.errno === 'EBADF' && !joining.includes(error.step)) return undefined;
    return {
      certainty: error.errno === 'ESRCH' || pid !== undefined ? 'certain' : 'likely',
      cause: `${pid === undefined ? 'The process or namespace' : `Process ${pid}`} has ended in the meantime${context.verb === 'end' ? ', so there is nothing left to end' : ''}.`,
      evidence: [stepEvidence(situation)],
      remedy: 'Refresh and choose again; if the namespace is still there, something else keeps it.',
      needsAdministrator: false,
    };
  },
};

const stillHeld: Rule = {
  id: 'still-in-use',
  errnos: ['EBUSY'],
  steps: [...unmounting, 'unlink', 'unlinkat', 'rmdir', 'rename', 'setns', 'namespace'],
  source: manual('umount', 2),
  check(situation) {
    const { context } = situation;
    const holders = (context.holders ?? []).map((holder) => seen('Kept by', holder, 'the namespaces of this host'));
    return {
      certainty: holders.length > 0 ? 'certain' : 'likely',
      cause:
        holders.length > 0
          ? `It is still in use: ${listed(context.holders ?? [], 5)}.`
          : 'It is going away or still in use: mounted here more than once, the working directory or an open file of a process.',
      evidence: [stepEvidence(situation), ...holders],
      remedy:
        'End what keeps it, then try again; "umount --lazy" takes the name away now, and the namespace goes with its last user.',
      needsAdministrator: false,
    };
  },
};

const nameTaken: Rule = {
  id: 'name-taken',
  errnos: ['EEXIST'],
  source: manual('ip-netns', 8),
  check(situation) {
    const { context, error } = situation;
    const isLink = error.step === 'veth';
    const name = context.name === undefined ? 'The name' : `The name ${displayText(context.name)}`;
    return {
      certainty: 'certain',
      cause: isLink
        ? 'There is a network interface with that name already.'
        : `${name} is taken: something is kept under it already.`,
      evidence: [stepEvidence(situation)],
      remedy: isLink
        ? 'Choose another name for the interface ("ip link" shows those that there are).'
        : 'Choose another name, or end or unpin what has it. A file that was left over by a restart can be removed.',
      needsAdministrator: false,
    };
  },
};

const joinRights: Rule = {
  id: 'join-needs-owner',
  errnos: ['EPERM'],
  steps: joining,
  source: manual('setns', 2),
  check(situation) {
    const { types, has, context } = situation;
    const target = types.length === 0 ? 'namespace' : `${listed(types)} namespace`;
    const needed = types.includes('mnt') ? ['CAP_SYS_ADMIN', 'CAP_SYS_CHROOT'] : ['CAP_SYS_ADMIN'];
    const lacking = needed.filter((capability) => !has(capability));
    const withUser = types.includes('user') || context.join?.includes('user') === true;
    const evidence: readonly Evidence[] = needed.flatMap((capability) => capabilityEvidence(situation, capability));
    if (lacking.length === 0) {
      return {
        certainty: situation.facts.userns?.initial === false ? 'likely' : 'possible',
        cause: `Joining the ${target} takes rights in the user namespace that owns it, and that is not below the one that the caller is in.`,
        evidence: [
          ...evidence,
          seen('Own user namespace', situation.facts.own.user ?? 'not known', '/proc/self/ns/user'),
        ],
        remedy: 'Join it from the host, or from the user namespace that owns it.',
        needsAdministrator: true,
      };
    }
    return {
      certainty: withUser ? 'likely' : 'certain',
      cause: withUser
        ? `Joining the ${target} is refused: only the user who made a user namespace, or root above it, has rights in it.`
        : `Joining the ${target} takes ${listed(lacking)} in the user namespace that owns it, which the caller does not have.`,
      evidence,
      remedy: withUser
        ? 'Be the user who made it, or connect with sudo.'
        : 'Join the user namespace that owns it first and keep the credentials (nsenter --user --preserve-credentials), if this user made it; otherwise connect with sudo.',
      needsAdministrator: false,
    };
  },
};

const notReadable: Rule = {
  id: 'ptrace-access',
  errnos: ['EACCES', 'EPERM'],
  steps: [...opening, 'pidfd_getfd', 'ptrace', 'process_vm_readv'],
  source: manual('ptrace', 2),
  check(situation) {
    const { error, facts } = situation;
    const pid = processPath(error.path);
    if (pid === undefined && opening.includes(error.step) && error.step !== 'pidfd_open') return undefined;
    if (situation.has('CAP_SYS_PTRACE') && facts.userns?.initial !== false) return undefined;
    return {
      certainty: 'likely',
      cause: `The namespaces of ${pid === undefined ? 'that process' : `process ${pid}`} may be seen only by its own user, if it has no more capabilities than the caller, or with CAP_SYS_PTRACE in its user namespace.`,
      evidence: [
        stepEvidence(situation),
        seen('The caller', `uid ${facts.uid}`, 'geteuid(2)'),
        ...capabilityEvidence(situation, 'CAP_SYS_PTRACE'),
        ...restriction(facts, 'yama_ptrace_scope', 'Yama, which restricts attaching further'),
      ],
      remedy: 'Connect with sudo.',
      needsAdministrator: true,
    };
  },
};

const execution: Rule = {
  id: 'program-not-found',
  errnos: ['ENOENT', 'ENOTDIR', 'EACCES', 'ENOEXEC'],
  steps: ['execve', 'execveat', 'execvp'],
  source: manual('execve', 2),
  check(situation) {
    const { error } = situation;
    const causes: Readonly<Record<string, string>> = {
      ENOENT:
        'The program is not there as seen from inside, or its loader (the interpreter that it names) is not: a root without a shell or with another C library is the usual case.',
      ENOTDIR: 'A part of the path is not a folder as seen from inside.',
      EACCES: 'The program may not be executed: its mode, the mount option noexec, or a folder on the way forbids it.',
      ENOEXEC:
        'The program is for another architecture, or is a script without a first line that names its interpreter.',
    };
    return {
      certainty: 'likely',
      cause: causes[error.errno] ?? 'The program cannot be run.',
      evidence: [stepEvidence(situation)],
      remedy: 'Name a program by its path inside; where there is no shell, a static one can be brought along.',
      needsAdministrator: false,
    };
  },
};

const addressTaken: Rule = {
  id: 'address-in-use',
  errnos: ['EADDRINUSE'],
  steps: ['veth'],
  source: manual('rtnetlink', 7),
  check(situation) {
    return {
      certainty: 'certain',
      cause:
        'The network of one of the addresses for the veth pair is in use on another interface of the host. The kernel would take it, and one of the two could not be reached any more.',
      evidence: [stepEvidence(situation)],
      remedy:
        'Choose addresses of a network that "ip address" does not show there. New Instance makes them from the name: another name has others.',
      needsAdministrator: false,
    };
  },
};

const linkRights: Rule = {
  id: 'link-needs-net-admin',
  errnos: ['EPERM', 'EOPNOTSUPP', 'ENOTSUP'],
  steps: ['veth', 'netlink'],
  source: manual('veth', 4),
  check(situation) {
    if (situation.error.errno !== 'EPERM') {
      return {
        certainty: 'certain',
        cause: 'This kernel has no veth devices, or could not load them as a module.',
        evidence: [stepEvidence(situation)],
        remedy: 'An administrator loads the module ("modprobe veth").',
        needsAdministrator: true,
      };
    }
    if (situation.has('CAP_NET_ADMIN') && situation.facts.userns?.initial === true) return undefined;
    return {
      certainty: 'certain',
      cause:
        'A veth pair has an end on the host, which takes CAP_NET_ADMIN over the net namespace of the host; a user namespace does not give that.',
      evidence: capabilityEvidence(situation, 'CAP_NET_ADMIN'),
      remedy: 'Leave it out and use pasta or slirp4netns, which need no rights, or connect with sudo.',
      needsAdministrator: true,
    };
  },
};

/** Paths that were named by the person and are not there. */
const pathMissing: Rule = {
  id: 'path-missing',
  errnos: ['ENOENT', 'ENOTDIR'],
  steps: ['mount', 'open_tree', 'open', 'openat', 'openat2', 'chdir', 'chroot', 'pivot_root'],
  source: manual('path_resolution', 7),
  check(situation: Situation) {
    const { path } = situation.error;
    if (path === undefined || processPath(path) !== undefined || netnsName(path) !== undefined) return undefined;
    return {
      certainty: 'certain',
      cause: `${displayText(path)} does not exist, or a part of the way to it is not a folder.`,
      evidence: [stepEvidence(situation)],
      remedy: 'Correct the path; it is looked up as seen from inside once the root has been changed.',
      needsAdministrator: false,
    };
  },
};

/** Becoming somebody else, as what is run inside does. */
const identity: Rule = {
  id: 'id-cannot-be-taken',
  errnos: ['EINVAL', 'EPERM'],
  steps: ['setresuid', 'setresgid'],
  source: manual('setresuid', 2),
  check(situation) {
    const { step, errno } = situation.error;
    const [who, map, capability] =
      step === 'setresuid' ? ['user', 'uid_map', 'CAP_SETUID'] : ['group', 'gid_map', 'CAP_SETGID'];
    // Something else denies what the capability would allow.
    if (errno === 'EPERM' && situation.has(capability)) return undefined;
    return errno === 'EINVAL'
      ? {
          certainty: 'certain',
          cause: `This ${who} has no mapping in the user namespace, so nothing can run there as it.`,
          evidence: [stepEvidence(situation)],
          remedy: `Choose one that /proc/PID/${map} of a process inside maps, by its number there, or leave the ids as they are ("keep").`,
          needsAdministrator: false,
        }
      : {
          certainty: 'certain',
          cause: `Becoming another ${who} takes ${capability} in the user namespace, which is not had there.`,
          evidence: [stepEvidence(situation), ...capabilityEvidence(situation, capability)],
          remedy: 'Leave the ids as they are ("keep"), or connect with sudo.',
          needsAdministrator: true,
        };
  },
};

export const joinRules: readonly Rule[] = [
  emptyName,
  changed,
  processGone,
  stillHeld,
  nameTaken,
  joinRights,
  notReadable,
  execution,
  addressTaken,
  linkRights,
  pathMissing,
  identity,
];
