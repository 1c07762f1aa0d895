/** EINVAL, ENOSYS, ERANGE and what else says that a request cannot be meant so. */
import { listed } from '../../model/plain-words.ts';
import { typeWord } from '../../model/words.ts';
import { kernelEvidence, restriction, seen, stepEvidence, capabilityEvidence } from '../evidence.ts';
import { manual } from '../../model/manual.ts';
import { isAtLeast, kernelOptions, since } from '../kernel-versions.ts';
import { creating, joining, unmounting } from '../steps.ts';
import type { Rule } from '../types.ts';

const unknownType: Rule = {
  id: 'type-unknown',
  errnos: ['EINVAL', 'ENOENT', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'],
  source: manual('namespaces', 7),
  check(situation) {
    const { facts, types, context } = situation;
    const asked = types.length > 0 ? types : (context.new ?? []);
    const missing = asked.filter((type) => !facts.types.includes(type));
    const [type] = missing;
    if (type === undefined) return undefined;
    return {
      certainty: 'certain',
      cause: `This kernel has no ${listed(missing.map(typeWord))} namespaces.`,
      evidence: [
        ...missing.map((each) => seen(`${each} namespaces`, 'absent', `/proc/self/ns/${each}`)),
        kernelEvidence(situation),
      ],
      remedy: `Leave ${listed(missing)} out. ${missing.map((each) => `The ${each} type came with Linux ${since[each]} and needs a kernel built with ${kernelOptions[each]}.`).join(' ')}`,
      needsAdministrator: true,
    };
  },
};

const oldCall: Rule = {
  id: 'call-unknown',
  errnos: ['ENOSYS'],
  source: manual('syscalls', 2),
  check(situation) {
    const { error, facts } = situation;
    const calls: Readonly<Record<string, string>> = {
      clone3: '5.3',
      pidfd_open: '5.3',
      pidfd_getfd: '5.6',
      openat2: '5.6',
      mount_setattr: '5.12',
      move_mount: '5.2',
      open_tree: '5.2',
      listns: '6.19',
    };
    const version = calls[error.step];
    const old = version === undefined ? undefined : isAtLeast(facts.kernel, version) === false;
    // In a newer kernel without a filter something else hides it.
    if (old === false && facts.restrictions['seccomp'] === 2) return undefined;
    return {
      certainty: old === true ? 'certain' : 'possible',
      cause: `This kernel does not have ${error.step}${version === undefined ? '' : `, which came with Linux ${version}`}, or something hides it.`,
      evidence: [kernelEvidence(situation), ...restriction(facts, 'seccomp', 'Seccomp mode')],
      remedy: 'A newer kernel has it.',
      needsAdministrator: true,
    };
  },
};

const multiThreaded: Rule = {
  id: 'multi-threaded',
  errnos: ['EINVAL'],
  steps: [...joining, 'unshare'],
  source: manual('setns', 2),
  check(situation) {
    const { context, types, error } = situation;
    // The helper has one thread when it makes or joins: only other programs can fail for this.
    const threads = context.threads ?? (context.program === undefined ? 1 : undefined);
    const concerned = error.step === 'unshare' ? ['user'] : ['user', 'mnt', 'time'];
    if (threads === 1 || !types.some((type) => concerned.includes(type))) return undefined;
    return {
      certainty: threads === undefined ? 'possible' : 'certain',
      cause: `A process with several threads cannot ${error.step === 'unshare' ? 'make' : 'join'} a namespace of the type ${listed(types.filter((type) => concerned.includes(type)))}.`,
      evidence: [
        seen('Threads of the program', threads ?? 'not known', '/proc/PID/status, Threads'),
        ...(context.program === undefined ? [] : [seen('Program', context.program, 'what was run')]),
      ],
      remedy:
        'Do it before the first thread is started: in Go and Java that is a small program that then executes the real one.',
      needsAdministrator: false,
    };
  },
};

const ownNamespace: Rule = {
  id: 'own-user-namespace',
  errnos: ['EINVAL'],
  steps: joining,
  source: manual('setns', 2),
  check({ types, context, facts }) {
    if (!types.includes('user')) return undefined;
    const target = context.userNamespaces?.[0]?.id;
    const same = target !== undefined && target === facts.own.user;
    if (target !== undefined && !same) return undefined;
    return {
      certainty: same ? 'certain' : 'possible',
      cause: 'The caller is in that user namespace already, and a user namespace cannot be joined a second time.',
      evidence: [
        seen('Own user namespace', facts.own.user ?? 'not known', '/proc/self/ns/user'),
        seen('The one to be joined', target ?? 'not known', 'what was asked for'),
      ],
      remedy: 'Leave the user namespace out.',
      needsAdministrator: false,
    };
  },
};

const pidNotBelow: Rule = {
  id: 'pid-namespace-not-below',
  errnos: ['EINVAL'],
  steps: joining,
  source: manual('setns', 2),
  check({ types }) {
    if (!types.includes('pid')) return undefined;
    return {
      certainty: 'likely',
      cause: 'A pid namespace can be joined only from one above it, and this one is not below that of the caller.',
      evidence: [seen('Type to be joined', 'pid', 'what was asked for')],
      remedy: 'Join it from the host, not from inside another pid namespace.',
      needsAdministrator: false,
    };
  },
};

const pidTwice: Rule = {
  id: 'pid-namespace-twice',
  errnos: ['EINVAL'],
  steps: creating,
  source: manual('pid_namespaces', 7),
  check(situation) {
    if (!situation.types.includes('pid') || situation.context.program === undefined) return undefined;
    return {
      certainty: 'possible',
      cause:
        'The program has already made or joined a pid namespace for its children; it cannot do so twice, nor start threads afterwards.',
      evidence: [stepEvidence(situation)],
      remedy: 'Start a child first (unshare --fork) and go on from there.',
      needsAdministrator: false,
    };
  },
};

/** The kernel takes offsets that keep the clock from going below 0, and beyond half of what 64 bits of nanoseconds hold. */
const mostSeconds = Math.floor(2 ** 63 / 1e9 / 2);

const offsetRange: Rule = {
  id: 'time-offset-range',
  errnos: ['ERANGE'],
  steps: ['timens_offsets'],
  source: manual('time_namespaces', 7),
  check({ context }) {
    const offsets = [
      ['monotonic', context.monotonic],
      ['boottime', context.boottime],
    ] as const;
    const given = offsets.flatMap(([clock, value]) => (value === undefined ? [] : [{ clock, value }]));
    return {
      certainty: 'certain',
      cause: `An offset is out of range: with it the clock would be below 0, or beyond ${mostSeconds} seconds, about 146 years.`,
      evidence: given.map(({ clock, value }) => seen(`Offset of ${clock}`, `${value} s`, 'what was asked for')),
      remedy:
        'Choose a smaller offset. A negative one may not be larger than the time since the host was started (/proc/uptime).',
      needsAdministrator: false,
    };
  },
};

const offsetLate: Rule = {
  id: 'time-offset-after-first-child',
  errnos: ['EACCES'],
  steps: ['timens_offsets'],
  source: manual('time_namespaces', 7),
  check(situation) {
    return {
      certainty: 'certain',
      cause: 'The time namespace already has a process in it; offsets can be set only before the first one.',
      evidence: [stepEvidence(situation)],
      remedy: 'Make a new time namespace, and set the offsets before the first child is made.',
      needsAdministrator: false,
    };
  },
};

const offsetCapability: Rule = {
  id: 'time-offset-capability',
  errnos: ['EPERM'],
  steps: ['timens_offsets'],
  source: manual('time_namespaces', 7),
  check(situation) {
    if (situation.has('CAP_SYS_TIME') || situation.context.new?.includes('user') === true) return undefined;
    return {
      certainty: 'certain',
      cause: 'Setting offsets takes CAP_SYS_TIME in the user namespace that owns the time namespace.',
      evidence: capabilityEvidence(situation, 'CAP_SYS_TIME'),
      remedy: 'Ask for a user namespace too, which gives that capability, or connect with sudo.',
      needsAdministrator: false,
    };
  },
};

const offsetValue: Rule = {
  id: 'time-offset-form',
  errnos: ['EINVAL'],
  steps: ['timens_offsets'],
  source: manual('time_namespaces', 7),
  check(situation) {
    return {
      certainty: 'likely',
      cause:
        'The offsets are not of the form "monotonic|boottime SECONDS NANOSECONDS", or nanoseconds are not below 1,000,000,000.',
      evidence: [stepEvidence(situation)],
      remedy: 'Give whole seconds. There is no offset for the wall clock (CLOCK_REALTIME).',
      needsAdministrator: false,
    };
  },
};

const nameLength: Rule = {
  id: 'host-name-length',
  errnos: ['EINVAL', 'ENAMETOOLONG'],
  steps: ['sethostname', 'setdomainname'],
  source: manual('sethostname', 2),
  check({ context, error }) {
    const length = context.hostname === undefined ? undefined : new TextEncoder().encode(context.hostname).length;
    if (length !== undefined && length <= 64 && error.step === 'sethostname') return undefined;
    return {
      certainty: length === undefined ? 'likely' : 'certain',
      cause: 'A host name or domain name has at most 64 bytes.',
      evidence: length === undefined ? [] : [seen('Bytes', length, 'what was asked for')],
      remedy: 'Choose a shorter name.',
      needsAdministrator: false,
    };
  },
};

const pivotRoot: Rule = {
  id: 'pivot-root',
  errnos: ['EINVAL', 'EBUSY'],
  steps: ['pivot_root'],
  source: manual('pivot_root', 2),
  check(situation) {
    return {
      certainty: 'possible',
      cause:
        'The new root is not a mount point, or its mount or that of its parent is shared with other mount namespaces, or the present root is the initial ramdisk, which cannot be moved.',
      evidence: [stepEvidence(situation)],
      remedy: 'Bind-mount the new root onto itself and make the propagation private first ("mount --make-rprivate /").',
      needsAdministrator: false,
    };
  },
};

const lockedUnmount: Rule = {
  id: 'locked-mount',
  errnos: ['EINVAL'],
  steps: [...unmounting, 'mount', 'open_tree', 'move_mount'],
  source: manual('mount_namespaces', 7),
  check(situation) {
    const { error, facts, context } = situation;
    const inside = facts.userns?.initial === false || context.new?.includes('user') === true;
    if (!inside) return undefined;
    const unmount = unmounting.includes(error.step);
    return {
      certainty: unmount ? 'likely' : 'possible',
      cause: unmount
        ? 'The mount came from a mount namespace with more rights, and such mounts are locked together: they cannot be unmounted one by one, since what they hide would show. (Otherwise it is no mount point.)'
        : 'The mount to be copied or moved is locked to those beneath it, because they came from a mount namespace with more rights.',
      evidence: [
        stepEvidence(situation),
        seen(
          'In the initial user namespace',
          facts.userns?.initial === true ? 'yes, before' : 'no',
          '/proc/self/ns/user',
        ),
      ],
      remedy: unmount
        ? 'Leave it, mount over it, or take away the whole tree from its topmost mount.'
        : 'Copy the whole tree: mount --rbind instead of --bind.',
      needsAdministrator: false,
    };
  },
};

export const invalidRules: readonly Rule[] = [
  unknownType,
  oldCall,
  multiThreaded,
  ownNamespace,
  pidNotBelow,
  pidTwice,
  offsetRange,
  offsetLate,
  offsetCapability,
  offsetValue,
  nameLength,
  pivotRoot,
  lockedUnmount,
];
