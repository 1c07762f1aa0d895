/** A stream that runs over `serve`: its bytes travel in requests and records. */
import { Duplex } from 'node:stream';
import { asError } from '../as-error.ts';
import type { EndRecord, HelperRecord } from './protocol.ts';
import { handOver, partSize, type Send } from './serve-terminal.ts';
import { HelperError, type HelperStream, type StreamOptions } from './session.ts';

/** The helper counts what was taken in these units. */
const kibibyte = 1024;

/** Said to the helper at once; it pauses after 256 KiB of which it was not told. */
const takenAtOnce = 64 * kibibyte;

/** Why the request of a stream that was destroyed is cancelled. */
class StreamClosed extends Error {
  override readonly name = 'StreamClosed';
}

export class ServeStream extends Duplex implements HelperStream {
  readonly ended: Promise<EndRecord>;
  readonly #send: Send;
  readonly #cancel = new AbortController();
  readonly #options: StreamOptions;
  #isOver = false;
  /** Bytes that the reader has taken and the helper has not been told of. */
  #taken = 0;

  /** `start` makes the request, `send` one about it. */
  constructor(
    options: StreamOptions,
    start: (onRecord: (record: HelperRecord) => void, signal: AbortSignal) => Promise<EndRecord>,
    send: Send,
  ) {
    super(options.signal === undefined ? {} : { signal: options.signal });
    this.#options = options;
    this.#send = send;
    this.ended = start((record) => this.#take(record), this.#cancel.signal);
    void this.#finish();
  }

  async #finish(): Promise<void> {
    try {
      await this.ended;
      this.#isOver = true;
      this.push(null);
    } catch (error) {
      this.#isOver = true;
      this.destroy(error instanceof StreamClosed ? undefined : asError(error));
    }
  }

  #take(record: HelperRecord): void {
    if ('data' in record) {
      const bytes = Buffer.from(record.data.bytes, 'base64url');
      this.#taken += bytes.length;
      if (this.push(bytes)) this.#acknowledge();
    } else if ('stderr' in record) {
      this.#options.onStderr?.(Buffer.from(record.stderr.bytes, 'base64url'));
    } else {
      this.#options.onRecord?.(record);
    }
  }

  override _read(): void {
    this.#acknowledge();
  }

  #acknowledge(): void {
    if (this.#taken < takenAtOnce || this.#isOver) return;
    const units = Math.floor(this.#taken / kibibyte);
    this.#taken -= units * kibibyte;
    // One that has ended meanwhile needs no room; `ended` tells how.
    this.#send('taken', String(units)).catch(() => undefined);
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    void settle(this.#write(chunk), callback);
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += partSize) {
      const text = bytes.subarray(at, at + partSize).toString('base64url');
      // In order.
      // oxlint-disable-next-line no-await-in-loop
      await this.#hand([text]);
    }
  }

  override _final(callback: (error?: Error | null) => void): void {
    void settle(this.#hand([]), callback);
  }

  /** What a verb that has ended does not read is lost, as in a pipe. */
  async #hand(words: readonly string[]): Promise<void> {
    try {
      if (!this.#isOver) await handOver(this.#send, 'input', () => words);
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#isOver) this.#cancel.abort(error ?? new StreamClosed('the stream was closed'));
    callback(error);
  }
}

/** Node's streams want a callback. */
async function settle(work: Promise<void>, callback: (error?: Error | null) => void): Promise<void> {
  let failure: Error | undefined;
  try {
    await work;
  } catch (error) {
    failure = asError(error);
  }
  callback(failure);
}
