/** The keyboard of a terminal that runs over `serve`. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EndRecord } from './protocol.ts';
import { HelperError, type HelperTerminal, type TerminalSize } from './session.ts';

/** Bytes that the helper takes at once. */
export const partSize = 12_288;

/** Milliseconds until what found no room is offered again. */
const patience = 50;

/** Makes a request about a running terminal or stream. */
export type Send = (verb: 'input' | 'resize' | 'taken', ...words: readonly string[]) => Promise<EndRecord>;

/** Resolves when the host has taken it, however long the program there does not read. Rejects when that has ended. */
export async function handOver(send: Send, verb: 'input' | 'resize', words: () => readonly string[]): Promise<void> {
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      await send(verb, ...words());
      return;
    } catch (error) {
      if (!(error instanceof HelperError && error.record.errno === 'EAGAIN')) throw error;
    }
    // oxlint-disable-next-line no-await-in-loop
    await delay(patience);
  }
}

export class ServeTerminal implements HelperTerminal {
  readonly end: Promise<EndRecord>;
  readonly #send: Send;
  readonly #typed: Uint8Array[] = [];
  #sending = false;
  /** The size that the terminal is to have, until it was taken. */
  #size: TerminalSize | undefined;
  #over = false;

  /** `send` makes a request about this terminal. */
  constructor(end: Promise<EndRecord>, send: Send) {
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
      for (let sent: TerminalSize | undefined; this.#size !== sent && !this.#over;) {
        // oxlint-disable-next-line no-await-in-loop, no-loop-func
        await handOver(this.#send, 'resize', () => {
          sent = this.#size;
          return [String(sent?.columns), String(sent?.rows)];
        });
      }
    } catch {
      // One that has ended meanwhile has no size.
    }
    this.#size = undefined;
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    try {
      for (let part = this.#typed.shift(); part !== undefined && !this.#over; part = this.#typed.shift()) {
        const text = Buffer.from(part).toString('base64url');
        // In order: the next key must not overtake this one.
        // oxlint-disable-next-line no-await-in-loop
        await handOver(this.#send, 'input', () => [text]);
      }
    } catch {
      // The terminal or the connection has ended, of which `end` tells.
      this.#typed.length = 0;
    } finally {
      this.#sending = false;
    }
  }
}
