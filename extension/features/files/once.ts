/** Values that are each taken once, and only for a while. Pure. */
export class Once<T> {
  readonly #milliseconds: number;
  readonly #now: () => number;
  readonly #values = new Map<string, { readonly value: T; readonly time: number }>();

  constructor(milliseconds: number, now = () => performance.now()) {
    this.#milliseconds = milliseconds;
    this.#now = now;
  }

  put(key: string, value: T): void {
    // What nobody has come for goes with the next that is put.
    for (const [each, { time }] of this.#values) if (this.#isOld(time)) this.#values.delete(each);
    this.#values.set(key, { value, time: this.#now() });
  }

  take(key: string): T | undefined {
    const kept = this.#values.get(key);
    this.#values.delete(key);
    return kept === undefined || this.#isOld(kept.time) ? undefined : kept.value;
  }

  #isOld(time: number): boolean {
    return this.#now() - time > this.#milliseconds;
  }
}
