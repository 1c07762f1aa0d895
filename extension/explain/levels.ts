/** The way from a user namespace up to the initial one: what the limits and the depth are counted along. */
import { namespaceTypes } from '../helper/protocol.ts';
import type { NamespaceType, UserNamespaceRecord } from '../helper/protocol.ts';
import type { Graph, Namespace, NamespaceKey } from '../model/types.ts';
import type { KnownMount, UserNamespaceLevel } from './types.ts';

/** PROC_USER_INIT_INO of linux/proc_ns.h: the initial user namespace on every kernel. */
export const initialUserNamespace = 4026531837;

/** More levels than a kernel allows, so that a wrong graph cannot make an endless loop. */
const mostLevels = 64;

/** From what `facts --userns=pid:N` says, with what is in use from a graph where there is one. Innermost first. */
export function levelsFromRecords(
  records: readonly UserNamespaceRecord[],
  graph?: Graph,
): readonly UserNamespaceLevel[] {
  const complete = records.at(-1)?.id === initialUserNamespace;
  return records.map(({ id, uid, limits }, index) => ({
    id,
    ...(complete ? { depth: records.length - 1 - index } : {}),
    ...(uid === undefined ? {} : { uid }),
    ...(limits === undefined ? {} : { limits }),
    ...usage(graph, `user:${id}`),
  }));
}

/** From the graph alone, which knows no limits but those of the facts: `own` are the limits of user namespace `ownId`. */
export function levelsFromGraph(
  graph: Graph,
  key: NamespaceKey,
  own?: { readonly id: number; readonly limits: Readonly<Record<string, number>> },
): readonly UserNamespaceLevel[] {
  const chain: Namespace[] = [];
  for (let at: NamespaceKey | undefined = key; at !== undefined && chain.length < mostLevels;) {
    const namespace: Namespace | undefined = graph.namespaces.get(at);
    if (namespace === undefined) break;
    chain.push(namespace);
    at = namespace.parent;
  }
  const complete = chain.at(-1)?.id === initialUserNamespace;
  return chain.map(({ id, uid }, index) => ({
    id,
    ...(complete ? { depth: chain.length - 1 - index } : {}),
    ...(uid === undefined ? {} : { uid }),
    ...(own?.id === id ? { limits: own.limits } : {}),
    ...usage(graph, `user:${id}`),
  }));
}

function usage(graph: Graph | undefined, key: NamespaceKey): Pick<UserNamespaceLevel, 'inUse'> {
  return graph?.namespaces.has(key) === true ? { inUse: inUse(graph, key) } : {};
}

/**
 * Namespaces that a user namespace and those below it own, by type. Each is counted in every level up from its owner
 * (namespaces(7)). The kernel counts for each user apart, which a graph cannot: so this is at most too much for one user, and
 * too little where something is not visible. The initial ones are counted in none.
 */
export function inUse(graph: Graph, key: NamespaceKey): Readonly<Partial<Record<NamespaceType, number>>> {
  const counts: Partial<Record<NamespaceType, number>> = {};
  for (const type of namespaceTypes) counts[type] = 0;
  const seen = new Set<NamespaceKey>();
  const queue: NamespaceKey[] = [key];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const namespace = graph.namespaces.get(at);
    if (namespace === undefined) continue;
    for (const owned of namespace.ownsList) {
      // A user namespace is owned by its parent, and is reached as a child.
      if (owned.type !== 'user' && !owned.initial) counts[owned.type] = (counts[owned.type] ?? 0) + 1;
    }
    for (const child of namespace.childList) {
      if (seen.has(child.key)) continue;
      counts.user = (counts.user ?? 0) + 1;
      queue.push(child.key);
    }
  }
  return counts;
}

/** Every mount of a namespace's file that the graph knows. */
export function mountsOf(graph: Graph): readonly KnownMount[] {
  const mounts: KnownMount[] = [];
  for (const { held } of graph.namespaces.values()) {
    for (const holder of held) {
      if (holder.by === 'mount') mounts.push({ path: holder.path, mntns: holder.mntns });
    }
  }
  return mounts;
}
