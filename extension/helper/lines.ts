/** More came without a line's end than a sane peer sends. */
export class OverlongLine extends Error {
  override readonly name = 'OverlongLine';
}

/**
 * Cuts a stream of bytes into lines. Bytes are decoded only up to a line's end, so a character whose bytes arrive in
 * two chunks stays whole; bytes that are not UTF-8 become U+FFFD. Memory is bounded by `limit` and one chunk.
 */
export class Lines {
  readonly #limit: number;
  readonly #onLine: (line: string) => void;
  #pending: Uint8Array[] = [];
  #length = 0;

  /** `limit` is in bytes, without the line's end. */
  constructor(limit: number, onLine: (line: string) => void) {
    this.#limit = limit;
    this.#onLine = onLine;
  }

  /** Calls back for each line that is now complete. Throws `OverlongLine`, and what the callback throws. */
  push(chunk: Uint8Array): void {
    const end = chunk.lastIndexOf(0x0a);
    if (end === -1) {
      this.#keep(chunk);
      return;
    }
    // One decoding for all complete lines of the chunk: a call into C++ for each line costs more than the line.
    const text = Buffer.concat([...this.#pending, chunk.subarray(0, end)]).toString('utf8');
    this.#pending = [];
    this.#length = 0;
    let from = 0;
    for (;;) {
      const to = text.indexOf('\n', from);
      const line = to === -1 ? text.slice(from) : text.slice(from, to);
      // A string never has more UTF-16 units than its UTF-8 has bytes.
      if (line.length > this.#limit) throw this.#overlong();
      this.#onLine(line);
      if (to === -1) break;
      from = to + 1;
    }
    this.#keep(chunk.subarray(end + 1));
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (this.#length > this.#limit) throw this.#overlong();
    this.#pending.push(bytes);
  }

  #overlong(): OverlongLine {
    return new OverlongLine(`a line of more than ${this.#limit} bytes`);
  }
}

/** The end of a stream, for messages. */
export class Tail {
  readonly #limit: number;
  #text = '';

  /** `limit` is in UTF-16 units. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array | string): void {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    this.#text = (this.#text + text.slice(-this.#limit)).slice(-this.#limit);
  }

  get text(): string {
    return this.#text;
  }

  /** The last line that is not blank, made safe to show; empty when there is none. */
  get lastLine(): string {
    return plain(
      this.#text
        .trimEnd()
        .split(/[\r\n]/)
        .at(-1) ?? '',
    );
  }
}

/** Control characters, and those that make text run the other way and so read as something else. */
const unsafe = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Text from a host for a message: one line of at most `limit` UTF-16 units. */
export function plain(text: string, limit = 300): string {
  const clean = text.replaceAll(unsafe, ' ').trim();
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}
