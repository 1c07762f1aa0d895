import { namespaceTypes } from '../helper/protocol.ts';
import type { NamespaceType } from '../helper/protocol.ts';
import { displayText } from './text.ts';
import type { Graph, Namespace, NamespaceKey, Process } from './types.ts';
import { processes as processCount } from './plain-words.ts';
import { holderName, processName, workloadName } from './words.ts';

export type Subject =
  | { readonly kind: 'process'; readonly process: Process }
  | { readonly kind: 'namespace'; readonly namespace: Namespace };

export interface Comparison {
  /** What each side is: for the titles of the two documents. */
  readonly titles: readonly [string, string];
  /** Texts for a diff: the same lines where both are the same. */
  readonly texts: readonly [string, string];
  /** Of the eight types; those of a namespace are its leading process's. */
  readonly shared: readonly NamespaceType[];
  readonly different: readonly NamespaceType[];
  /** Not known of at least one side. */
  readonly unknown: readonly NamespaceType[];
}

/** Which of the eight types two processes share, or two namespaces by their leading processes, and in what else they differ. */
export function compare(graph: Graph, left: Subject, right: Subject): Comparison {
  const [leftProcess, rightProcess] = [processOf(graph, left), processOf(graph, right)];
  const shared: NamespaceType[] = [];
  const different: NamespaceType[] = [];
  const unknown: NamespaceType[] = [];
  for (const type of namespaceTypes) {
    const [a, b] = [leftProcess?.namespaces?.[type], rightProcess?.namespaces?.[type]];
    if (a === undefined || b === undefined) unknown.push(type);
    else if (a === b) shared.push(type);
    else different.push(type);
  }
  return {
    titles: [title(left), title(right)],
    texts: [describe(graph, left), describe(graph, right)],
    shared,
    different,
    unknown,
  };
}

function processOf(graph: Graph, subject: Subject): Process | undefined {
  if (subject.kind === 'process') return subject.process;
  const { leader } = subject.namespace;
  return leader === undefined ? undefined : graph.processes.get(leader);
}

function title(subject: Subject): string {
  if (subject.kind === 'process') return processName(subject.process, subject.process.pid);
  const { key, name } = subject.namespace;
  return name.source === 'none' ? key : `${name.text} (${key})`;
}

/** Every side has the same lines in the same order, so that a diff sets like against like. */
function describe(graph: Graph, subject: Subject): string {
  const process = processOf(graph, subject);
  const head = subject.kind === 'process' ? [] : namespaceLines(graph, subject.namespace);
  const lines = [...head, ...processLines(graph, process, subject.kind === 'namespace')];
  return `${lines.join('\n')}\n`;
}

function namespaceLines(graph: Graph, namespace: Namespace): string[] {
  const { key, type, owner, parent, uid, memberList, workloads, held, initial } = namespace;
  const holders = held.filter(({ by }) => by !== 'process').map((holder) => `  ${holderName(graph, holder)}`);
  const names = workloads.flatMap((id) => {
    const workload = graph.workloads.get(id);
    return workload === undefined ? [] : [`  ${workloadName(workload)}`];
  });
  return [
    `namespace: ${title({ kind: 'namespace', namespace })}`,
    `type: ${type}`,
    `the host's own: ${initial ? 'yes' : 'no, or not known'}`,
    `owner: ${label(graph, owner)}`,
    ...(type === 'pid' || type === 'user' ? [`parent: ${label(graph, parent)}`] : []),
    ...(type === 'user' ? [`made by: ${uid === undefined ? 'not known' : (graph.userName(uid) ?? `uid ${uid}`)}`] : []),
    `members: ${processCount(memberList.size)}`,
    ...section('other holders', holders),
    ...section('workloads', initial ? ['  all that do not have their own'] : names),
    '',
    `leading process of ${key}:`,
  ];
}

function processLines(graph: Graph, process: Process | undefined, nested: boolean): string[] {
  const indent = nested ? '  ' : '';
  if (process === undefined) return [`${indent}none`];
  const { pid, ppid, user, cmdline, cgroup, nspid, root, comm, workload } = process;
  const belongs = workload === undefined ? undefined : graph.workloads.get(workload);
  const fields: readonly (readonly [string, string])[] = [
    ['command', comm],
    ['command line', cmdline === undefined ? 'none' : displayText(cmdline, 2000)],
    ['pid', String(pid)],
    ['pids inside', nspid === undefined || nspid.length < 2 ? 'the same' : nspid.slice(1).join(', ')],
    ['parent', processName(graph.processes.get(ppid), ppid)],
    ['user', user ?? 'not known'],
    ['workload', belongs === undefined ? 'none' : workloadName(belongs)],
    ['cgroup', cgroup === undefined ? 'not known' : displayText(cgroup, 400)],
    ['root directory', root === undefined ? '/' : displayText(root, 400)],
  ];
  return [
    ...fields.map(([name, value]) => `${indent}${name}: ${value}`),
    '',
    ...namespaceTypes.map((type) => `${indent}${type}: ${label(graph, process.namespaces?.[type])}`),
  ];
}

/** Number first, so that equal lines mean the same namespace. */
function label(graph: Graph, key: NamespaceKey | undefined): string {
  if (key === undefined) return 'not known';
  const id = key.slice(key.indexOf(':') + 1);
  const namespace = graph.namespaces.get(key);
  if (namespace === undefined) return `${id} (not visible)`;
  return namespace.name.source === 'none' ? id : `${id} (${namespace.name.text})`;
}

function section(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [`${name}: nothing known`] : [`${name}:`, ...lines];
}
