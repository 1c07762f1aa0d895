/**
 * What goes to `nshelper serve` on its stdin: netstrings (https://cr.yp.to/proto/netstrings.txt), so that the helper
 * needs no JSON parser and any byte may be in an argument.
 */

/** `LENGTH:PAYLOAD,` with the length in bytes of UTF-8. */
export function netstring(payload: string | Uint8Array): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload;
  return Buffer.concat([Buffer.from(`${bytes.length}:`, 'latin1'), bytes, Buffer.from(',', 'latin1')]);
}

/** A list is a netstring whose payload is its items' netstrings. */
export function netstringList(items: readonly string[]): Buffer {
  return netstring(Buffer.concat(items.map((item) => netstring(item))));
}

/** `id` is the caller's, positive, and not in use by another request of the same session. */
export function encodeRequest(id: number, verb: string, args: readonly string[]): Buffer {
  return netstringList([String(id), verb, ...args]);
}
