/**
 * File names as text. Linux has bytes in them, a URI has characters. What is UTF-8 stays as it is; every other byte becomes
 * one of the 128 private-use characters U+EF80 to U+EFFF, as OPTU-8 of MirBSD has it, and so do the bytes of those
 * characters themselves: each name has one text, and each text that comes from a name leads back to it.
 */

const first = 0xef80;
const last = 0xefff;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Bytes of the UTF-8 character that begins at `at`; 0 where none does that stays as it is. */
function characterLength(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0;
  if (byte < 0x80) return 1;
  const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
  const character = bytes.subarray(at, at + length);
  if (character.length < length) return 0;
  try {
    const code = decoder.decode(character).codePointAt(0) ?? 0;
    return code >= first && code <= last ? 0 : length;
  } catch {
    return 0;
  }
}

export function nameFromBytes(bytes: Uint8Array): string {
  try {
    const text = decoder.decode(bytes);
    if (!/[\uef80-\uefff]/.test(text)) return text;
  } catch {
    // Byte by byte.
  }
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    text +=
      length === 0 ? String.fromCharCode(0xef00 + (bytes[at] ?? 0)) : decoder.decode(bytes.subarray(at, at + length));
    at += length === 0 ? 1 : length;
  }
  return text;
}

export function bytesFromName(text: string): Uint8Array {
  if (!/[\uef80-\uefff]/.test(text)) return encoder.encode(text);
  const parts = text.split(/([\uef80-\uefff])/).map((part) => {
    const code = part.charCodeAt(0);
    return part.length === 1 && code >= first && code <= last ? Uint8Array.of(code & 0xff) : encoder.encode(part);
  });
  return Buffer.concat(parts);
}
