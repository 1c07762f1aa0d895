/** Where each namespace stands in the tree of user namespaces and what they own. */
import type { FormerPlace, Graph, Namespace, NamespaceKey } from './types.ts';

/**
 * Namespaces nest at most 33 deep (the kernel refuses more: user_namespaces(7), pid_namespaces(7)), user and pid each. A
 * host that tells of deeper nesting, or of circles, is not telling the truth: what has no way to a root is shown flat.
 */
const deepest = 80;

type Nested = Pick<Namespace, 'key' | 'type'> & Pick<FormerPlace, 'owner' | 'parent'>;

/**
 * The namespace that it is shown below: a user namespace below its parent, anything else below the user namespace that
 * owns it. A pid namespace is shown below its parent pid namespace while one user namespace owns both, so that nesting is
 * seen. Undefined at a root, and where the owner is not known or not visible.
 */
export function ownerTreeParent(graph: Graph, namespace: Nested): NamespaceKey | undefined {
  const { key, type, owner, parent } = namespace;
  const above = parent === undefined ? undefined : graph.namespaces.get(parent);
  if (above !== undefined && above.key !== key && (type === 'user' || above.owner === owner)) return above.key;
  return owner !== undefined && owner !== key && graph.namespaces.has(owner) ? owner : undefined;
}

/**
 * Depths of what others are below, where they are known already: for passes over many namespaces of one state of a graph,
 * which are below few.
 */
export type KnownDepths = Map<NamespaceKey, number | undefined>;

/** Steps to the top of its tree; undefined when there is no top. */
export function depthOf(graph: Graph, namespace: Nested, known?: KnownDepths): number | undefined {
  let at: Nested | undefined = namespace;
  for (let steps = 0; at !== undefined && steps <= deepest; steps++) {
    const above: NamespaceKey | undefined = ownerTreeParent(graph, at);
    if (above === undefined) return steps;
    if (known?.has(above) === true) return within(known.get(above), steps + 1);
    at = graph.namespaces.get(above);
  }
  return undefined;
}

function within(above: number | undefined, steps: number): number | undefined {
  return above === undefined || above + steps > deepest ? undefined : above + steps;
}

/** What it is shown below: another namespace, the top, or the group of those of which no owner is known. */
export function ownerTreePlace(
  graph: Graph,
  namespace: Nested,
  known: KnownDepths = new Map(),
): NamespaceKey | 'root' | 'unowned' {
  const above = ownerTreeParent(graph, namespace);
  if (above === undefined) return namespace.type === 'user' ? 'root' : 'unowned';
  if (!known.has(above)) {
    const node = graph.namespaces.get(above);
    known.set(above, node === undefined ? undefined : depthOf(graph, node, known));
  }
  return within(known.get(above), 1) === undefined ? 'unowned' : above;
}

/** Namespaces shown directly below one, user namespaces first, then by type in display order. */
export function ownerTreeChildren(graph: Graph, namespace: Namespace): Namespace[] {
  const depth = depthOf(graph, namespace);
  // What would be deeper is shown flat.
  if (depth === undefined || depth >= deepest) return [];
  const users: Namespace[] = [];
  const others: Namespace[] = [];
  const seen = new Set<NamespaceKey>();
  for (const list of [namespace.childList, namespace.ownsList]) {
    for (const child of list) {
      if (seen.has(child.key) || ownerTreeParent(graph, child) !== namespace.key) continue;
      seen.add(child.key);
      if (child.type === 'user') users.push(child);
      else others.push(child);
    }
  }
  return [...users, ...others];
}
