/**
 * The base protocol of the Debug Adapter Protocol: `Content-Length: N`, an empty line, N bytes of JSON
 * (https://microsoft.github.io/debug-adapter-protocol/overview#base-protocol). Pure.
 */
import { isRecord } from '../../is-record.ts';

/** A message as JSON has it; what is in it is looked at where it is needed. */
export type Message = Readonly<Record<string, unknown>>;

/** Bytes of one message; an adapter that announces more does not speak the protocol. */
export const longestMessage = 64 * 1024 * 1024;
/** Bytes before the empty line: there is one field that matters. */
const longestHeader = 4096;

/** What came is not the protocol. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

export function encodeMessage(message: Message): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

/** Messages out of bytes that come in any pieces. */
export class MessageReader {
  readonly #onMessage: (message: Message) => void;
  #parts: Buffer[] = [];
  #size = 0;
  /** Bytes of the message whose header has come. */
  #length: number | undefined;

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage;
  }

  /** Throws `FramingError`. */
  push(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    while (this.#take()) continue;
  }

  /** False when more must come first. */
  #take(): boolean {
    if (this.#length === undefined) {
      const all = this.#joined();
      const end = all.indexOf('\r\n\r\n');
      if (end === -1 && all.length > longestHeader) throw new FramingError(`no message begins here: ${begin(all)}`);
      if (end === -1) return false;
      this.#length = lengthOf(all.subarray(0, end).toString('latin1'));
      this.#keep(all.subarray(end + 4));
    }
    if (this.#size < this.#length) return false;
    const all = this.#joined();
    const body = all.subarray(0, this.#length);
    this.#keep(all.subarray(this.#length));
    this.#length = undefined;
    this.#onMessage(parse(body));
    return true;
  }

  /** A long message comes in many pieces, which are joined once. */
  #joined(): Buffer {
    const [first = Buffer.alloc(0), ...others] = this.#parts;
    if (others.length === 0) return first;
    const all = Buffer.concat(this.#parts);
    this.#keep(all);
    return all;
  }

  #keep(rest: Buffer): void {
    this.#parts = [rest];
    this.#size = rest.length;
  }
}

function lengthOf(header: string): number {
  const digits = /(?:^|\r\n)Content-Length:[ \t]*(\d{1,10})[ \t]*(?:\r\n|$)/i.exec(header)?.[1];
  const length = Number(digits ?? Number.NaN);
  // Adapters that print to their standard output before they speak are told apart by what they say.
  if (!(length <= longestMessage)) throw new FramingError(`no message begins here: ${begin(Buffer.from(header))}`);
  return length;
}

function parse(body: Buffer): Message {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new FramingError(`a message is not JSON: ${begin(body)}`);
  }
  if (!isRecord(value)) throw new FramingError('a message is not an object');
  return value;
}

function begin(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, 80).toString());
}
