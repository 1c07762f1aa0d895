import type { NamespaceType } from '../helper/protocol.ts';
import type { Graph, Namespace } from './types.ts';

/** The host's own namespace of a type, which is the first of it; undefined where that is not known. */
export function hostsOwnOf(graph: Graph, type: NamespaceType): Namespace | undefined {
  const first = graph.ofType(type).at(0);
  return first?.initial === true ? first : undefined;
}
