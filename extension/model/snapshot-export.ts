import { namespaceTypes } from '../helper/protocol.ts';
import type { Holder } from '../helper/protocol.ts';
import type { Graph, Namespace, Process, Workload } from './types.ts';

/** Generation of the exported form; a reader refuses others. */
export const exportVersion = 1;

export interface ExportedGraph {
  readonly format: 'linux-namespaces-snapshot';
  readonly version: typeof exportVersion;
  /** Seconds since the epoch by the host's clock. */
  readonly time: number | null;
  readonly completeness: {
    readonly complete: boolean;
    readonly processes: number;
    readonly unreadable: number;
    readonly source: readonly string[];
  };
  readonly namespaces: readonly object[];
  readonly processes: readonly object[];
  readonly workloads: readonly object[];
}

/** The graph as plain data, the same for the same state whatever order its records came in. What is not known is left out. */
export function exportGraph(graph: Graph): ExportedGraph {
  const { complete, processes, unreadable, source } = graph.completeness;
  return {
    format: 'linux-namespaces-snapshot',
    version: exportVersion,
    time: graph.time ?? null,
    completeness: { complete, processes, unreadable, source: source.toSorted() },
    namespaces: namespaceTypes.flatMap((type) =>
      Array.from(graph.ofType(type))
        .toSorted((a, b) => a.id - b.id)
        .map(exportNamespace),
    ),
    processes: [...graph.processes.values()].toSorted((a, b) => a.pid - b.pid).map(exportProcess),
    workloads: [...graph.workloads.values()]
      .toSorted((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)))
      .map(exportWorkload),
  };
}

/** For a file: two blanks a level, a line break at the end. */
export function exportText(graph: Graph): string {
  return `${JSON.stringify(exportGraph(graph), undefined, 2)}\n`;
}

// `JSON.stringify` leaves undefined members out.

function exportNamespace(namespace: Namespace): object {
  const { key, type, id, nsid, owner, parent, uid, initial, name, members, workloads } = namespace;
  return {
    key,
    type,
    id,
    nsid,
    name: { text: name.text, source: name.source },
    initial,
    owner,
    parent,
    uid,
    held: namespace.held.map(exportHolder),
    leader: namespace.leader,
    members,
    workloads,
    owns: namespace.owns.toSorted(),
    children: namespace.children.toSorted(),
  };
}

function exportHolder(holder: Holder): Holder {
  return { ...holder };
}

function exportProcess(process: Process): object {
  const { pid, start, ppid, uid, user, comm, cmdline, cgroup, nspid, root, zombie, workload } = process;
  const { namespaces, pidForChildren, timeForChildren } = process;
  return {
    pid,
    start,
    ppid,
    uid,
    user,
    comm,
    cmdline,
    cgroup,
    nspid,
    root,
    zombie: zombie ? true : undefined,
    workload,
    namespaces:
      namespaces === undefined ? undefined : Object.fromEntries(namespaceTypes.map((type) => [type, namespaces[type]])),
    pidForChildren,
    timeForChildren,
  };
}

function exportWorkload(workload: Workload): object {
  const { id, kind, name, detail, pids } = workload;
  return { id, kind, name, detail, pids, namespaces: workload.namespaces.toSorted() };
}
