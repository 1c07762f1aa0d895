import { after, type TestContext } from 'node:test';

type Cleanup = () => void | Promise<void>;

/** Owns what a test made, and undoes it in the opposite order: later things depend on earlier ones. */
export class Scope {
  readonly #cleanups: Cleanup[] = [];

  defer(cleanup: Cleanup): void {
    this.#cleanups.push(cleanup);
  }

  /** A scope to close earlier than this one; it is closed with this one if it has not been. */
  inner(): Scope {
    const inner = new Scope();
    this.defer(async () => inner.close());
    return inner;
  }

  /** Every cleanup runs, also after one that fails; the first failure is thrown at the end. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let cleanup = this.#cleanups.pop(); cleanup !== undefined; cleanup = this.#cleanups.pop()) {
      try {
        await cleanup();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** A scope that ends with the test. */
export function testScope(t: TestContext): Scope {
  const scope = new Scope();
  t.after(async () => scope.close());
  return scope;
}

/** A scope that ends with the file, or with the suite in whose `describe` it is called. */
export function suiteScope(): Scope {
  const scope = new Scope();
  after(async () => scope.close());
  return scope;
}
