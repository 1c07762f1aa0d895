/**
 * ENOSPC, which reads "No space left on device" but has nothing to do with a disk when a namespace was to be made; EUSERS, which
 * stood for the depth before 4.9; EAGAIN and ENOMEM.
 */
import type { NamespaceType } from '../../helper/protocol.ts';
import { count, figure } from '../../model/plain-words.ts';
import { typeWord } from '../../model/words.ts';
import { kernelEvidence, limitName, seen, stepEvidence } from '../evidence.ts';
import { manual } from '../../model/manual.ts';
import { isAtLeast } from '../kernel-versions.ts';
import { creating, mounting, starting, writing } from '../steps.ts';
import type { Evidence, Finding, Rule, Situation, UserNamespaceLevel } from '../types.ts';

/** user_namespaces(7): at most 32 nested levels; the kernel counts the initial one as level 0 and takes level 33. */
export const deepestUser = 33;
/** MAX_PID_NS_LEVEL of linux/pid_namespace.h, pid_namespaces(7). */
export const deepestPid = 32;

/** What a new user namespace starts with: no bound of its own, so only those above it count. */
export const unbounded = 0x7fffffff;

const notTheDisk = 'The disk is not full: the kernel uses ENOSPC ("No space left on device") for this too.';

/** The level in which something was to be made and those above it; at least what the facts say of the caller's own. */
export function levelsOf({ facts, context }: Situation): readonly UserNamespaceLevel[] {
  if (context.userNamespaces !== undefined && context.userNamespaces.length > 0) return context.userNamespaces;
  const own = { id: facts.own.user ?? 0, limits: facts.limits };
  return [facts.userns?.initial === true ? { ...own, depth: 0 } : own];
}

interface Reached {
  readonly type: NamespaceType;
  readonly level: UserNamespaceLevel;
  readonly index: number;
  readonly limit: number;
  readonly used: number | undefined;
}

/** Limits that the new namespaces are counted against: those of the level itself and of every one above it. */
function limits(situation: Situation): readonly Reached[] {
  return situation.types.flatMap((type) =>
    levelsOf(situation).flatMap((level, index) => {
      const limit = level.limits?.[limitName(type)];
      return limit === undefined ? [] : [{ type, level, index, limit, used: level.inUse?.[type] }];
    }),
  );
}

function where(index: number, level: UserNamespaceLevel): string {
  if (level.depth === 0) return 'the initial user namespace';
  const name = level.id === 0 ? 'this user namespace' : `user namespace ${level.id}`;
  return index === 0 ? name : `${name}, ${count(index, 'level')} above,`;
}

function limitEvidence({ type, level, index, limit, used }: Reached): readonly Evidence[] {
  const file = `/proc/sys/user/${limitName(type)}`;
  const place = level.id === 0 ? file : `${file}, read in user:${level.id}`;
  const evidence = [seen(`${limitName(type)} in ${where(index, level).replace(/,$/, '')}`, limit, place)];
  const visible = used === undefined ? 'not known' : `${figure(used)} visible, of all users together`;
  return [...evidence, seen('In use there', visible, 'the namespaces that are visible on this host')];
}

function raise(type: NamespaceType, limit: number): string {
  const wanted = limit < 1000 ? 10_000 : limit * 2;
  const file = `user.${limitName(type)}`;
  return `An administrator raises the limit with "sysctl -w ${file}=${wanted}", and for good in a file under /etc/sysctl.d/. A limit of another user namespace is raised from inside that one.`;
}

const limitReached: Rule = {
  id: 'namespace-limit',
  errnos: ['ENOSPC'],
  steps: creating,
  source: manual('namespaces', 7),
  check(situation) {
    const all = limits(situation);
    const zero = all.find(({ limit }) => limit === 0);
    if (zero !== undefined) {
      return {
        certainty: 'certain',
        cause: `No ${typeWord(zero.type)} namespace may be made: the limit of ${where(zero.index, zero.level)} is 0. ${notTheDisk}`,
        evidence: limitEvidence(zero),
        remedy: raise(zero.type, 0),
        needsAdministrator: true,
      };
    }
    const full = all.find(({ limit, used }) => used !== undefined && used >= limit);
    if (full !== undefined) {
      return {
        certainty: 'likely',
        cause: `The limit on ${typeWord(full.type)} namespaces of ${where(full.index, full.level)} is reached: ${figure(full.limit)} for each user. ${notTheDisk}`,
        evidence: limitEvidence(full),
        remedy: `End namespaces that are no longer needed. ${raise(full.type, full.limit)}`,
        needsAdministrator: true,
      };
    }
    return unseenLimit(situation, all);
  },
};

/** A limit that may be reached, but how much of it is in use, or what it is further up, is not visible. */
function unseenLimit(situation: Situation, all: readonly Reached[]): Finding | undefined {
  const depths = levelsOf(situation);
  const top = depths.at(-1);
  const closest = all
    .filter(({ limit }) => limit < unbounded)
    .toSorted((a, b) => a.limit - b.limit)
    .at(0);
  const complete = top?.depth === 0;
  const deepest = depths[0]?.depth;
  // Too deep is the answer then, and the kernel asks for that first.
  if (situation.types.includes('user') && deepest !== undefined && deepest >= deepestUser) return undefined;
  if (closest === undefined) {
    if (complete) return undefined;
    const [type] = situation.types;
    return {
      certainty: 'possible',
      cause: `A limit on ${type === undefined ? '' : `${typeWord(type)} `}namespaces of a user namespace further up is reached; from inside, the limits above cannot be seen. ${notTheDisk}`,
      evidence: all.slice(0, 1).flatMap(limitEvidence),
      remedy: 'Someone outside of this user namespace looks at /proc/sys/user/ there and raises the limit.',
      needsAdministrator: true,
    };
  }
  return {
    // With a way up that is known to its end and a depth that is not the cause, only the count itself is not seen.
    certainty: complete ? 'likely' : 'possible',
    cause: `The limit on ${typeWord(closest.type)} namespaces of ${where(closest.index, closest.level)} is reached: ${figure(closest.limit)} for each user. ${notTheDisk}`,
    evidence: limitEvidence(closest),
    remedy: `End namespaces that are no longer needed; a deep refresh finds those without a process. ${raise(closest.type, closest.limit)}`,
    needsAdministrator: true,
  };
}

const userDepth: Rule = {
  id: 'user-depth',
  errnos: ['ENOSPC', 'EUSERS'],
  steps: creating,
  source: manual('user_namespaces', 7),
  check(situation) {
    const { error, facts, types } = situation;
    if (!types.includes('user')) return undefined;
    // The only meaning of EUSERS, and only before 4.9.
    if (error.errno === 'EUSERS' && isAtLeast(facts.kernel, '4.9') !== false) return undefined;
    const levels = levelsOf(situation);
    const depth = levels[0]?.depth;
    if (depth !== undefined && depth < deepestUser && error.errno === 'ENOSPC') return undefined;
    const known = depth === undefined ? 'at least 1; what is above cannot be seen from inside' : String(depth);
    // A limit that is 0 here is proof enough of another cause.
    return {
      certainty: depth !== undefined || error.errno === 'EUSERS' ? 'certain' : 'possible',
      cause:
        `User namespaces are nested too deeply: ${deepestUser} levels below the initial one is the most that the kernel allows, whatever the limits. ${error.errno === 'ENOSPC' ? notTheDisk : ''}`.trim(),
      evidence: [
        seen('Levels below the initial user namespace', known, 'NS_GET_PARENT of ioctl_nsfs(2)'),
        ...levels.slice(0, 3).map(({ id }, index) => seen(`Level ${index} above`, `user:${id}`, 'NS_GET_PARENT')),
        kernelEvidence(situation),
      ],
      remedy: 'Make it from a user namespace further up. No setting changes this bound.',
      needsAdministrator: false,
    };
  },
};

const pidDepth: Rule = {
  id: 'pid-depth',
  errnos: ['ENOSPC'],
  steps: creating,
  source: manual('pid_namespaces', 7),
  check({ types, context }) {
    if (!types.includes('pid') || context.pidDepth === undefined || context.pidDepth < deepestPid) return undefined;
    return {
      certainty: 'certain',
      cause: `PID namespaces are nested too deeply: ${deepestPid} levels below the initial one is the most that the kernel allows. ${notTheDisk}`,
      evidence: [seen('Levels below the initial pid namespace', context.pidDepth, '/proc/PID/status, NSpid')],
      remedy: 'Make it from a pid namespace further up. No setting changes this bound.',
      needsAdministrator: false,
    };
  },
};

const mountLimit: Rule = {
  id: 'mount-limit',
  errnos: ['ENOSPC'],
  steps: [...creating, ...mounting],
  source: 'https://docs.kernel.org/admin-guide/sysctl/fs.html#mount-max',
  check({ error, facts, types }) {
    if (creating.includes(error.step) && !types.includes('mnt')) return undefined;
    const limit = facts.sysctls?.['fs/mount-max'];
    const isMount = !creating.includes(error.step);
    return {
      certainty: isMount ? 'likely' : 'possible',
      cause: `The mount namespace would have more mounts than one may have${limit === undefined ? '' : ` (${limit})`}. ${notTheDisk}`,
      evidence: limit === undefined ? [] : [seen('Mounts in one mount namespace', limit, '/proc/sys/fs/mount-max')],
      remedy: 'Unmount what is not needed, or an administrator raises fs.mount-max.',
      needsAdministrator: true,
    };
  },
};

const diskFull: Rule = {
  id: 'file-system-full',
  errnos: ['ENOSPC', 'EDQUOT'],
  steps: writing,
  source: manual('write', 2),
  check(situation) {
    return {
      certainty: 'likely',
      cause:
        situation.error.errno === 'EDQUOT'
          ? 'The quota of the user on that file system is used up.'
          : 'The file system is full, or has no inode left: here ENOSPC means what it says.',
      evidence: [stepEvidence(situation)],
      remedy: 'Make room on the file system; "df -h" and "df -i" show how full it is.',
      needsAdministrator: false,
    };
  },
};

const processLimit: Rule = {
  id: 'process-limit',
  errnos: ['EAGAIN'],
  steps: [...new Set([...creating, ...starting])],
  source: manual('fork', 2),
  check(situation) {
    const { facts } = situation;
    const limit = facts.rlimits?.['nproc'];
    const threads = facts.sysctls?.['kernel/threads-max'];
    const pids = facts.sysctls?.['kernel/pid_max'];
    const evidence = [
      seen('RLIMIT_NPROC', limit ?? (facts.rlimits === undefined ? 'not known' : 'unlimited'), 'getrlimit(2)'),
      ...(threads === undefined ? [] : [seen('Threads of the whole system', threads, '/proc/sys/kernel/threads-max')]),
      ...(pids === undefined ? [] : [seen('Pids of a pid namespace', pids, '/proc/sys/kernel/pid_max')]),
    ];
    return {
      certainty: 'likely',
      cause:
        'The user has as many processes and threads as it may have, or the control group (pids.max) or the system has.',
      evidence,
      remedy:
        'End processes, or raise "ulimit -u" (limits.conf), pids.max of the control group (TasksMax= of the systemd unit) or kernel.threads-max.',
      needsAdministrator: true,
    };
  },
};

const pidNamespaceOver: Rule = {
  id: 'pid-namespace-over',
  errnos: ['ENOMEM'],
  steps: starting,
  source: manual('pid_namespaces', 7),
  check(situation) {
    return {
      certainty: 'likely',
      cause:
        'The first process of the pid namespace has ended, and after that no further one can be made in it. The kernel says ENOMEM ("Cannot allocate memory") for this, also where there is memory enough.',
      evidence: [stepEvidence(situation)],
      remedy:
        'Make a new pid namespace, and keep its first process: "unshare --pid" needs --fork, since the first child becomes process 1.',
      needsAdministrator: false,
    };
  },
};

export const spaceRules: readonly Rule[] = [
  userDepth,
  pidDepth,
  limitReached,
  mountLimit,
  diskFull,
  processLimit,
  pidNamespaceOver,
];
