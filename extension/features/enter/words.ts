/** What `enter` is told for a namespace or a process, and how the terminal is called. Pure. */
import { namespaceTypes, type NamespaceType } from '../../helper/protocol.ts';
import { hostsOwnOf } from '../../model/hosts-own.ts';
import { instanceName } from '../../model/naming/instances.ts';
import { displayText } from '../../model/text.ts';
import type { Graph, Namespace, Process, Workload } from '../../model/types.ts';

export interface Entry {
  /** `web`, as terminals are called. */
  readonly name: string;
  /** `net:4026532290, uts:4026532291 of sleep (pid 912)`. */
  readonly where: string;
  /** After the verb, without what is to run there. */
  readonly words: readonly string[];
  readonly types: readonly NamespaceType[];
}

/** Only this namespace; everything else stays as it is for the helper. */
export function entryOfNamespace(graph: Graph, namespace: Namespace): Entry {
  const { key, type, leader } = namespace;
  const process = leader === undefined ? undefined : graph.processes.get(leader);
  const target = process === undefined ? key : `pid:${process.pid}:${process.start}`;
  return {
    name: displayText(namespace.name.text),
    where: `${key} (${displayText(namespace.name.text)}) alone`,
    words: [`--target=${target}`, `--only=${type}`, `--expect=${key}`, '--records=3'],
    types: [type],
  };
}

/** All in which the process differs from the host, with its root; undefined where its namespaces may not be seen. */
export function entryOfProcess(graph: Graph, process: Process): Entry | undefined {
  const { namespaces, pid, start, comm, cmdline } = process;
  const instance = instanceName(cmdline);
  if (namespaces === undefined) return undefined;
  const types = namespaceTypes.filter((type) => {
    const key = namespaces[type];
    return key !== undefined && key !== hostsOwnOf(graph, type)?.key;
  });
  if (types.length === 0) return undefined;
  const keys = types.flatMap((type) => namespaces[type] ?? []);
  const root = types.includes('mnt') || process.root !== undefined ? ['--root'] : [];
  return {
    name: instance ?? `${displayText(comm)} ${pid}`,
    where: `${keys.join(', ')} of ${instance ?? displayText(comm)} (pid ${pid})`,
    words: [
      `--target=pid:${pid}:${start}`,
      `--only=${types.join(',')}`,
      ...keys.map((key) => `--expect=${key}`),
      ...root,
      '--records=3',
    ],
    types,
  };
}

/** All of an instance, by the process that keeps it, or by its mounts where there is none; undefined for any other workload. */
export function entryOfInstance(graph: Graph, { kind, pidList, name, namespaceList }: Workload): Entry | undefined {
  if (kind !== 'instance') return undefined;
  for (const pid of pidList) {
    const process = graph.processes.get(pid);
    if (process !== undefined && instanceName(process.cmdline) !== undefined) return entryOfProcess(graph, process);
  }
  const mounted = Array.from(namespaceList);
  if (pidList.size > 0 || mounted.length === 0) return undefined;
  const keys = mounted.map(({ key }) => key);
  const types = mounted.map(({ type }) => type);
  return {
    name,
    where: `${keys.join(', ')} of ${name}`,
    words: [`--target=${name}`, `--only=${types.join(',')}`, ...keys.map((key) => `--expect=${key}`), '--records=3'],
    types,
  };
}
