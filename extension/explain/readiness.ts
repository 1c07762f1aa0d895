/** What a host and this user can do of what namespaces need, by type and by what was asked for in 2006. */
import { namespaceTypes, type ErrorRecord, type FactsRecord, type NamespaceType } from '../helper/protocol.ts';
import type { Graph } from '../model/types.ts';
import { count, figure, listed, typeNames } from '../model/plain-words.ts';
import { typeWord } from '../model/words.ts';
import { limitName, range, seen } from './evidence.ts';
import { explain } from './explain.ts';
import { kernelOptions, since } from './kernel-versions.ts';
import { levelsFromGraph, mountsOf } from './levels.ts';
import { foreignOverlap } from './causes/mappers.ts';
import { unbounded } from './causes/space.ts';
import type { Evidence, ExplainContext, Explanation, UserNamespaceLevel } from './types.ts';
import { fullyVisible } from './visible.ts';

export type State = 'yes' | 'no' | 'unknown' | 'partly';

/** How a real try of the whole step ended: `create --try --new=TYPE`. */
export type Try = { readonly made: true } | { readonly error: ErrorRecord; readonly context?: ExplainContext };

export type Tries = Readonly<Partial<Record<NamespaceType, Try>>>;

export interface TypeReadiness {
  readonly type: NamespaceType;
  /** The kernel has it. */
  readonly present: boolean;
  /** This user can create it, by a real try. */
  readonly state: State;
  /** Why not; empty unless `state` is `no` or `partly`. */
  readonly causes: readonly Explanation[];
  /** A user namespace had to be asked for too, since alone it is refused. */
  readonly withUser: boolean;
  /** Limits from the caller's user namespace upwards, as far as they can be seen. */
  readonly limits: readonly Evidence[];
}

/** One thing that was asked for in 2006, or one part of what it takes. */
export interface Item {
  readonly id: string;
  /** In the words of that time. */
  readonly asked: string;
  readonly label: string;
  readonly state: State;
  /** One sentence. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  readonly causes: readonly Explanation[];
}

export interface Readiness {
  readonly facts: FactsRecord;
  readonly types: readonly TypeReadiness[];
  /** In the order of 2006. */
  readonly items: readonly Item[];
}

/** `graph` adds how many namespaces are in use; without it that is said to be unknown. */
export function readiness(facts: FactsRecord, tries: Tries, graph?: Graph): Readiness {
  const levels = ownLevels(facts, graph);
  const mounts = graph === undefined ? {} : { mounts: mountsOf(graph) };
  const base: ExplainContext = { verb: 'create', userNamespaces: levels, ...mounts };
  const types = namespaceTypes.map((type) => typeReadiness(type, facts, tries, base, levels));
  return { facts, types, items: items(facts, types, levels) };
}

function ownLevels(facts: FactsRecord, graph: Graph | undefined): readonly UserNamespaceLevel[] {
  const id = facts.own.user ?? 0;
  const own = { id, limits: facts.limits };
  const initial = facts.userns?.initial === true ? { depth: 0 } : {};
  if (graph === undefined || !graph.namespaces.has(`user:${id}`)) return [{ ...own, ...initial }];
  return levelsFromGraph(graph, `user:${id}`, own);
}

function typeReadiness(
  type: NamespaceType,
  facts: FactsRecord,
  tries: Tries,
  base: ExplainContext,
  levels: readonly UserNamespaceLevel[],
): TypeReadiness {
  const present = facts.types.includes(type);
  const attempt = tries[type];
  const common = { type, present, limits: limitsOf(type, levels), withUser: false, causes: [] };
  if (!present) {
    const error = { step: 'unshare', errno: 'EINVAL', number: 22, type };
    return { ...common, state: 'no', causes: explain(error, facts, { ...base, new: [type] }) };
  }
  if (attempt === undefined) return { ...common, state: 'unknown' };
  if ('made' in attempt) return { ...common, state: 'yes' };
  const asked = attempt.context?.new ?? [type];
  const causes = explain(attempt.error, facts, { ...base, new: asked, ...attempt.context });
  // With a user namespace of its own an ordinary user can do what alone is for root.
  const user = tries.user;
  const through = user !== undefined && 'made' in user && causes[0].id === 'missing-capability' && type !== 'user';
  return { ...common, state: through ? 'partly' : 'no', causes, withUser: through };
}

function limitsOf(type: NamespaceType, levels: readonly UserNamespaceLevel[]): readonly Evidence[] {
  return levels.flatMap(({ id, depth, limits, inUse }) => {
    const limit = limits?.[limitName(type)];
    const place = depth === 0 ? 'the initial user namespace' : `user:${id}`;
    const used = inUse?.[type];
    const words = [
      limit === undefined
        ? 'limit not known'
        : limit >= unbounded
          ? 'no limit of its own'
          : `${figure(limit)} for each user`,
      used === undefined ? 'in use: not known' : `in use: ${figure(used)} visible, of all users`,
    ];
    return [seen(`Limit in ${place}`, words.join('; '), `/proc/sys/user/${limitName(type)}`)];
  });
}

/** `yes`, `no` and `partly` of several. */
export function combined(states: readonly State[]): State {
  if (states.every((state) => state === 'yes')) return 'yes';
  if (states.every((state) => state === 'no')) return 'no';
  return states.some((state) => state === 'unknown') && !states.includes('no') ? 'unknown' : 'partly';
}

const asked: readonly (readonly [type: NamespaceType, asked: string, label: string])[] = [
  ['mnt', 'fs namespace', 'Mount namespaces'],
  ['uts', 'uts namespace', 'UTS namespaces'],
  ['ipc', 'sysvipc namespace', 'IPC namespaces'],
  ['time', 'time namespace', 'Time namespaces'],
  ['user', 'uid/gid (keys?) namespace', 'User namespaces'],
  ['net', 'network namespace', 'Network namespaces'],
  ['pid', 'pid namespace', 'PID namespaces'],
  ['cgroup', '(later) cgroup namespace', 'Cgroup namespaces'],
];

function items(
  facts: FactsRecord,
  types: readonly TypeReadiness[],
  levels: readonly UserNamespaceLevel[],
): readonly Item[] {
  const own = asked.map(([type, words, label]): Item => {
    const found = types.find((each) => each.type === type);
    const evidence = [...(found?.limits ?? []), ...typeEvidence(type, facts, levels)];
    const state = found?.state ?? 'unknown';
    return {
      id: type,
      asked: words,
      label,
      state,
      summary: typeSummary(type, found),
      evidence,
      causes: found?.causes ?? [],
    };
  });
  return [...own, interfacesItem(facts), readinessItem(facts, types), instancesItem(facts, types)];
}

function typeSummary(type: NamespaceType, found: TypeReadiness | undefined): string {
  const word = `${typeWord(type)} namespaces`;
  if (found === undefined || found.state === 'unknown')
    return `The kernel has ${word}; whether this user can create them was not tried.`;
  if (!found.present)
    return `The kernel has no ${word}; they came with Linux ${since[type]} and ${kernelOptions[type]}.`;
  if (found.state === 'yes') return `This user can create ${word}.`;
  if (found.withUser) return `This user can create ${word} together with a user namespace, but not alone.`;
  return `This user cannot create ${word}.`;
}

function sysctl(facts: FactsRecord, name: string, what: string): readonly Evidence[] {
  const value = facts.sysctls?.[name];
  return value === undefined ? [] : [seen(what, value.replaceAll('\t', ' '), `/proc/sys/${name}`)];
}

/** Whether an interface that the helper looks for is there; nothing where the helper does not tell. */
function presence(facts: FactsRecord, path: string, what: string): readonly Evidence[] {
  if (facts.interfaces === undefined) return [];
  return [seen(what, facts.interfaces.includes(path) ? 'yes' : 'no', path)];
}

function typeEvidence(
  type: NamespaceType,
  facts: FactsRecord,
  levels: readonly UserNamespaceLevel[],
): readonly Evidence[] {
  switch (type) {
    case 'mnt':
      return [
        ...sysctl(facts, 'fs/mount-max', 'Mounts in one mount namespace'),
        ...(facts.restrictions['chroot'] === undefined
          ? []
          : [
              seen(
                'The caller is in a chroot',
                facts.restrictions['chroot'] === true ? 'yes' : 'no',
                '/proc/self/mountinfo',
              ),
            ]),
      ];
    case 'uts':
      return [
        ...sysctl(facts, 'kernel/hostname', 'Host name'),
        ...sysctl(facts, 'kernel/domainname', 'NIS domain name'),
      ];
    case 'ipc':
      return [
        ...sysctl(facts, 'kernel/shmmni', 'Shared memory segments'),
        ...sysctl(facts, 'kernel/sem', 'Semaphores'),
        ...sysctl(facts, 'kernel/msgmni', 'Message queues'),
        ...sysctl(facts, 'fs/mqueue/queues_max', 'POSIX message queues'),
        ...fileSystem(facts, 'mqueue', 'POSIX message queues can be mounted'),
      ];
    case 'time':
      return presence(facts, '/proc/self/timens_offsets', 'Offsets can be set');
    case 'user':
      return [...userEvidence(facts, levels), ...subordinateEvidence(facts), ...keyEvidence(facts)];
    case 'net':
      return [
        ...presence(facts, '/dev/net/tun', 'TUN and TAP devices, for networks without rights'),
        ...sysctl(facts, 'net/ipv4/ip_forward', 'Packets are forwarded'),
      ];
    case 'pid':
      return sysctl(facts, 'kernel/pid_max', 'Pids of a pid namespace');
    case 'cgroup':
      return [seen('Control group layout', facts.cgroup, '/proc/self/mountinfo')];
    default:
      return [];
  }
}

function fileSystem(facts: FactsRecord, name: string, what: string): readonly Evidence[] {
  if (facts.filesystems === undefined) return [];
  // A module that was never needed is not listed.
  return [seen(what, facts.filesystems.includes(name) ? 'yes' : 'not known, it is not loaded', '/proc/filesystems')];
}

function userEvidence(facts: FactsRecord, levels: readonly UserNamespaceLevel[]): readonly Evidence[] {
  const depth = levels[0]?.depth;
  const words = depth === undefined ? 'at least 1; what is above cannot be seen from inside' : `${depth} of at most 33`;
  return [
    seen('Levels below the initial user namespace', words, '/proc/self/ns/user, NS_GET_PARENT'),
    ...(facts.userns?.setgroups === undefined
      ? []
      : [seen('setgroups(2)', facts.userns.setgroups, '/proc/self/setgroups')]),
  ];
}

export function subordinateEvidence(facts: FactsRecord): readonly Evidence[] {
  const kinds = [
    ['subuid', facts.subuid, 'newuidmap', facts.subordinate?.subuid],
    ['subgid', facts.subgid, 'newgidmap', facts.subordinate?.subgid],
  ] as const;
  return kinds.flatMap(([kind, ranges, program, all]) => {
    const mapper = facts.mappers?.[program];
    const foreign = foreignOverlap(ranges, all ?? []);
    const file = `/etc/${kind}`;
    return [
      seen(
        `Subordinate ${kind.slice(3)}s`,
        ranges.map(({ start, count: size }) => range(start, size)).join('; ') || 'none',
        file,
      ),
      ...(foreign === undefined
        ? []
        : [seen(`Overlaps with ${foreign.name}`, range(foreign.start, foreign.count), file)]),
      seen(program, facts.tools[program] ?? 'not found', 'the search path'),
      ...(mapper === undefined
        ? []
        : [seen(`${program} has the rights that it needs`, hasRights(mapper) ? 'yes' : 'no', mapper.path)]),
    ];
  });
}

function hasRights(mapper: NonNullable<FactsRecord['mappers']>[string]): boolean {
  return mapper.nosuid !== true && ((mapper.setuid && mapper.owner === 0) || mapper.capability);
}

function keyEvidence(facts: FactsRecord): readonly Evidence[] {
  return [
    ...presence(facts, '/proc/keys', 'Keyrings, which belong to a user namespace'),
    ...sysctl(facts, 'kernel/keys/maxkeys', 'Keys for each user'),
  ];
}

/** Settings that a namespace has a value of its own for, by the type that they belong to. */
const perNamespace: readonly (readonly [type: NamespaceType, name: string])[] = [
  ['uts', 'kernel/hostname'],
  ['ipc', 'kernel/shmmax'],
  ['ipc', 'fs/mqueue/queues_max'],
  ['net', 'net/ipv4/ip_forward'],
  ['net', 'net/core/somaxconn'],
  ['pid', 'kernel/ns_last_pid'],
];

function interfacesItem(facts: FactsRecord): Item {
  const found = perNamespace.filter(([, name]) => facts.sysctls?.[name] !== undefined);
  const proc = fullyVisible(facts, 'proc');
  const sysfs = fullyVisible(facts, 'sysfs');
  const netlink = facts.interfaces?.includes('/proc/net/netlink');
  const visible = (['proc', 'sysfs'] as const).flatMap((type) => {
    const visibility = type === 'proc' ? proc : sysfs;
    if (visibility === undefined) return [];
    const whole = visibility.visible ? 'yes' : 'no';
    return [
      seen(`A new ${type} can be mounted from a user namespace`, whole, '/proc/self/mountinfo'),
      ...visibility.mounts.map(({ path, why }) => seen(path, why, '/proc/self/mountinfo')),
    ];
  });
  const states: readonly State[] = [
    facts.sysctls === undefined ? 'unknown' : found.length > 0 ? 'yes' : 'no',
    proc === undefined ? 'unknown' : proc.visible ? 'yes' : 'no',
    sysfs === undefined ? 'unknown' : sysfs.visible ? 'yes' : 'no',
    netlink === undefined ? 'unknown' : netlink ? 'yes' : 'no',
  ];
  const state = combined(states);
  const summaries: Readonly<Record<State, string>> = {
    yes: 'Settings, proc, sysfs and netlink belong to namespaces, and new ones can be mounted.',
    no: 'None of these interfaces belongs to a namespace here.',
    partly:
      'Some of these interfaces are missing, or covered so that new ones cannot be mounted from a user namespace.',
    unknown: 'The helper did not tell of these interfaces.',
  };
  return {
    id: 'interfaces',
    asked: 'sysctl, proc, sysfs, netlink clean-up',
    label: 'Interfaces of each namespace',
    state,
    summary: summaries[state],
    evidence: [
      ...(facts.sysctls === undefined
        ? []
        : [
            seen(
              'Settings of each namespace',
              found.map(([type, name]) => `${name} (${type})`).join(', ') || 'none',
              '/proc/sys',
            ),
          ]),
      ...visible,
      ...(netlink === undefined
        ? []
        : [seen('Netlink sockets of each net namespace', netlink ? 'yes' : 'no', '/proc/net/netlink')]),
    ],
    causes: [],
  };
}

function readinessItem(facts: FactsRecord, types: readonly TypeReadiness[]): Item {
  const state = combined(types.map((each) => each.state));
  const of = (wanted: State): readonly NamespaceType[] =>
    types.filter((each) => each.state === wanted).map(({ type }) => type);
  const parts = (
    [
      ['can be created', of('yes')],
      ['can be created together with a user namespace', of('partly')],
      ['cannot be created', of('no')],
      ['not tried', of('unknown')],
    ] as const
  ).filter(([, list]) => list.length > 0);
  return {
    id: 'readiness',
    asked: 'what features will the kernel need',
    label: 'This kernel and this user',
    state,
    summary: `${parts.map(([words, list]) => `${words}: ${listed(list)}`).join('; ')}.`.replace(/^./, (first) =>
      first.toUpperCase(),
    ),
    evidence: [
      seen('Kernel', facts.kernel, 'uname(2)'),
      seen('User', `${facts.user ?? 'no name'} (uid ${facts.uid})`, 'geteuid(2)'),
      seen(
        'Effective capabilities',
        facts.capabilities.length === 0 ? 'none' : count(facts.capabilities.length, 'capability', 'capabilities'),
        '/proc/self/status',
      ),
      seen('Tools', Object.keys(facts.tools).toSorted().join(', ') || 'none', 'the search path'),
    ],
    causes: [],
  };
}

function instancesItem(facts: FactsRecord, types: readonly TypeReadiness[]): Item {
  const usable = types.map(({ state, withUser }): State => (state === 'partly' && withUser ? 'yes' : state));
  const state = combined(usable);
  const missing = types.filter((_, index) => usable[index] === 'no').map(({ type }) => typeNames[type]);
  const user = types.find(({ type }) => type === 'user');
  const many = facts.subuid.length > 0 || facts.capabilities.includes('CAP_SETUID');
  const summaries: Readonly<Record<State, string>> = {
    yes: `Complete instances, with all eight types, can be made${many ? '' : '; without a range of subordinate ids they have one user only'}.`,
    no: 'No instance can be made.',
    partly: `Instances can be made without these types: ${listed(missing)}.`,
    unknown: 'Whether instances can be made was not tried.',
  };
  return {
    id: 'instances',
    asked: 'run separate user space instances',
    label: 'Instances',
    state: state === 'yes' && !many ? 'partly' : state,
    summary: summaries[state],
    evidence: subordinateEvidence(facts),
    causes: state === 'no' ? (user?.causes ?? []) : [],
  };
}
