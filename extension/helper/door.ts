/** The helper's unix socket, and streams that go through it where the SSH server lets them. */
import { Duplex } from 'node:stream';
import type { DoorRecord, EndRecord, HelperRecord } from './protocol.ts';
import { ReadableEnd, settle, StreamClosed } from './serve-stream.ts';
import type { HelperStream, StreamOptions } from './session.ts';

/** Connects to a unix socket on the host. Rejects where the server refuses it. */
export type ConnectUnix = (path: string) => Promise<Duplex>;

export class Door {
  readonly #connect: ConnectUnix;
  readonly #ask: () => Promise<DoorRecord>;
  readonly #knock: (channel: Duplex, token: string) => Promise<void>;
  #opened: Promise<DoorRecord | undefined> | undefined;
  #isShut = false;

  /**
   * @param ask the helper for its door
   * @param knock makes a request through a new connection; rejects when it is not answered
   */
  constructor(
    connect: ConnectUnix,
    ask: () => Promise<DoorRecord>,
    knock: (channel: Duplex, token: string) => Promise<void>,
  ) {
    this.#connect = connect;
    this.#ask = ask;
    this.#knock = knock;
  }

  /** It was tried, and nothing gets through: `AllowStreamLocalForwarding no`, a server that is not OpenSSH, another /tmp. */
  get isShut(): boolean {
    return this.#isShut;
  }

  /** A new connection, or undefined where bytes have to travel another way. The first one tries. */
  async enter(): Promise<{ readonly channel: Duplex; readonly token: string } | undefined> {
    const opened = await (this.#opened ??= this.#open());
    if (opened === undefined) return undefined;
    try {
      return { channel: await this.#connect(opened.path), token: opened.token };
    } catch {
      // The server has as many as it takes (its limit of files), or there is no connection to it any more.
      return undefined;
    }
  }

  async #open(): Promise<DoorRecord | undefined> {
    let channel: Duplex | undefined;
    try {
      const door = await this.#ask();
      channel = await this.#connect(door.path);
      channel.on('error', () => undefined);
      await this.#knock(channel, door.token);
      return door;
    } catch {
      this.#isShut = true;
      return undefined;
    } finally {
      channel?.destroy();
    }
  }
}

/** How a stream is begun once it is known which way it goes. */
export interface Ways {
  readonly door: Door;
  /** Sends the request through the connection; settles with its end. */
  readonly through: (
    channel: Duplex,
    token: string,
    onRecord: (record: HelperRecord) => void,
  ) => { readonly ended: Promise<EndRecord>; cancel(reason: Error): Promise<void> };
  /** Where the door is shut. */
  readonly otherwise: () => HelperStream;
}

interface Inner {
  readonly stream: Duplex;
  readonly ended: Promise<EndRecord>;
  cancel(reason: Error): Promise<void>;
}

export class DoorStream extends Duplex implements HelperStream {
  readonly ended: Promise<EndRecord>;
  readonly #options: StreamOptions;
  readonly #ways: Ways;
  readonly #end: ReadableEnd;
  readonly #opening: Promise<Inner>;
  #inner: Inner | undefined;
  #isOver = false;

  constructor(verb: string | undefined, options: StreamOptions, ways: Ways) {
    super({ autoDestroy: false, ...(options.signal === undefined ? {} : { signal: options.signal }) });
    this.#options = options;
    this.#ways = ways;
    this.#end = new ReadableEnd(this, verb);
    this.#opening = this.#open();
    this.ended = this.#run();
    // `error` tells it, too.
    this.ended.catch(() => undefined);
  }

  async #open(): Promise<Inner> {
    const entered = await this.#ways.door.enter();
    if (this.destroyed) {
      entered?.channel.destroy();
      throw this.errored ?? new StreamClosed('the stream was closed');
    }
    if (entered === undefined) return this.#otherwise();
    const { channel, token } = entered;
    const request = this.#ways.through(channel, token, (record) => this.#take(record));
    return (this.#inner = this.#join(channel, request));
  }

  #otherwise(): Inner {
    const stream = this.#ways.otherwise();
    const cancel = (reason: Error): Promise<void> => {
      stream.destroy(reason);
      return Promise.resolve();
    };
    // Its own end is what ends this one: it has waited for the word itself.
    stream.once('end', () => this.#end.said({ eof: {} }));
    return (this.#inner = this.#join(stream, { ended: stream.ended, cancel }));
  }

  #join(stream: Duplex, request: Omit<Inner, 'stream'>): Inner {
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.once('end', () => this.#end.closed());
    // What cuts a channel off ends the request or the session, and these say why.
    stream.on('error', () => undefined);
    return { stream, ...request };
  }

  async #run(): Promise<EndRecord> {
    try {
      const { ended } = await this.#opening;
      const end = await ended;
      this.#isOver = true;
      this.#end.over();
      return end;
    } catch (error) {
      this.#isOver = true;
      this.#end.failed(error);
      throw error;
    }
  }

  #take(record: HelperRecord): void {
    this.#end.said(record);
    if ('stderr' in record) this.#options.onStderr?.(Buffer.from(record.stderr.bytes, 'base64url'));
    else this.#options.onRecord?.(record);
  }

  override _construct(callback: (error?: Error | null) => void): void {
    // Why it did not come about is told by `ended`.
    void settle(
      this.#opening.then(
        () => undefined,
        () => undefined,
      ),
      callback,
    );
  }

  override _read(): void {
    this.#inner?.stream.resume();
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    // What a verb that has ended does not read is lost, as in a pipe.
    if (this.#inner === undefined || this.#inner.stream.writableEnded || this.#inner.stream.destroyed) callback();
    else this.#inner.stream.write(chunk, () => callback());
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#inner?.stream.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    void this.#leave(error ?? new StreamClosed('the stream was closed'));
    callback(error);
  }

  /** First the verb is ended, and then its connection: an end that it sees it would pass on as one, not as a reset. */
  async #leave(reason: Error): Promise<void> {
    const inner = this.#inner;
    if (inner === undefined) return;
    try {
      if (!this.#isOver) await inner.cancel(reason);
    } catch {
      // The session has ended, and all of its verbs.
    } finally {
      inner.stream.destroy();
    }
  }
}
