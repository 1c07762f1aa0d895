/**
 * What goes to `nshelper serve` on its stdin: netstrings (https://cr.yp.to/proto/netstrings.txt), so that the helper
 * needs no JSON parser and any byte may be in an argument.
 */
import { netstring } from '../transport/argv.ts';

/**
 * A list is a netstring whose payload is its items' netstrings: id, verb, arguments. `id` is the caller's, positive, and
 * not in use by another request of the same session.
 */
export function encodeRequest(id: number, verb: string, args: readonly string[]): Buffer {
  return netstring(Buffer.concat([String(id), verb, ...args].map((word) => netstring(word))));
}
