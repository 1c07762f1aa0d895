import type { KnownNamespace } from '../../server/language/protocol.ts';
import { displayText } from './text.ts';
import type { Graph, Namespace, NamespaceKey, Workload } from './types.ts';

/** More are not worth the reading: nobody names them in files. */
const most = 2000;
const mostPids = 16;

/**
 * The namespaces that a document can mean: the host's own, those with a path in the mount namespace `mntns` (the helper's own),
 * and those of containers and units.
 */
export function knownNamespaces(graph: Graph, mntns: number | undefined): KnownNamespace[] {
  const known: KnownNamespace[] = [];
  for (const namespace of graph.namespaces.values()) {
    if (known.length >= most) break;
    const one = knownNamespace(graph, namespace, mntns);
    if (one !== undefined) known.push(one);
  }
  return known;
}

/** Undefined for what no file can mean; most are that, and little is done for them. */
function knownNamespace(graph: Graph, namespace: Namespace, mntns: number | undefined): KnownNamespace | undefined {
  const { type, id, name, held, memberList, initial, leader } = namespace;
  const paths = held.flatMap((holder) =>
    holder.by === 'mount' && holder.mntns === mntns && holder.path === displayText(holder.path) ? [holder.path] : [],
  );
  // The host's own is shared by everything.
  const workloads = initial ? [] : namespace.workloads.flatMap((workload) => namesOf(graph.workloads.get(workload)));
  if (!initial && paths.length === 0 && workloads.length === 0) return undefined;
  const first = memberList.slice(0, mostPids);
  return {
    type,
    id,
    name: initial ? 'the host’s own' : name.text,
    paths,
    pids: leader === undefined || first.includes(leader) ? first : [leader, ...first],
    members: memberList.size,
    workloads,
    initial,
  };
}

function namesOf(workload: Workload | undefined): readonly string[] {
  if (workload === undefined || workload.kind === 'process') return [];
  return workload.detail === undefined ? [workload.name] : [workload.name, workload.detail];
}

/**
 * Whether the mounts of the host's own mount namespace are all known. The helper reads those of the one that it is in, `mntns`, whatever
 * it may not see of processes.
 */
export function mountsSeen({ completeness, namespaces }: Graph, mntns: number | undefined): boolean {
  const key: NamespaceKey = `mnt:${mntns ?? 0}`;
  return completeness.source.includes('mounts') && namespaces.get(key)?.initial === true;
}
