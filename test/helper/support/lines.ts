import { once, EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { parseLine } from './shape.ts';
import { within } from './wait.ts';

/** Lines of JSON as they come, and a way to wait for what they lead to. */
export class JsonLines {
  /** True once the stream has ended. */
  ended = false;
  /** What came after the last newline. */
  rest = Buffer.alloc(0);
  #failure: Error | undefined;
  readonly #changes = new EventEmitter();
  readonly #take: (value: unknown) => void;

  constructor(stream: Readable, take: (value: unknown) => void) {
    this.#take = take;
    this.#changes.setMaxListeners(0);
    stream.on('data', (chunk: Buffer) => {
      this.#push(chunk);
    });
    stream.on('end', () => {
      this.ended = true;
      this.#changes.emit('change');
    });
  }

  #push(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    try {
      for (let end = this.rest.indexOf(10); end !== -1; end = this.rest.indexOf(10)) {
        const line = this.rest.subarray(0, end);
        this.rest = this.rest.subarray(end + 1);
        this.#take(parseLine(line));
      }
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#changes.emit('change');
  }

  /**
   * Resolves with the probe's value as soon as it is neither undefined nor false; it is asked after each piece of output. Rejects when a line was
   * wrong, when the stream ends before, or after `deadline` milliseconds.
   */
  async until<T>(what: string, probe: () => T | undefined | false, deadline?: number): Promise<T> {
    return within(what, this.#wait(what, probe), deadline);
  }

  async #wait<T>(what: string, probe: () => T | undefined | false): Promise<T> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const value = probe();
      if (value !== undefined && value !== false) return value;
      if (this.ended) throw new Error(`The output ended before ${what}`);
      await once(this.#changes, 'change');
    }
  }

  /** Throws what was wrong with the output, if anything was. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
