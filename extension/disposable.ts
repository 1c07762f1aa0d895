/** Ownership of things that must be released. Free of `vscode`, so that transports and tests can use it. */
export interface Disposable {
  dispose(): void;
}

export type Listener<T> = (value: T) => void;

/** Subscribes a listener; disposing the result unsubscribes it. Structurally a `vscode.Event`. */
export type Event<T> = (listener: Listener<T>) => Disposable;

/** Owns disposables. What arrives after `dispose()` is disposed at once, so a late arrival cannot leak. */
export class DisposableStore implements Disposable {
  readonly #items = new Set<Disposable>();
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.add(item);
    return item;
  }

  /** Last in, first out: later things may depend on earlier ones. */
  dispose(): void {
    this.#disposed = true;
    const items = [...this.#items].toReversed();
    this.#items.clear();
    for (const item of items) item.dispose();
  }
}

export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<{ listener: Listener<T> }>();

  readonly event: Event<T> = (listener) => {
    // A box per subscription, so that one function subscribed twice is two subscriptions.
    const subscription = { listener };
    this.#listeners.add(subscription);
    return { dispose: () => void this.#listeners.delete(subscription) };
  };

  /** Every listener hears it, also after one that throws; the errors are thrown when all have heard. */
  fire(value: T): void {
    const errors: unknown[] = [];
    for (const { listener } of this.#listeners) {
      try {
        listener(value);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'listeners failed');
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
