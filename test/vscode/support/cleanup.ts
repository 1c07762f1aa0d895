/** What has to be undone, last first. Node 20 has no AsyncDisposableStack. */
export class Cleanup implements AsyncDisposable {
  #steps: (() => unknown)[] = [];

  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  use<T extends AsyncDisposable>(thing: T): T {
    this.defer(() => thing[Symbol.asyncDispose]());
    return thing;
  }

  /** Hands everything over to a new owner; this one has nothing left to do. */
  move(): Cleanup {
    const other = new Cleanup();
    other.#steps = this.#steps;
    this.#steps = [];
    return other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        // Each may need what an earlier one made.
        // oxlint-disable-next-line no-await-in-loop
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be undone');
  }
}
