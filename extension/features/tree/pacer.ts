import type { Disposable } from '../../disposable.ts';

/**
 * Milliseconds between two events of a tree. VS Code (extHostTreeViews.ts) takes the first event at once, but joins those that
 * follow within 200 ms of the one before, and waits until 200 ms have passed without any: an event too early delays itself.
 */
export const eventGap = 205;

/** Runs an action as soon as its caller wants it and the gap since it last ran allows. */
export class Pacer implements Disposable {
  readonly #action: () => void;
  readonly #clock: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Infinity;
  #last = -Infinity;
  #disposed = false;

  constructor(action: () => void, clock: () => number = () => performance.now()) {
    this.#action = action;
    this.#clock = clock;
  }

  /** Within `delay` milliseconds, if the gap allows; an earlier wish stands. */
  within(delay: number): void {
    const due = Math.max(this.#clock() + delay, this.#last + eventGap);
    if (this.#disposed || due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.now(), due - this.#clock());
  }

  /** At once, whatever it costs in time. */
  now(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
    if (this.#disposed) return;
    this.#last = this.#clock();
    this.#action();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }
}
