/** What is wrong with the host itself, and what workloads share with it. */
import { namespaceTypes } from '../../helper/protocol.ts';
import { hasInitialId } from '../initial.ts';
import { count, figure, listed } from '../plain-words.ts';
import { leaderOf, typeWord } from '../words.ts';
import type { NamespaceType } from '../../helper/protocol.ts';
import type { Workload, WorkloadKind } from '../types.ts';
import { type Finding, type Live } from './types.ts';
import { manual } from '../manual.ts';

/** newuidmap(1) and newgidmap(1) write the maps of an ordinary user; without their rights they cannot. */
export function* mappers({ facts }: Live): Iterable<Finding> {
  const { mappers: found } = facts;
  if (found === undefined) return;
  for (const name of ['newuidmap', 'newgidmap']) {
    const mapper = found[name];
    const able = mapper !== undefined && ((mapper.setuid && mapper.owner === 0) || mapper.capability);
    if (able && mapper.nosuid !== true) continue;
    yield {
      id: 'live/mapper-missing',
      severity: 'information',
      target: { kind: 'host' },
      at: 'tools',
      message:
        mapper === undefined
          ? `${name} was not found, so ordinary users can map no subordinate ids.`
          : able
            ? `${name} is on a file system that is mounted nosuid, so it has no rights.`
            : `${name} is neither set-user-ID root nor has it the file capability that it needs, so ordinary users can map no subordinate ids.`,
      remedy:
        mapper === undefined
          ? 'Install the package that has it: uidmap on Debian and Ubuntu, shadow-utils on Fedora.'
          : 'Reinstall the package that has it.',
      link: manual('newuidmap', 1),
    };
  }
}

/** Percent of a limit from which on it is said. */
const near = 80;

/**
 * Limits count, for each user of the initial user namespace, what that user and everyone below has made. Who made it is known of
 * user namespaces and of what those own; of the rest only how many there are.
 */
export function* limits({ graph, facts }: Live): Iterable<Finding> {
  if (facts.own.user === undefined || !hasInitialId('user', facts.own.user)) return;
  for (const type of namespaceTypes) {
    const limit = facts.limits[`max_${type}_namespaces`];
    const list = graph.ofType(type);
    if (limit === undefined || limit === 0 || list.size * 100 <= limit * near) continue;
    const byUser = new Map<number, number>();
    for (const namespace of list) {
      const below = type === 'user' ? namespace : namespace.owner && graph.namespaces.get(namespace.owner);
      // Further down it counts for whoever made the user namespace at the top of them.
      if (below === undefined || below.parent !== `user:${facts.own.user}` || below.uid === undefined) continue;
      byUser.set(below.uid, (byUser.get(below.uid) ?? 0) + 1);
    }
    const over = [...byUser].filter(([, made]) => made * 100 > limit * near);
    for (const [uid, made] of over)
      yield limitFinding(
        type,
        `${graph.userName(uid) ?? `Uid ${uid}`} has at least ${figure(made)} of ${figure(limit)} ${typeWord(type)} namespaces that one user may have.`,
        'warning',
      );
    if (over.length === 0)
      yield limitFinding(
        type,
        `There are ${count(list.size, `${typeWord(type)} namespace`)}, and one user may have ${figure(limit)}. Who made them is not known.`,
        'information',
      );
  }
}

function limitFinding(type: NamespaceType, message: string, severity: 'warning' | 'information'): Finding {
  return {
    id: 'live/near-limit',
    severity,
    target: { kind: 'host' },
    at: 'limits (/proc/sys/user)',
    message: `${message} At the limit, creating one fails with ENOSPC.`,
    remedy: `Find out what does not let go of them, or raise /proc/sys/user/max_${type}_namespaces.`,
    link: manual('namespaces', 7),
    action: 'findLeaks',
  };
}

/** What is run as a container is thought to have these of its own. */
const containers: ReadonlySet<WorkloadKind> = new Set<WorkloadKind>([
  'docker',
  'podman',
  'containerd',
  'kubernetes',
  'cri-o',
  'container',
  'lxc',
  'machine',
]);

export function isContainer(workload: Workload | undefined): boolean {
  return workload !== undefined && containers.has(workload.kind);
}

const expected = ['mnt', 'pid', 'net', 'ipc', 'uts'] as const;
/** With these it sees, and with the rights for it rules, what runs on the host. */
const grave: ReadonlySet<NamespaceType> = new Set<NamespaceType>(['mnt', 'pid']);

export function* sharing({ graph }: Live): Iterable<Finding> {
  for (const workload of graph.workloads.values()) {
    if (!isContainer(workload)) continue;
    const { namespaces } = leaderOf(graph, workload) ?? {};
    if (namespaces === undefined) continue;
    const shared = expected.filter((type) => {
      const key = namespaces[type];
      return key !== undefined && graph.namespaces.get(key)?.initial === true;
    });
    // With none of its own it is not what it was taken for: its name came from the cgroup alone.
    if (shared.length === 0 || shared.length === expected.length) continue;
    yield {
      id: 'live/shares-with-host',
      severity: shared.some((type) => grave.has(type)) ? 'warning' : 'information',
      target: { kind: 'workload', id: workload.id },
      at: 'namespaces',
      message: `It runs in the host's ${listed(shared.map(typeWord))} ${shared.length === 1 ? 'namespace' : 'namespaces'}.`,
      remedy:
        'Start it without the options that ask for this, such as --network=host or hostNetwork, if it is not on purpose.',
      link: manual('namespaces', 7),
    };
  }
}
