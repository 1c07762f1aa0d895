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

  resize({ columns, rows }: TerminalSize): void {
    // One that has ended meanwhile has no size.
    if (!this.#over) this.#send('resize', String(columns), String(rows)).catch(() => undefined);
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    try {
      for (let part = this.#typed[0]; part !== undefined && !this.#over; part = this.#typed[0]) {
        // In order: the next key must not overtake this one.
        // oxlint-disable-next-line no-await-in-loop
        if (await this.#taken(part)) this.#typed.shift();
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
  async #taken(part: Uint8Array): Promise<boolean> {
    try {
      await this.#send('input', Buffer.from(part).toString('base64url'));
      return true;
    } catch (error) {
      if (error instanceof HelperError && error.record.errno === 'EAGAIN') return false;
      throw error;
    }
  }
}
