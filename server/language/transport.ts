import type { Readable, Writable } from 'node:stream';

/** What carries messages of JSON-RPC between the editor and the server. */
export interface Transport {
  /** `onEnd` is called once: when the editor is gone, or when what it sends is no message. */
  readonly listen: (onMessage: (message: unknown) => void, onEnd: () => void) => void;
  readonly send: (message: object) => void;
}

/** The base protocol of LSP: a header with the length in bytes, then JSON. */
export function streamTransport(input: Readable, output: Writable): Transport {
  return {
    listen: (onMessage, onEnd) => {
      let ended = false;
      const end = (): void => {
        if (!ended) onEnd();
        ended = true;
      };
      const messages = new MessageSplitter();
      input.on('data', (chunk: Buffer) => {
        try {
          for (const text of messages.add(chunk)) onMessage(JSON.parse(text));
        } catch {
          // Where the next message begins cannot be known any more.
          end();
        }
      });
      for (const event of ['end', 'close', 'error']) input.on(event, end);
      output.on('error', end);
    },
    send: (message) => {
      const text = JSON.stringify(message);
      output.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    },
  };
}

/** Cuts a stream of bytes into the texts of messages. */
class MessageSplitter {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes of the message whose header has been read. */
  #length: number | undefined;

  /** Throws on a header without a length. */
  *add(chunk: Buffer): Generator<string> {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    for (;;) {
      this.#length ??= this.#header();
      if (this.#length === undefined || this.#size < this.#length) return;
      const text = this.#take(this.#length).toString('utf8');
      this.#length = undefined;
      yield text;
    }
  }

  #header(): number | undefined {
    const bytes = this.#joined();
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#size > longestHeader) throw new RangeError('no end of a header');
      return undefined;
    }
    const header = this.#take(end + 4).toString('latin1');
    const length = /^content-length:[ \t]*(\d{1,9})[ \t]*$/im.exec(header)?.[1];
    if (length === undefined) throw new RangeError('a header without a length');
    return Number(length);
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [bytes];
    return bytes;
  }

  #take(count: number): Buffer {
    const bytes = this.#joined();
    this.#chunks = [bytes.subarray(count)];
    this.#size -= count;
    return bytes.subarray(0, count);
  }
}

/** In bytes; real ones have some fifty. */
const longestHeader = 8192;

/** The channel that fork(2) of Node gives a child, over which VS Code speaks: messages are objects there. */
export function channelTransport(channel: NodeJS.Process): Transport {
  return {
    listen: (onMessage, onEnd) => {
      channel.on('message', onMessage);
      channel.once('disconnect', onEnd);
    },
    send: (message) => {
      // Between the editor's end and the event that tells of it nobody listens, which is an error to be passed over.
      channel.send?.(message, undefined, undefined, () => {});
    },
  };
}
