import type { Writable } from 'node:stream';

/** What is written to the stream in this turn, from now on, leaves together. */
export function gatherWrites(stream: Writable): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
