import { instanceOf } from './naming/instances.ts';
import type { NamespaceNode } from './nodes.ts';

/** What has become another one in an instance that only mounts keep. */
export interface MountedChange {
  readonly name: string;
  readonly gone: readonly NamespaceNode[];
  readonly come: readonly NamespaceNode[];
  /** It is no such instance any more. */
  readonly last: boolean;
}

/** Which namespaces are mounted beneath /run/linux-namespaces/NAME, and which of those names no process holds. */
export class MountedInstances {
  /** Namespaces that have such a mount in any mount namespace. */
  readonly #mounted = new Set<NamespaceNode>();
  #known = new Map<string, ReadonlySet<NamespaceNode>>();

  note(node: NamespaceNode): void {
    const mounted = node.holders.some((holder) => holder.by === 'mount' && instanceOf(holder.path) !== undefined);
    if (mounted) this.#mounted.add(node);
    else this.#mounted.delete(node);
  }

  /**
   * The differences since the last call. There are few instances, so all are looked at.
   *
   * @param held names of instances that have a process
   * @param mntns a copy of the mount in another mount namespace is not what its name stands for; undefined counts all
   */
  *settle(held: ReadonlySet<string>, mntns: number | undefined): Generator<MountedChange> {
    if (this.#mounted.size === 0 && this.#known.size === 0) return;
    const now = this.#read(held, mntns);
    const before = this.#known;
    this.#known = now;
    for (const name of new Set([...before.keys(), ...now.keys()])) {
      const old = before.get(name) ?? new Set();
      const next = now.get(name) ?? new Set();
      const gone = [...old].filter((node) => !next.has(node));
      const come = [...next].filter((node) => !old.has(node));
      if (gone.length + come.length > 0) yield { name, gone, come, last: next.size === 0 };
    }
  }

  #read(held: ReadonlySet<string>, mntns: number | undefined): Map<string, Set<NamespaceNode>> {
    const found = new Map<string, Set<NamespaceNode>>();
    for (const node of this.#mounted) {
      for (const holder of node.holders) {
        if (holder.by !== 'mount' || (mntns !== undefined && holder.mntns !== mntns)) continue;
        const name = instanceOf(holder.path);
        if (name === undefined || held.has(name)) continue;
        const nodes = found.get(name);
        if (nodes === undefined) found.set(name, new Set([node]));
        else nodes.add(node);
      }
    }
    return found;
  }
}
