import type { NamespaceNode, WorkloadNode } from './nodes.ts';
import type { Change, FormerPlace, FormerWorkload, NamespaceKey } from './types.ts';

interface Former extends FormerPlace {
  readonly name: string;
}

/** Gathers what one batch changes, counted against the state before the batch: what comes and goes within it is no change. */
export class ChangeCollector {
  readonly #added = new Set<NamespaceKey>();
  readonly #removed = new Set<NamespaceKey>();
  readonly #changed = new Set<NamespaceKey>();
  readonly #populated = new Set<NamespaceKey>();
  readonly #related = new Set<NamespaceKey>();
  readonly #former = new Map<NamespaceKey, Former>();
  readonly processes = new Set<number>();
  readonly #workloads = new Set<string>();
  readonly #formerWorkloads = new Map<string, FormerWorkload>();
  completeness = false;

  add(node: NamespaceNode): void {
    node.toldBy = this;
    // Taken away earlier in this batch: to a view it is the same namespace with other contents.
    if (this.#removed.delete(node.key)) this.#changed.add(node.key);
    else this.#added.add(node.key);
  }

  remove(node: NamespaceNode): void {
    this.place(node);
    this.#changed.delete(node.key);
    this.#populated.delete(node.key);
    this.#related.delete(node.key);
    if (!this.#added.delete(node.key)) this.#removed.add(node.key);
  }

  change(node: NamespaceNode): void {
    if (node.toldBy === this) return;
    node.toldBy = this;
    this.#changed.add(node.key);
    this.#populated.delete(node.key);
    this.#related.delete(node.key);
  }

  /** Its members changed, or which workloads they are of. */
  populate(node: NamespaceNode): void {
    if (node.toldBy === this) return;
    this.#changed.add(node.key);
    this.#populated.add(node.key);
    this.#related.delete(node.key);
  }

  /** What it owns or what is below it changed. */
  relate(node: NamespaceNode): void {
    if (node.toldBy === this || this.#changed.has(node.key)) return;
    this.#changed.add(node.key);
    this.#related.add(node.key);
  }

  /** To be called before a workload changes. */
  workload(workload: WorkloadNode): void {
    if (this.#workloads.has(workload.id)) return;
    this.#workloads.add(workload.id);
    if (!workload.listed) return;
    const { name, namespaceList } = workload;
    this.#formerWorkloads.set(workload.id, { name, sandboxed: namespaceList.size > 0 });
  }

  /** To be called before the owner, parent, name or workloads of a namespace change. */
  place(node: NamespaceNode): void {
    if (!node.listed || this.#added.has(node.key) || this.#former.has(node.key)) return;
    this.#former.set(node.key, {
      owner: node.owner,
      parent: node.parent,
      initial: node.initial,
      // The host's own are in the place of no workload, and can have thousands.
      workloads: node.initial ? [] : node.workloads,
      name: node.name.text,
    });
  }

  result(reset: boolean, current: ReadonlyMap<NamespaceKey, NamespaceNode>): Change {
    const former = new Map<NamespaceKey, FormerPlace>();
    for (const [key, { name, ...place }] of this.#former) {
      const node = current.get(key);
      if (node === undefined || !samePlace(place, node) || name !== node.name.text) former.set(key, place);
    }
    return {
      reset,
      added: this.#added,
      removed: this.#removed,
      changed: this.#changed,
      populated: this.#populated,
      related: this.#related,
      processes: this.processes,
      workloads: this.#workloads,
      former,
      formerWorkloads: this.#formerWorkloads,
      completeness: this.completeness,
    };
  }
}

function samePlace(place: FormerPlace, node: NamespaceNode): boolean {
  if (place.owner !== node.owner || place.parent !== node.parent || place.initial !== node.initial) return false;
  if (node.initial) return true;
  const { workloads } = node;
  return place.workloads.length === workloads.length && place.workloads.every((id, index) => id === workloads[index]);
}
