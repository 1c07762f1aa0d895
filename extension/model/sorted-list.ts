import type { Ordered } from './types.ts';

/** Items per chunk before it is split. Keeps an insertion's copying small without many chunks to search. */
const chunkLimit = 512;

/**
 * A list kept in order, without duplicates, cut into chunks: adding or taking away one item costs a search and the shifting
 * of one chunk, never of the whole, and a page can be read without the rest. `compare` must be a total order that answers 0
 * only for the same item, and an item's place must not change while it is in the list: take it out, change it, put it back.
 */
export class SortedList<T> implements Ordered<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #chunks: T[][] = [];
  #size = 0;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#chunks[0]?.[0];
  }

  /** False when it was there already. */
  add(item: T): boolean {
    const index = this.#chunkFor(item);
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      // After everything else, which is how pids and bulk loads come: no search within the chunk.
      const last = this.#chunks.at(-1);
      if (last === undefined || last.length >= chunkLimit) this.#chunks.push([item]);
      else last.push(item);
      this.#size++;
      return true;
    }
    const position = this.#position(chunk, item);
    const found = chunk[position];
    if (found !== undefined && this.#compare(found, item) === 0) return false;
    chunk.splice(position, 0, item);
    if (chunk.length > chunkLimit) this.#chunks.splice(index + 1, 0, chunk.splice(chunkLimit >> 1));
    this.#size++;
    return true;
  }

  /** False when it was not there. */
  delete(item: T): boolean {
    const index = this.#chunkFor(item);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return false;
    const position = this.#position(chunk, item);
    const found = chunk[position];
    if (found === undefined || this.#compare(found, item) !== 0) return false;
    chunk.splice(position, 1);
    if (chunk.length === 0) this.#chunks.splice(index, 1);
    this.#size--;
    return true;
  }

  has(item: T): boolean {
    return this.indexOf(item) !== -1;
  }

  /** Takes the first item out. */
  shift(): T | undefined {
    const { first } = this;
    if (first !== undefined) this.delete(first);
    return first;
  }

  at(index: number): T | undefined {
    let rest = index;
    for (const chunk of this.#chunks) {
      if (rest < chunk.length) return chunk[rest];
      rest -= chunk.length;
    }
    return undefined;
  }

  slice(start: number, end: number): readonly T[] {
    const items: T[] = [];
    let offset = 0;
    for (const chunk of this.#chunks) {
      if (offset >= end) break;
      if (offset + chunk.length > start) {
        const part = chunk.slice(Math.max(0, start - offset), end - offset);
        for (const item of part) items.push(item);
      }
      offset += chunk.length;
    }
    return items;
  }

  indexOf(item: T): number {
    const index = this.#chunkFor(item);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return -1;
    const position = this.#position(chunk, item);
    const found = chunk[position];
    if (found === undefined || this.#compare(found, item) !== 0) return -1;
    let offset = position;
    for (let before = 0; before < index; before++) offset += this.#chunks[before]?.length ?? 0;
    return offset;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** Index of the first chunk whose last item is not before `item`; the number of chunks when there is none. */
  #chunkFor(item: T): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const last = this.#chunks[middle]?.at(-1);
      if (last !== undefined && this.#compare(last, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #position(chunk: readonly T[], item: T): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const candidate = chunk[middle];
      if (candidate !== undefined && this.#compare(candidate, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
