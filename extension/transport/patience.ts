/** Time that the other side has to answer. It stands still while a person is asked. */
import { ConnectionError } from './errors.ts';

/** Asks a person, with a signal that ends the question; the clock stands still meanwhile. */
export type AskPerson = <T>(question: (signal: AbortSignal) => Promise<T>) => Promise<T>;

export class Patience {
  readonly #milliseconds: number;
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | undefined;
  #left: number;
  #since = 0;
  #held = 0;
  #over = false;

  constructor(milliseconds: number, expired: () => void) {
    this.#milliseconds = milliseconds;
    this.#expired = expired;
    this.#left = milliseconds;
    this.#run();
  }

  /** The other side has answered: it has the whole time again. */
  restart(): void {
    this.#left = this.#milliseconds;
    this.#since = Date.now();
    this.#run();
  }

  /** Runs something that does not depend on the other side. */
  async hold<T>(action: () => Promise<T>): Promise<T> {
    if (this.#held++ === 0) this.#left -= Date.now() - this.#since;
    clearTimeout(this.#timer);
    try {
      return await action();
    } finally {
      this.#held--;
      this.#run();
    }
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #run(): void {
    clearTimeout(this.#timer);
    if (this.#over || this.#held > 0) return;
    this.#since = Date.now();
    this.#timer = setTimeout(this.#expired, Math.max(0, this.#left));
  }
}

/** Aborted from outside, or by the connection itself when it ends. */
export function cancelledError(what: string): ConnectionError {
  return new ConnectionError('cancelled', `Connecting to ${what} was cancelled.`, 'Connect again when you are ready.');
}
