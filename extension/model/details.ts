/** Everything that is known, as plain data with its members always in the same order, for a document in YAML. */
import { namespaceTypes } from '../helper/protocol.ts';
import type { Holder } from '../helper/protocol.ts';
import { nsenterNamespace, nsenterProcess, pathOf } from './commands.ts';
import { displayText } from './text.ts';
import type { Graph, Namespace, NamespaceKey, Process, Workload } from './types.ts';
import { compareWithHost, explainNamespace, kindName, leaderOf, processName, workloadName } from './words.ts';

export type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain };

/** What is not known is left out, so that nothing looks like an answer that is none. */
type Members = Readonly<Record<string, Plain | undefined>>;

/** More are counted, not listed: a host's own namespace can have 50,000 members. */
const listLimit = 1000;

export function namespaceDetails(graph: Graph, namespace: Namespace): Plain {
  const { key, type, id, nsid, name, initial, owner, parent, uid, memberList, workloads } = namespace;
  const { leader } = namespace;
  return plain({
    namespace: key,
    type,
    id,
    'kernel id': nsid,
    name: name.source === 'none' ? undefined : name.text,
    'name from': name.source === 'none' ? undefined : name.source,
    "the host's own": initial ? true : undefined,
    summary: explainNamespace(graph, namespace).split('\n\n'),
    owner: named(graph, owner),
    parent: named(graph, parent),
    'made by': uid === undefined ? undefined : plain({ uid, user: graph.userName(uid) }),
    'leading process': leader === undefined ? undefined : processName(graph.processes.get(leader), leader),
    'held by': heldBy(graph, namespace),
    members: plain({ count: memberList.size, processes: memberProcesses(graph, memberList.slice(0, listLimit)) }),
    workloads: workloads.slice(0, listLimit).flatMap((workload) => {
      const node = graph.workloads.get(workload);
      return node === undefined ? [] : [workloadName(node)];
    }),
    owns: keyList(graph, namespace.ownsList.size, namespace.ownsList.slice(0, listLimit)),
    children: keyList(graph, namespace.childList.size, namespace.childList.slice(0, listLimit)),
    path: pathText(pathOf(graph, namespace)),
    nsenter: nsenterNamespace(graph, namespace)?.text,
  });
}

export function processDetails(graph: Graph, process: Process): Plain {
  const { pid, start, ppid, uid, user, comm, cmdline, cgroup, nspid, root, zombie, namespaces, workload } = process;
  const belongs = workload === undefined ? undefined : graph.workloads.get(workload);
  const { shared, own, unknown } = compareWithHost(graph, process);
  return plain({
    pid,
    command: comm,
    'command line': cmdline,
    'started after boot (clock ticks)': start,
    parent: processName(graph.processes.get(ppid), ppid),
    uid,
    user,
    'ended, not yet waited for': zombie ? true : undefined,
    'pid at each level': nspid,
    'root directory': pathText(root),
    cgroup: pathText(cgroup),
    workload: belongs === undefined ? undefined : workloadName(belongs),
    namespaces:
      namespaces === undefined
        ? 'may not be seen by this user'
        : plain(Object.fromEntries(namespaceTypes.map((type) => [type, named(graph, namespaces[type])]))),
    'children will be in': plain({
      pid: named(graph, process.pidForChildren),
      time: named(graph, process.timeForChildren),
    }),
    'shared with the host': shared,
    'not shared with the host': own,
    'not known whether shared': unknown,
    nsenter: nsenterProcess(graph, process)?.text,
  });
}

export function workloadDetails(graph: Graph, workload: Workload): Plain {
  const { id, kind, name, detail, pidList, namespaceList } = workload;
  const leader = leaderOf(graph, workload);
  return plain({
    workload: name,
    kind: kindName(kind),
    detail,
    id,
    'leading process': leader === undefined ? undefined : processName(leader, leader.pid),
    namespaces: keyList(graph, namespaceList.size, namespaceList.slice(0, listLimit)),
    processes: plain({ count: pidList.size, processes: memberProcesses(graph, pidList.slice(0, listLimit)) }),
  });
}

function plain(members: Members): Plain {
  const known: Record<string, Plain> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    if (typeof value === 'object' && Object.keys(value).length === 0) continue;
    known[name] = value;
  }
  return known;
}

function named(graph: Graph, key: NamespaceKey | undefined): string | undefined {
  const namespace = key === undefined ? undefined : graph.namespaces.get(key);
  if (namespace === undefined) return key === undefined ? undefined : `${key} (not visible)`;
  return namespace.name.source === 'none' ? namespace.key : `${namespace.key} (${namespace.name.text})`;
}

/** A host can hold a namespace by as many descriptors as it likes. */
function heldBy(graph: Graph, { held }: Namespace): readonly Plain[] {
  const shown = held.slice(0, listLimit).map((holder) => holderDetails(graph, holder));
  return held.length > listLimit ? [...shown, plain({ more: held.length - listLimit })] : shown;
}

function keyList(graph: Graph, size: number, namespaces: readonly Namespace[]): Plain | undefined {
  if (size === 0) return undefined;
  return plain({ count: size, namespaces: namespaces.flatMap(({ key }) => named(graph, key) ?? []) });
}

function memberProcesses(graph: Graph, pids: readonly number[]): readonly string[] {
  return pids.map((pid) => processName(graph.processes.get(pid), pid));
}

function holderDetails(graph: Graph, holder: Holder): Plain {
  const who = (pid: number): string => processName(graph.processes.get(pid), pid);
  switch (holder.by) {
    case 'mount':
      return plain({
        'bind mount': pathText(holder.path),
        'in mount namespace': named(graph, `mnt:${holder.mntns}`),
        'seen through': holder.pid === undefined ? undefined : who(holder.pid),
      });
    case 'fd':
      return { 'file descriptor': holder.fd, process: who(holder.pid) };
    case 'socket':
      return { 'socket, file descriptor': holder.fd, process: who(holder.pid) };
    case 'task':
      return { thread: holder.tid, process: who(holder.pid) };
    case 'for_children':
      return { 'coming children of': who(holder.pid) };
    case 'process':
      return { member: who(holder.pid) };
    case 'child':
      return 'a namespace below it or that it owns';
    default:
      return 'something that this version does not know';
  }
}

/** Paths can be 4,096 bytes long and hold anything. */
function pathText(path: string | undefined): string | undefined {
  return path === undefined ? undefined : displayText(path, 4096);
}
