/** EPERM, ENOENT and ENODEV of mounts. */
import { capabilityEvidence, restriction, seen, stepEvidence } from '../evidence.ts';
import { manual } from '../../model/manual.ts';
import { mounting } from '../steps.ts';
import type { Evidence, Rule, Situation } from '../types.ts';
import { fullyVisible, type Visibility } from '../visible.ts';

/** Which of the two file systems that a namespace shows through was to be mounted, by the path or the words of the error. */
function pseudo({ error }: Situation): 'proc' | 'sysfs' | undefined {
  const said = `${error.path ?? ''} ${error.detail ?? ''}`;
  if (/(?:^|[\s/])proc(?:\s|$)/.test(said)) return 'proc';
  return /(?:^|[\s/])sys(?:fs)?(?:\s|$)/.test(said) ? 'sysfs' : undefined;
}

/** Rights come from a user namespace below the initial one. */
function isBelow({ facts, context }: Situation): boolean {
  return facts.userns?.initial === false || context.new?.includes('user') === true;
}

function visibleEvidence({ type, mounts }: Visibility): readonly Evidence[] {
  if (mounts.length === 0) return [seen(`Mounts of ${type}`, 'none', '/proc/self/mountinfo')];
  return mounts.map(({ path, why }) => seen(path, why, '/proc/self/mountinfo'));
}

const notVisible: Rule = {
  id: 'proc-not-visible',
  errnos: ['EPERM'],
  steps: mounting,
  source: manual('mount_namespaces', 7),
  check(situation) {
    const type = pseudo(situation);
    if (type === undefined || !isBelow(situation)) return undefined;
    const visibility = fullyVisible(situation.facts, type);
    if (visibility === undefined || visibility.visible) return undefined;
    return {
      certainty: 'certain',
      cause: `A new ${type} can be mounted from a user namespace only where one is mounted already that shows everything, and here each has something mounted over it or is missing. Container engines cover parts of /proc and /sys so.`,
      evidence: visibleEvidence(visibility),
      remedy: `Use the ${type} that is there (do not ask for a new one), or have the outer container started with an uncovered ${type}: "--security-opt unmask=ALL" of Podman, "--security-opt systempaths=unconfined" of Docker, "procMount: Unmasked" of Kubernetes.`,
      needsAdministrator: true,
    };
  },
};

const needsOwner: Rule = {
  id: 'proc-without-own-namespace',
  errnos: ['EPERM'],
  steps: mounting,
  source: manual('user_namespaces', 7),
  check(situation) {
    const type = pseudo(situation);
    const { context } = situation;
    if (type === undefined || context.new?.includes('user') !== true) return undefined;
    const needed = type === 'proc' ? 'pid' : 'net';
    if (context.new.includes(needed) || context.join?.includes(needed) === true) return undefined;
    return {
      certainty: 'certain',
      cause: `A ${type} shows a ${needed} namespace, and mounting it takes rights over that one. The new user namespace does not own the ${needed} namespace, because no new one was asked for.`,
      evidence: [seen('New namespaces', context.new.join(', '), 'what was asked for')],
      remedy: `Ask for a new ${needed} namespace too, or bind the ${type} of the host instead of a new one.`,
      needsAdministrator: false,
    };
  },
};

const lockedFlags: Rule = {
  id: 'locked-mount-options',
  errnos: ['EPERM'],
  steps: mounting,
  source: manual('mount_namespaces', 7),
  check(situation) {
    const { error } = situation;
    if (!isBelow(situation) || pseudo(situation) !== undefined) return undefined;
    const remount = /remount|\bro\b|\brw\b|nosuid|nodev|noexec|atime/.test(error.detail ?? '');
    return {
      certainty: remount ? 'likely' : 'possible',
      cause:
        'The mount came from a mount namespace with more rights, and its options ro, nosuid, nodev, noexec and atime are locked: they can be kept or made stricter, but not lifted.',
      evidence: [stepEvidence(situation)],
      remedy: 'Repeat the options that it has (findmnt shows them) when it is mounted again.',
      needsAdministrator: false,
    };
  },
};

const typeForbidden: Rule = {
  id: 'file-system-needs-root',
  errnos: ['EPERM'],
  steps: mounting,
  source: manual('user_namespaces', 7),
  check(situation) {
    if (!isBelow(situation) || pseudo(situation) !== undefined) return undefined;
    return {
      certainty: 'possible',
      cause:
        'From a user namespace only some file systems can be mounted: proc, sysfs, devpts, tmpfs, ramfs, mqueue, bind mounts, cgroup since 4.6, FUSE since 4.18 and overlay since 5.11. Those on a block device are for root.',
      evidence: [stepEvidence(situation)],
      remedy: 'Mount it as root on the host and bind it, or use a FUSE program for it.',
      needsAdministrator: true,
    };
  },
};

const apparmorMount: Rule = {
  id: 'apparmor-mount',
  errnos: ['EACCES'],
  steps: [...mounting, 'pivot_root', 'umount2'],
  source: 'https://manpages.ubuntu.com/manpages/noble/man5/apparmor.d.5.html',
  check(situation) {
    const { facts } = situation;
    const context = String(facts.restrictions['context'] ?? '');
    if (context === '' || context === 'unconfined' || !context.includes('(')) return undefined;
    return {
      certainty: 'likely',
      cause: 'An AppArmor profile on the caller refuses mounts, as the one of Docker (docker-default) does.',
      evidence: [...restriction(facts, 'context', 'Profile of the caller'), stepEvidence(situation)],
      remedy: 'Start the container with another profile ("--security-opt apparmor=unconfined"), or work from the host.',
      needsAdministrator: true,
    };
  },
};

const noDevice: Rule = {
  id: 'file-system-unknown',
  errnos: ['ENODEV'],
  steps: mounting,
  source: manual('mount', 2),
  check(situation) {
    const list = situation.facts.filesystems;
    return {
      certainty: 'certain',
      cause: 'This kernel does not have that file system, and could not load it as a module.',
      evidence: [
        stepEvidence(situation),
        ...(list === undefined ? [] : [seen('Of those that matter here it has', list.join(', '), '/proc/filesystems')]),
      ],
      remedy: 'An administrator loads the module (modprobe), or a kernel with it is installed.',
      needsAdministrator: true,
    };
  },
};

const sysctlRefused: Rule = {
  id: 'sysctl-not-per-namespace',
  errnos: ['EPERM', 'EACCES', 'EROFS', 'ENOENT'],
  steps: ['sysctl'],
  source: 'https://docs.kernel.org/admin-guide/sysctl/index.html',
  check(situation) {
    const { error } = situation;
    const readOnly = error.errno === 'EROFS';
    return {
      certainty: 'likely',
      cause: readOnly
        ? '/proc/sys is mounted read-only here, as container engines do.'
        : error.errno === 'ENOENT'
          ? 'This kernel has no such setting, or not in a namespace other than the first.'
          : 'The setting belongs to the whole host and not to a namespace, or its namespace is not owned by the user namespace of the caller.',
      evidence: [stepEvidence(situation), ...capabilityEvidence(situation, 'CAP_SYS_ADMIN')],
      remedy: readOnly
        ? 'Set it where the container is started ("--sysctl").'
        : 'Settings of net.* need a new net namespace, those of kernel.shm*, msg*, sem and fs.mqueue.* a new ipc namespace; all others only root of the host can change.',
      needsAdministrator: !readOnly,
    };
  },
};

export const mountRules: readonly Rule[] = [
  notVisible,
  needsOwner,
  typeForbidden,
  lockedFlags,
  apparmorMount,
  noDevice,
  sysctlRefused,
];
