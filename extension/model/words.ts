/** What there is to say of namespaces, processes and workloads, in sentences: plain text, no Markdown. */
import { namespaceTypes } from '../helper/protocol.ts';
import type { Holder, NamespaceType } from '../helper/protocol.ts';
import { foldedHolders } from './holders.ts';
import type { FoldedHolder } from './holders.ts';
import { hostsOwnOf } from './hosts-own.ts';
import { count, listed, processes, typeNames } from './plain-words.ts';
import { displayText } from './text.ts';
import type { Graph, Namespace, NamespaceKey, Process, Workload, WorkloadKind } from './types.ts';

/** What each type keeps apart: namespaces(7) and the page of each. */
const typeMeanings: Readonly<Record<NamespaceType, string>> = {
  mnt: 'which file systems are mounted where',
  uts: 'the host name and the NIS domain name',
  ipc: 'System V IPC objects and POSIX message queues',
  pid: 'process ids',
  net: 'network devices, addresses, routes, firewall rules and ports',
  user: 'user and group ids, capabilities and keys',
  cgroup: 'which control group is seen as the root',
  time: 'the monotonic and boot-time clocks',
};

export function typeMeaning(type: NamespaceType): string {
  return typeMeanings[type];
}

const kindNames: Readonly<Record<WorkloadKind, string>> = {
  docker: 'Docker container',
  podman: 'Podman container',
  containerd: 'containerd container',
  kubernetes: 'Kubernetes pod',
  'cri-o': 'CRI-O container',
  container: 'container',
  lxc: 'LXC container',
  machine: 'machine',
  unit: 'systemd unit',
  snap: 'snap',
  flatpak: 'Flatpak application',
  bubblewrap: 'bubblewrap sandbox',
  chromium: 'Chromium sandbox',
  instance: 'instance',
  process: 'process tree',
};

export function kindName(kind: WorkloadKind): string {
  return kindNames[kind];
}

/** `nginx (pid 912)`. */
export function processName(process: Process | undefined, pid: number): string {
  return process === undefined ? `pid ${pid}` : `${process.comm} (pid ${pid})`;
}

/** `network namespace web (4026532290)`. */
export function namespaceName(graph: Graph, key: NamespaceKey): string {
  const namespace = graph.namespaces.get(key);
  if (namespace === undefined) return `${key}, which is not visible`;
  const type = typeWord(namespace.type);
  return namespace.initial
    ? `the host's own ${type} namespace`
    : `${type} namespace ${namespace.name.source === 'none' ? '' : `${namespace.name.text} `}(${namespace.id})`;
}

/** Within a sentence: acronyms keep their capitals. */
export function typeWord(type: NamespaceType): string {
  const name = typeNames[type];
  return name === name.toUpperCase() ? name : name.toLowerCase();
}

/** `a network`, `an IPC`; also of a word in quotation marks. */
export function withArticle(word: string): string {
  return `${/^\W*i/i.test(word) ? 'an' : 'a'} ${word}`;
}

export function workloadName(workload: Workload): string {
  return `${kindName(workload.kind)} ${workload.name}`;
}

/** `the bind mount /run/netns/blue`. */
export function holderName(graph: Graph, holder: Holder): string {
  const of = (pid: number): string => processName(graph.processes.get(pid), pid);
  switch (holder.by) {
    case 'process':
      return `its member ${of(holder.pid)}`;
    case 'mount': {
      const { initial } = graph.namespaces.get(`mnt:${holder.mntns}`) ?? { initial: false };
      const where = initial ? '' : ` in ${namespaceName(graph, `mnt:${holder.mntns}`)}`;
      return `the bind mount ${displayText(holder.path)}${where}`;
    }
    case 'fd':
      return `file descriptor ${holder.fd} of ${of(holder.pid)}`;
    case 'socket':
      return `the socket that is file descriptor ${holder.fd} of ${of(holder.pid)}`;
    case 'task':
      return `thread ${holder.tid} of ${of(holder.pid)}`;
    case 'for_children':
      return `the coming children of ${of(holder.pid)}`;
    case 'child':
      return 'a namespace that is below it or that it owns';
    default:
      return 'something that this version does not know';
  }
}

/** `file descriptor 9`, `sockets, file descriptors 3 and 4 others`. */
export function holderKind({ holder, others }: FoldedHolder): string {
  const more = others === 0 ? '' : ` and ${count(others, 'other')}`;
  switch (holder.by) {
    case 'fd':
      return `file descriptor ${holder.fd}${more}`;
    case 'socket':
      return `socket, file descriptor ${holder.fd}${more}`;
    case 'task':
      return `thread ${holder.tid}${more}`;
    case 'for_children':
      return 'its coming children';
    case 'mount':
      return 'bind mount';
    case 'process':
      return 'member';
    case 'child':
      return 'below it';
    default:
      return '';
  }
}

/** `file descriptor 9 of dockerd (pid 1) and 2 others`. */
export function foldedName(graph: Graph, { holder, others }: FoldedHolder): string {
  return `${holderName(graph, holder)}${others === 0 ? '' : ` and ${count(others, 'other')} of it`}`;
}

/** Paragraphs for a tooltip. */
export function explainNamespace(graph: Graph, namespace: Namespace): string {
  const { type, id, key, name, initial } = namespace;
  const called = name.source === 'none' ? key : name.text;
  return paragraphs([
    `${initial ? `The host's own ${typeWord(type)}` : `${called}: ${typeWord(type)}`} namespace, number ${id}. Its processes have ${typeMeanings[type]} to themselves.`,
    [nameSentence(namespace), ownerSentence(graph, namespace), creatorSentence(graph, namespace)],
    nestingSentence(graph, namespace),
    keptSentence(graph, namespace),
    [sharingSentence(graph, namespace), leaderSentence(graph, namespace)],
  ]);
}

export function explainProcess(graph: Graph, process: Process): string {
  const { pid, comm, cmdline, user, ppid, nspid, root, zombie, namespaces } = process;
  const workload = process.workload === undefined ? undefined : graph.workloads.get(process.workload);
  return paragraphs([
    `${comm}, process ${pid}${user === undefined ? '' : ` of ${user}`}${zombie ? ', which has ended and waits for its parent to take note' : ''}.`,
    cmdline === undefined ? undefined : `Command: ${displayText(cmdline, 400)}`,
    [
      graph.processes.has(ppid) ? `Its parent is ${processName(graph.processes.get(ppid), ppid)}.` : undefined,
      workload === undefined ? undefined : `It belongs to the ${workloadName(workload)}.`,
      nspid === undefined || nspid.length < 2
        ? undefined
        : `In the pid namespaces below, its pid is ${nspid.slice(1).join(', then ')}.`,
      root === undefined ? undefined : `Its root directory is ${displayText(root)}.`,
    ],
    namespaces === undefined ? 'Its namespaces may not be seen by this user.' : sharesWithHost(graph, 'It', process),
  ]);
}

export function explainWorkload(graph: Graph, workload: Workload): string {
  const leader = leaderOf(graph, workload);
  return paragraphs([
    `${workload.name}: ${kindName(workload.kind)}${workload.detail === undefined ? '' : `, ${workload.detail}`}.`,
    `${capitalized(processes(workload.pidList.size))} in ${count(workload.namespaceList.size, 'namespace')} that ${workload.namespaceList.size === 1 ? 'is' : 'are'} not the host's own.`,
    leader === undefined
      ? undefined
      : sharesWithHost(graph, `Its leading process ${processName(leader, leader.pid)}`, leader),
  ]);
}

/** The lowest init of a pid namespace among its processes, else the lowest pid. */
export function leaderOf(graph: Graph, workload: Workload): Process | undefined {
  for (const { leader, type } of workload.namespaceList) {
    const process = type === 'pid' && leader !== undefined ? graph.processes.get(leader) : undefined;
    if (process?.workload === workload.id) return process;
  }
  const pid = workload.pidList.at(0);
  return pid === undefined ? undefined : graph.processes.get(pid);
}

function nameSentence({ name, initial }: Namespace): string | undefined {
  if (initial) return undefined;
  switch (name.source) {
    case 'mount':
      return 'It is named after where it is mounted.';
    case 'container':
    case 'unit':
    case 'process':
      return 'It is named after its leading process or what that belongs to.';
    case 'instance':
      return 'It is named after the instance that it belongs to.';
    case 'owner':
      return 'It is named after the user who made it.';
    case 'initial':
    case 'none':
      return undefined;
    default:
      return undefined;
  }
}

function ownerSentence(graph: Graph, { owner, initial, type }: Namespace): string | undefined {
  if (owner !== undefined) return `It is owned by ${namespaceName(graph, owner)}.`;
  // The initial user namespace is owned by none.
  return initial && type === 'user' ? undefined : 'Which user namespace owns it is not known.';
}

function creatorSentence(graph: Graph, { uid, type, initial }: Namespace): string | undefined {
  if (type !== 'user' || uid === undefined || initial) return undefined;
  const name = graph.userName(uid);
  return `It was made by ${name === undefined ? `uid ${uid}` : `${name} (uid ${uid})`}.`;
}

function nestingSentence(graph: Graph, { type, parent, childList }: Namespace): string | undefined {
  if (type !== 'pid' && type !== 'user') return undefined;
  const below =
    childList.size === 0
      ? undefined
      : `${count(childList.size, `${type} namespace`)} ${childList.size === 1 ? 'is' : 'are'} directly below it`;
  const above = parent === undefined ? undefined : `it is below ${namespaceName(graph, parent)}`;
  const parts = [above, below].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `${capitalized(parts.join('; '))}.`;
}

function keptSentence(graph: Graph, namespace: Namespace): string {
  const { memberList, held, initial } = namespace;
  if (initial) {
    return `It lives as long as the kernel. ${capitalized(processes(memberList.size))} ${memberList.size === 1 ? 'is' : 'are'} in it.`;
  }
  const first = memberList.at(0);
  const members =
    first === undefined
      ? []
      : [
          memberList.size === 1
            ? `the process ${processName(graph.processes.get(first), first)}`
            : `${processes(memberList.size)}, the first of them ${processName(graph.processes.get(first), first)}`,
        ];
  const others = foldedHolders(graph, namespace).map((folded) => foldedName(graph, folded));
  const below = held.filter(({ by }) => by === 'child').map((holder) => holderName(graph, holder));
  const all = [...members, ...others, ...below];
  const kept = all.length === 0 ? 'What keeps it alive is not known.' : `It is kept alive by ${listed(all)}.`;
  return [kept, blindSpots(graph)].filter((part) => part !== undefined).join(' ');
}

/** What was not looked at, so that a list of holders is not taken for all of them. */
function blindSpots({ completeness }: Graph): string | undefined {
  const { source, complete } = completeness;
  const missing = [
    source.includes('tasks') ? undefined : 'threads',
    source.includes('fds') ? undefined : 'open files',
    source.includes('sockets') ? undefined : 'sockets',
  ].filter((part) => part !== undefined);
  if (missing.length > 0) return `Not looked at: ${listed(missing)}; a deep refresh does.`;
  return complete ? undefined : 'Not everything on this host is visible, so there may be more.';
}

function sharingSentence(graph: Graph, { workloads, initial }: Namespace): string | undefined {
  if (initial || workloads.length === 0) return undefined;
  const names = workloads.flatMap((id) => {
    const workload = graph.workloads.get(id);
    return workload === undefined ? [] : [workloadName(workload)];
  });
  if (names.length > 1) return `It is shared by ${listed(names)}.`;
  return `${graph.completeness.complete ? '' : 'As far as is visible, '}${graph.completeness.complete ? 'Only' : 'only'} the ${listed(names)} is in it.`;
}

function leaderSentence(graph: Graph, { leader, initial }: Namespace): string | undefined {
  const process = leader === undefined || initial ? undefined : graph.processes.get(leader);
  if (process === undefined) return undefined;
  return sharesWithHost(graph, `Its leading process ${processName(process, process.pid)}`, process);
}

/** Which of the eight types a process shares with the host, which it does not, and which are not known. */
export function compareWithHost(
  graph: Graph,
  process: Process,
): { readonly shared: NamespaceType[]; readonly own: NamespaceType[]; readonly unknown: NamespaceType[] } {
  const shared: NamespaceType[] = [];
  const own: NamespaceType[] = [];
  const unknown: NamespaceType[] = [];
  for (const type of namespaceTypes) {
    const key = process.namespaces?.[type];
    const host = hostsOwnOf(graph, type);
    if (key === undefined || host === undefined) unknown.push(type);
    else if (key === host.key) shared.push(type);
    else own.push(type);
  }
  return { shared, own, unknown };
}

function sharesWithHost(graph: Graph, who: string, process: Process): string | undefined {
  const { shared, own, unknown } = compareWithHost(graph, process);
  if (unknown.length === namespaceTypes.length) return undefined;
  const parts = [
    shared.length === 0 ? undefined : `shares ${listed(shared)} with the host`,
    own.length === 0 ? undefined : `has ${shared.length === 0 ? '' : 'other '}namespaces for ${listed(own)}`,
  ].filter((part) => part !== undefined);
  const rest = unknown.length === 0 ? '' : ` Not known: ${listed(unknown)}.`;
  return `${who} ${parts.join(' and ')}.${rest}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Sentences of one paragraph are joined by a blank, paragraphs by an empty line. */
function paragraphs(parts: readonly (string | undefined | readonly (string | undefined)[])[]): string {
  return parts
    .map((part) => (typeof part === 'object' ? part.filter((sentence) => sentence !== undefined).join(' ') : part))
    .filter((part) => part !== undefined && part !== '')
    .join('\n\n');
}
