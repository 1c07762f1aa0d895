/** What processes may do that they are thought not to: by their ids, capabilities and roots. */
import { hasInitialId } from '../initial.ts';
import { displayText } from '../text.ts';
import { listed } from '../plain-words.ts';
import { processName } from '../words.ts';
import type { Graph, Process } from '../types.ts';
import { isContainer } from './host.ts';
import { isInit } from './left-over.ts';
import { type Finding, type Live } from './types.ts';
import { manual } from '../manual.ts';

/** capabilities(7) by number: each is as good as root on the host when it is held in the initial user namespace. */
const strong: Readonly<Record<string, number>> = {
  CAP_SYS_ADMIN: 21,
  CAP_SYS_MODULE: 16,
  CAP_SYS_RAWIO: 17,
  CAP_SYS_PTRACE: 19,
  CAP_DAC_READ_SEARCH: 2,
  CAP_BPF: 39,
};
const chroot = 18;

function has(effective: string, capability: number): boolean {
  return (BigInt(`0x${effective}`) >> BigInt(capability)) % 2n === 1n;
}

/** One finding for each pid namespace, and for each root directory. */
export function* rights({ graph, inspection }: Live): Iterable<Finding> {
  const seen = new Set<string>();
  for (const { pid, start, effective } of inspection?.rights ?? []) {
    const process = graph.processes.get(pid);
    if (process?.start !== start || process.zombie) continue;
    for (const finding of [inContainer(graph, process, effective), inJail(process, effective)]) {
      if (finding === undefined) continue;
      const { pid: pidns, mnt } = process.namespaces ?? {};
      const group = `${finding.id} ${finding.id === 'live/chroot-can-be-left' ? `${mnt} ${process.root}` : pidns}`;
      if (seen.has(group)) continue;
      seen.add(group);
      yield finding;
    }
  }
}

function inContainer(graph: Graph, process: Process, effective: string): Finding | undefined {
  const { namespaces, pid, start, workload } = process;
  const id = (type: 'user' | 'pid'): number => Number(namespaces?.[type]?.slice(type.length + 1));
  if (namespaces === undefined || !hasInitialId('user', id('user')) || hasInitialId('pid', id('pid'))) return undefined;
  // A mount namespace alone is how services are confined; with its own processes it is meant as a container.
  // One finding stands for the container: its first process.
  if (!isInit(process)) return undefined;
  const held = Object.keys(strong).filter((name) => has(effective, strong[name] ?? 0));
  if (held.length === 0) return undefined;
  return {
    id: 'live/host-capabilities',
    // Whoever has unshared some types by hand has not called it confined.
    severity: isContainer(workload === undefined ? undefined : graph.workloads.get(workload))
      ? 'warning'
      : 'information',
    target: { kind: 'process', pid, start },
    at: 'namespaces',
    message: `${processName(process, pid)} is in a PID and a mount namespace of its own, but holds ${listed(held)} in the host's user namespace: that can be as good as root on the host.`,
    remedy: 'Drop these capabilities, or give it a user namespace of its own.',
    link: manual('capabilities', 7),
  };
}

function inJail(process: Process, effective: string): Finding | undefined {
  const { root, pid, start, namespaces } = process;
  if (root === undefined || namespaces === undefined || !has(effective, chroot)) return undefined;
  return {
    id: 'live/chroot-can-be-left',
    severity: 'information',
    target: { kind: 'process', pid, start },
    at: 'root directory',
    message: `${processName(process, pid)} has the root directory ${displayText(root)}, but also CAP_SYS_CHROOT, with which it can leave that directory.`,
    remedy: 'Drop CAP_SYS_CHROOT, or use a mount namespace with pivot_root(2) in place of chroot(2).',
    link: manual('chroot', 2),
  };
}

/** User namespaces whose ids are the host's root. Said only where the host's ids are what the helper sees. */
export function* hostRoot({ graph, inspection, facts }: Live): Iterable<Finding> {
  if (facts.own.user === undefined || !hasInitialId('user', facts.own.user)) return;
  for (const [key, { uid_map: map }] of inspection?.inside ?? []) {
    const namespace = graph.namespaces.get(key);
    const line = map?.find(({ outside }) => outside === 0);
    if (namespace === undefined || line === undefined) continue;
    const everyone = line.inside === 0 && line.count === 0xffffffff;
    // Root itself could do so anyway; and with a map of all uids it is a user namespace for other purposes.
    const others = !everyone && namespace.uid !== undefined && namespace.uid !== 0;
    yield {
      id: 'live/maps-host-root',
      severity: others ? 'warning' : 'information',
      target: { kind: 'namespace', key },
      at: 'made by',
      message: `Uid ${line.inside} in this user namespace is uid 0, root, of the host${everyone ? ', as is every other uid' : ''}: files of the host's root are its own.`,
      remedy: 'Map a range of subordinate uids in place of uid 0, if root was not meant.',
      link: manual('user_namespaces', 7),
    };
  }
}
