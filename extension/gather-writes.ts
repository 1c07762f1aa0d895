import type { Writable } from 'node:stream';

/** What is written to the stream in this turn, from now on, leaves together. */
export function gatherWrites(stream: Writable): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/**
 * So it is in every turn from now on. Not by a class of its own: net.Socket's `connect` puts its own `write` in the place of any
 * other (lib/net.js).
 */
export function gatherAllWrites(stream: Writable): void {
  const write = stream.write.bind(stream);
  stream.write = (chunk: unknown, encoding?: BufferEncoding | Written, written?: Written): boolean => {
    gatherWrites(stream);
    return typeof encoding === 'string' ? write(chunk, encoding, written) : write(chunk, encoding ?? written);
  };
}

type Written = (error?: Error | null) => void;
