/** What keeps a namespace by intention, under a name or a path, and what is left of it without that. Pure. */
import { instanceLedBy, pinHolder } from './naming/instances.ts';
import type { Graph, Namespace } from './types.ts';
import { count } from './plain-words.ts';

export interface Keepers {
  /** Where it is bind-mounted, once each. */
  readonly mounts: readonly string[];
  /** Names of processes that do nothing but hold a descriptor of it: `pin --holder`. */
  readonly holders: readonly string[];
  /** The instance that it belongs to, which lives as a whole. */
  readonly instance: string | undefined;
}

export function keepersOf(graph: Graph, namespace: Namespace): Keepers {
  const { key, held } = namespace;
  const holders = new Set<string>();
  for (const { cmdline } of graph.processes.values()) {
    const holder = pinHolder(cmdline);
    if (holder?.key === key) holders.add(holder.name);
  }
  return {
    mounts: [...new Set(held.flatMap((holder) => (holder.by === 'mount' ? [holder.path] : [])))],
    holders: [...holders],
    instance: instanceLedBy(graph, namespace),
  };
}

/** One or two sentences. `whole` says that everything that could keep it has been looked for and could be seen. */
export function withoutKeepers({ memberList, held }: Namespace, whole: boolean): string {
  if (memberList.size > 0) return `It lives on while ${count(memberList.size, 'process is', 'processes are')} in it.`;
  const others = held.filter(({ by }) => by !== 'mount');
  if (others.length > 0) return 'It lives on by what else holds it; Show Details says what.';
  return whole
    ? 'Nothing else keeps it: it ends, and what is in it is lost.'
    : 'Nothing else that can be seen keeps it: it may end, and what is in it be lost.';
}
