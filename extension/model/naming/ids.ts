/** An OCI engine's container id: 64 hexadecimal digits, of which it shows people the first 12. */
export function isFullId(text: string): boolean {
  return text.length === 64 && /^[0-9a-f]+$/.test(text);
}

export function shortId(id: string): string {
  return isFullId(id) ? id.slice(0, 12) : id;
}
