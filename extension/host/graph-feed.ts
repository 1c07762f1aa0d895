import type { HelperRecord } from '../helper/protocol.ts';
import type { Change, Graph } from '../model/types.ts';
import { DeepFinds } from './deep-finds.ts';

/** The write side of a graph. */
export interface WritableGraph extends Graph {
  /** A batch that begins with a `snapshot` record is the whole state, any other one only changes. */
  apply(records: readonly HelperRecord[]): Change;
}

/**
 * Owns one host's graph across its connections and all that goes into it: what `watch` reports, and the finds of the last
 * deep scan.
 */
export class GraphFeed {
  readonly #graph: WritableGraph;
  readonly #onChange: (change: Change) => void;
  #filled = false;
  #finds: DeepFinds | undefined;
  #next: { readonly finds: DeepFinds | undefined } | undefined;

  constructor(graph: WritableGraph, onChange: (change: Change) => void) {
    this.#graph = graph;
    this.#onChange = onChange;
  }

  /** Undefined until the first snapshot. */
  get graph(): Graph | undefined {
    return this.#filled ? this.#graph : undefined;
  }

  /** Time of the deep scan whose finds are in the graph, as `Host.deepTime`. */
  get deepTime(): number | undefined {
    return this.#finds?.time;
  }

  /**
   * What the next snapshot brings into the graph besides itself: the records of a deep scan, or nothing. Without this call
   * the present finds stay.
   */
  refresh(deepScan: readonly HelperRecord[] | undefined): void {
    this.#next = { finds: deepScan === undefined ? undefined : new DeepFinds(deepScan) };
  }

  apply(records: readonly HelperRecord[], snapshot: boolean): void {
    let merged = records;
    if (snapshot) {
      if (this.#next !== undefined) this.#finds = this.#next.finds;
      const fresh = this.#next !== undefined;
      this.#next = undefined;
      merged = this.#finds?.mergeSnapshot(records) ?? records;
      if (!fresh && this.#finds?.empty === true) this.#finds = undefined;
    } else {
      merged = this.#finds?.mergeChanges(records) ?? records;
    }
    const change = this.#graph.apply(merged);
    if (snapshot) this.#filled = true;
    this.#onChange(change);
  }
}
