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
export class StreamClosed extends Error {
  override readonly name = 'StreamClosed';
}

/**
 * When what can be read has ended: as soon as the verb has closed its side, or with the verb. Of `relay` only after it has said
 * so, because the kernel closes the side of a `relay` whose connection was reset, too. A stream is not destroyed before its
 * request is over: that would end the verb.
 */
export class ReadableEnd {
  readonly #stream: Duplex;
  #waitsForWord: boolean;
  #isClosed = false;
  #isOver = false;
  #isPushed = false;

  constructor(stream: Duplex, verb: string | undefined) {
    this.#stream = stream;
    this.#waitsForWord = verb === 'relay';
    stream.once('end', () => this.#destroyIfDone());
    stream.once('finish', () => this.#destroyIfDone());
  }

  /** The verb's side is closed. */
  closed(): void {
    this.#isClosed = true;
    this.#push();
  }

  said(record: HelperRecord): void {
    if (!('eof' in record)) return;
    this.#waitsForWord = false;
    this.#push();
  }

  /** The verb has ended well. */
  over(): void {
    this.#isOver = true;
    this.#waitsForWord = false;
    this.#push();
    this.#destroyIfDone();
  }

  /** What is read and written to the end has nothing to say of an error any more. */
  failed(error: unknown): void {
    const { readableEnded, writableFinished } = this.#stream;
    const isTold = error instanceof StreamClosed || (readableEnded && writableFinished);
    this.#stream.destroy(isTold ? undefined : asError(error));
  }

  #push(): void {
    if (this.#isPushed || !this.#isClosed || this.#waitsForWord) return;
    this.#isPushed = true;
    this.#stream.push(null);
  }

  #destroyIfDone(): void {
    if (this.#isOver && this.#stream.readableEnded) this.#stream.destroy();
  }
}

export class ServeStream extends Duplex implements HelperStream {
  readonly ended: Promise<EndRecord>;
  readonly #send: Send;
  readonly #cancel = new AbortController();
  readonly #options: StreamOptions;
  #isOver = false;
  /** Bytes that the reader has taken and the helper has not been told of. */
  #taken = 0;
  readonly #end: ReadableEnd;

  /** `start` makes the request, `send` one about it. */
  constructor(
    verb: string | undefined,
    options: StreamOptions,
    start: (onRecord: (record: HelperRecord) => void, signal: AbortSignal) => Promise<EndRecord>,
    send: Send,
  ) {
    super({ autoDestroy: false, ...(options.signal === undefined ? {} : { signal: options.signal }) });
    this.#end = new ReadableEnd(this, verb);
    this.#options = options;
    this.#send = send;
    this.ended = start((record) => this.#take(record), this.#cancel.signal);
    void this.#finish();
  }

  async #finish(): Promise<void> {
    try {
      await this.ended;
      this.#isOver = true;
      this.#end.closed();
      this.#end.over();
    } catch (error) {
      this.#isOver = true;
      this.#end.failed(error);
    }
  }

  #take(record: HelperRecord): void {
    if ('data' in record) {
      const bytes = Buffer.from(record.data.bytes, 'base64url');
      if (bytes.length === 0) {
        this.#end.closed();
        return;
      }
      this.#taken += bytes.length;
      if (this.push(bytes)) this.#acknowledge();
    } else if ('stderr' in record) {
      this.#options.onStderr?.(Buffer.from(record.stderr.bytes, 'base64url'));
    } else {
      this.#end.said(record);
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
export async function settle(work: Promise<void>, callback: (error?: Error | null) => void): Promise<void> {
  let failure: Error | undefined;
  try {
    await work;
  } catch (error) {
    failure = asError(error);
  }
  callback(failure);
}
