/** What processes see of the kernel: through /proc, /sys, their network and their clocks. */
import { displayText } from '../text.ts';
import { count, listed } from '../plain-words.ts';
import { namespaceName, processName } from '../words.ts';
import type { Namespace } from '../types.ts';
import { type Finding, type Inspection, type Live } from './types.ts';
import { manual } from '../manual.ts';

type Inside = Inspection['inside'] extends ReadonlyMap<unknown, infer R> ? R : never;

/** Only namespaces that are still there, and not the host's own. */
function* looked({ graph, inspection }: Live): Iterable<readonly [Namespace, Inside]> {
  for (const [key, inside] of inspection?.inside ?? []) {
    const namespace = graph.namespaces.get(key);
    if (namespace !== undefined && !namespace.initial) yield [namespace, inside];
  }
}

export function* views(live: Live): Iterable<Finding> {
  for (const [namespace, inside] of looked(live)) {
    yield* shownProc(live, namespace, inside);
    yield* shownSysfs(live, namespace, inside);
    yield* loopback(namespace, inside);
    yield* offsets(namespace, inside);
    yield* propagation(live, namespace, inside);
  }
}

function* shownProc({ graph }: Live, { key, id }: Namespace, { proc, pid }: Inside): Iterable<Finding> {
  const process = pid === undefined ? undefined : graph.processes.get(pid);
  if (proc === undefined || proc === id || process?.namespaces?.pid !== key) return;
  const mnt = process.namespaces.mnt;
  const own = mnt !== undefined && graph.namespaces.get(mnt)?.initial === false;
  yield {
    id: 'live/proc-of-other-pid-namespace',
    severity: own ? 'warning' : 'information',
    target: { kind: 'namespace', key },
    at: 'leading process',
    message: `/proc, as ${processName(process, process.pid)} sees it, shows ${namespaceName(graph, `pid:${proc}`)}: the numbers in it are not those of the PID namespace that the process is in.`,
    remedy: own
      ? 'Mount a new proc from within, as unshare --mount-proc does.'
      : 'Give it a mount namespace too, and mount a new proc in it, as unshare --mount-proc does.',
    link: manual('pid_namespaces', 7),
  };
}

function* shownSysfs({ graph }: Live, { key }: Namespace, { sysfs, pid }: Inside): Iterable<Finding> {
  const process = pid === undefined ? undefined : graph.processes.get(pid);
  if (sysfs !== false || process?.namespaces?.net !== key) return;
  yield {
    id: 'live/sysfs-of-other-net-namespace',
    severity: 'information',
    target: { kind: 'namespace', key },
    at: 'leading process',
    message: `/sys/class/net, as ${processName(process, process.pid)} sees it, lists other devices than this network namespace has: its sysfs was mounted from another one.`,
    remedy: 'Mount a new sysfs from within, in a mount namespace of its own, as ip netns exec does.',
    link: manual('network_namespaces', 7),
  };
}

function* loopback({ key, memberList }: Namespace, inside: Inside): Iterable<Finding> {
  if (inside.loopback !== false) return;
  const used = memberList.size > 0;
  yield {
    id: 'live/loopback-down',
    severity: used ? 'information' : 'hint',
    target: { kind: 'namespace', key },
    at: 'namespace',
    message: `The loopback interface is down${used ? ', so processes in it cannot reach each other by 127.0.0.1 or ::1' : ''}.`,
    remedy: 'Run ip link set lo up in it, if that is not on purpose.',
    link: manual('network_namespaces', 7),
  };
}

function* offsets({ key }: Namespace, { monotonic, boottime }: Inside): Iterable<Finding> {
  const clocks = Object.entries({ CLOCK_MONOTONIC: monotonic, CLOCK_BOOTTIME: boottime }).flatMap(([name, text]) => {
    const [, seconds = '', nanoseconds = ''] = /^(-?\d+) +(\d+)$/.exec(text ?? '') ?? [];
    if (Number(seconds) === 0 && Number(nanoseconds) === 0) return [];
    return [
      `${name} is ${Number(seconds) < 0 ? '' : '+'}${seconds}${Number(nanoseconds) === 0 ? '' : `.${nanoseconds.padStart(9, '0')}`} s off`,
    ];
  });
  if (clocks.length === 0) return;
  yield {
    id: 'live/clock-offsets',
    severity: 'hint',
    target: { kind: 'namespace', key },
    at: 'namespace',
    message: `${listed(clocks)} in this time namespace; uptimes and timestamps of the kernel log do not match the host's.`,
    remedy: 'Compare by CLOCK_REALTIME, which has no offset.',
    link: manual('time_namespaces', 7),
  };
}

function* propagation({ graph }: Live, { key, name }: Namespace, { shared = [], mounts }: Inside): Iterable<Finding> {
  const [first] = shared;
  if (first === undefined) return;
  const more = (mounts ?? 0) - shared.length;
  const names = shared.map((path) => displayText(path));
  const paths = listed(more > 0 ? [...names, count(more, 'other mount')] : names);
  const container = name.source === 'container' || name.source === 'instance';
  yield {
    id: 'live/shared-propagation',
    severity: container ? 'warning' : 'information',
    target: { kind: 'namespace', key },
    at: 'namespace',
    message: `What is mounted beneath ${paths} in here appears in ${hostWords(graph)} too, and the other way round.`,
    remedy: `Make them slaves or private, if that is not on purpose: mount --make-rslave ${displayText(first)}.`,
    link: manual('mount_namespaces', 7),
  };
}

function hostWords(graph: Live['graph']): string {
  const own = graph.ofType('mnt').at(0);
  return own?.initial === true ? `the host's mount namespace (${own.key})` : "the host's mount namespace";
}
