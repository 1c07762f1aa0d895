/** What a file of machine code needs to be executed, elf(5). Pure. */

export type Executable =
  /** Linked statically, or not to be understood from its beginning. */
  | { readonly kind: 'elf'; readonly loader: string | undefined }
  /** The kernel runs its interpreter, execve(2). */
  | { readonly kind: 'script'; readonly interpreter: string }
  | { readonly kind: 'other' };

const interpreterSegment = 3;

/** @param head the beginning of the file; some thousand bytes have all that is looked for */
export function executableOf(head: Buffer): Executable {
  if (head.subarray(0, 2).toString('latin1') === '#!') {
    const [line = ''] = head.subarray(2, 258).toString().split('\n');
    return { kind: 'script', interpreter: line.trim().split(/\s/)[0] ?? '' };
  }
  if (head.subarray(0, 4).toString('latin1') !== '\u007fELF' || head.length < 64) return { kind: 'other' };
  return { kind: 'elf', loader: loaderOf(head) };
}

function loaderOf(head: Buffer): string | undefined {
  const wide = head[4] === 2;
  const little = head[5] === 1;
  const half = (at: number): number => (little ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const word = (at: number): number => (little ? head.readUInt32LE(at) : head.readUInt32BE(at));
  const long = (at: number): number => Number(little ? head.readBigUInt64LE(at) : head.readBigUInt64BE(at));
  const start = wide ? long(32) : word(28);
  const [size, count] = wide ? [half(54), half(56)] : [half(42), half(44)];
  const needed = wide ? 56 : 32;
  for (let index = 0; index < count; index++) {
    const at = start + index * size;
    if (at + needed > head.length) return undefined;
    if (word(at) !== interpreterSegment) continue;
    const [from, length] = wide ? [long(at + 8), long(at + 32)] : [word(at + 4), word(at + 16)];
    if (from + length > head.length) return undefined;
    return head
      .subarray(from, from + length)
      .toString()
      .replace(/\0.*$/s, '');
  }
  return undefined;
}
