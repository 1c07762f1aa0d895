/** The keyboard of a terminal that runs over `serve`. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EndRecord } from './protocol.ts';
import { HelperError, type HelperTerminal, type TerminalSize } from './session.ts';

/** Bytes that the helper takes at once. */
const partSize = 12_288;

/** Milliseconds until what found no room is offered again. */
const patience = 50;

export class ServeTerminal implements HelperTerminal {
  readonly end: Promise<EndRecord>;
  readonly #send: (verb: 'input' | 'resize', ...words: readonly string[]) => Promise<EndRecord>;
  readonly #typed: Uint8Array[] = [];
  #sending = false;
  /** The size that the terminal is to have, until it was taken. */
  #size: TerminalSize | undefined;
  #over = false;

  /** `send` makes a request about this terminal. */
  constructor(
    end: Promise<EndRecord>,
    send: (verb: 'input' | 'resize', ...words: readonly string[]) => Promise<EndRecord>,
  ) {
    this.#send = send;
    this.end = end.finally(() => {
      this.#over = true;
      this.#typed.length = 0;
    });
  }

  type(bytes: Uint8Array): void {
    if (this.#over) return;
    for (let at = 0; at < bytes.length; at += partSize) this.#typed.push(bytes.subarray(at, at + partSize));
    if (!this.#sending) void this.#drain();
  }

  resize(size: TerminalSize): void {
    const waits = this.#size !== undefined;
    this.#size = size;
    if (!this.#over && !waits) void this.#fit();
  }

  /** Of several sizes that find no room only the last one counts. */
  async #fit(): Promise<void> {
    try {
      for (let size = this.#size; size !== undefined && !this.#over; size = this.#size) {
        // oxlint-disable-next-line no-await-in-loop
        const isTaken = await this.#taken('resize', String(size.columns), String(size.rows));
        if (isTaken && this.#size === size) this.#size = undefined;
        // oxlint-disable-next-line no-await-in-loop
        else if (!isTaken) await delay(patience);
      }
    } catch {
      // One that has ended meanwhile has no size.
      this.#size = undefined;
    }
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    try {
      for (let part = this.#typed[0]; part !== undefined && !this.#over; part = this.#typed[0]) {
        // In order: the next key must not overtake this one.
        // oxlint-disable-next-line no-await-in-loop
        if (await this.#taken('input', Buffer.from(part).toString('base64url'))) this.#typed.shift();
        // oxlint-disable-next-line no-await-in-loop
        else await delay(patience);
      }
    } catch {
      // The terminal or the connection has ended, of which `end` tells.
      this.#typed.length = 0;
    } finally {
      this.#sending = false;
    }
  }

  /** False when the program in the terminal does not read and there is no room for more. */
  async #taken(verb: 'input' | 'resize', ...words: readonly string[]): Promise<boolean> {
    try {
      await this.#send(verb, ...words);
      return true;
    } catch (error) {
      if (error instanceof HelperError && error.record.errno === 'EAGAIN') return false;
      throw error;
    }
  }
}
