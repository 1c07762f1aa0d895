/** Words after the verb `file` for a target, from what is known of the host. Pure. */
import type { FactsRecord } from '../helper/protocol.ts';
import { hostsOwnOf } from '../model/hosts-own.ts';
import { instanceName } from '../model/naming/instances.ts';
import type { Graph, Namespace } from '../model/types.ts';
import type { FileTarget } from './address.ts';

export type TargetWords = { readonly words: readonly string[] } | { readonly gone: string };

export function targetWords(graph: Graph, own: FactsRecord['own'] | undefined, target: FileTarget): TargetWords {
  if (target.kind === 'process') {
    const process = graph.processes.get(target.pid);
    if (process?.start !== target.start || process.zombie)
      return { gone: `Process ${target.pid} has ended. Open the folder of another process or of its namespace.` };
    return { words: [`--target=pid:${target.pid}:${target.start}`] };
  }
  if (target.kind === 'instance') return instanceWords(graph, target.name);
  const namespace = graph.namespaces.get(target.key);
  if (namespace === undefined) return { gone: `Namespace ${target.key} is not there any more.` };
  return { words: namespaceWords(graph, own, namespace) };
}

function namespaceWords(graph: Graph, own: FactsRecord['own'] | undefined, namespace: Namespace): readonly string[] {
  const { key, id, leader, owner } = namespace;
  // Of the helper's own the root is the helper's; that of the first process need not be this user's to see.
  if (own?.mnt === id) return [`--target=${key}`];
  const process = leader === undefined ? undefined : graph.processes.get(leader);
  if (process !== undefined) return [`--target=pid:${process.pid}:${process.start}`, `--expect=${key}`];
  const foreign = owner !== undefined && owner !== hostsOwnOf(graph, 'user')?.key;
  return [`--target=${key}`, ...(foreign ? [`--target=${owner}`] : [])];
}

function instanceWords(graph: Graph, name: string): TargetWords {
  const named = [...graph.instances].filter((workload) => workload.name === name);
  if (named.length === 0) return { gone: `Instance ${name} has ended, or is not kept any more.` };
  for (const { pidList } of named)
    for (const pid of pidList) {
      const process = graph.processes.get(pid);
      if (process !== undefined && instanceName(process.cmdline) !== undefined)
        return { words: [`--target=pid:${process.pid}:${process.start}`] };
    }
  const kept = named
    .flatMap(({ namespaceList }) => Array.from(namespaceList))
    .filter(({ type }) => type === 'mnt' || type === 'user');
  if (!kept.some(({ type }) => type === 'mnt'))
    return { gone: `${name} keeps no mount namespace, so its files are the host’s own.` };
  return { words: kept.map(({ key }) => `--target=${key}`) };
}
