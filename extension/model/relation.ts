import type { ChangeCollector } from './changes.ts';
import { compareNamespaces } from './nodes.ts';
import type { NamespaceNode } from './nodes.ts';
import { SortedList } from './sorted-list.ts';
import type { NamespaceKey } from './types.ts';

/**
 * Who is owned by, or a child of, whom. Kept beside the nodes: a host may name an owner before it tells of it, or never, when
 * the caller may not see it.
 */
export class Relation {
  readonly #kind: 'owner' | 'parent';
  readonly #namespaces: ReadonlyMap<NamespaceKey, NamespaceNode>;
  readonly #lists = new Map<NamespaceKey, SortedList<NamespaceNode>>();

  constructor(kind: 'owner' | 'parent', namespaces: ReadonlyMap<NamespaceKey, NamespaceNode>) {
    this.#kind = kind;
    this.#namespaces = namespaces;
  }

  /** A node has come: gives it the list of those that name it already. */
  attach(node: NamespaceNode): void {
    node.relate(this.#kind, this.#lists.get(node.key));
  }

  /** @param changes left out where only the order of the list changes. */
  link(node: NamespaceNode, changes?: ChangeCollector): void {
    const key = node[this.#kind];
    if (key === undefined) return;
    let list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, (list = new SortedList<NamespaceNode>(compareNamespaces)));
    list.add(node);
    this.#tell(key, list, changes);
  }

  unlink(node: NamespaceNode, changes?: ChangeCollector): void {
    const key = node[this.#kind];
    const list = key === undefined ? undefined : this.#lists.get(key);
    if (key === undefined || list === undefined) return;
    list.delete(node);
    if (list.size === 0) this.#lists.delete(key);
    this.#tell(key, list.size === 0 ? undefined : list, changes);
  }

  #tell(key: NamespaceKey, list: SortedList<NamespaceNode> | undefined, changes: ChangeCollector | undefined): void {
    const target = this.#namespaces.get(key);
    if (target === undefined) return;
    target.relate(this.#kind, list);
    changes?.relate(target);
  }
}
