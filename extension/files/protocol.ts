/** The editor's end of the protocol of the helper's verb `file`, which server/helper/file.h describes. */
import { bytesFromName, nameFromBytes } from './names.ts';

export const fileVersion = 1;

export const operations = {
  status: 1,
  list: 2,
  read: 3,
  next: 4,
  close: 5,
  write: 6,
  append: 7,
  mkdir: 8,
  rename: 9,
  delete: 10,
  copy: 11,
  link: 12,
  symlink: 13,
  watch: 14,
  unwatch: 15,
  mounts: 16,
  alike: 17,
} as const;
export type Operation = keyof typeof operations;

export const requestFlags = { own: 1, create: 2, overwrite: 4, expect: 8, last: 16, deep: 32 } as const;

export const answerFlags = { more: 1, open: 2, inPlace: 4, dropped: 8, events: 16, mounts: 32 } as const;

const statusFlags = { link: 1, dangling: 2, readOnly: 4 } as const;

/** Bytes of the content of one request or answer. */
export const partSize = 1 << 20;

export interface FileRequest {
  readonly operation: Operation;
  readonly flags?: number;
  readonly amount?: number;
  readonly number?: number;
  readonly path?: string;
  readonly content?: Uint8Array;
}

export interface FileAnswer {
  readonly id: number;
  /** Of the host's kernel; 0 for none. */
  readonly errno: number;
  readonly flags: number;
  readonly content: Buffer;
}

/** What makes a file the same one with the same content. */
export interface FileIdentity {
  readonly seconds: bigint;
  readonly nanoseconds: number;
  readonly size: bigint;
  readonly inode: bigint;
}

export type FileKind = 'file' | 'folder' | 'link' | 'fifo' | 'socket' | 'character device' | 'block device' | 'unknown';

export interface FileStatus {
  /** Of what a link leads to; `link` where it leads nowhere, or where the link itself was asked for. */
  readonly kind: FileKind;
  readonly isLink: boolean;
  /** The mount that it is on is read-only. */
  readonly readOnly: boolean;
  /** Permissions, set-user-ID, set-group-ID and sticky bit. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly changed: number;
  readonly identity: FileIdentity;
}

export interface FileEntry extends FileStatus {
  readonly name: string;
}

const headLength = 24;

/** The whole request, without what its content is not copied for. */
export function encodeRequest(id: number, request: FileRequest): readonly Uint8Array[] {
  const path = bytesFromName(request.path ?? '');
  if (path.includes(0)) throw new RangeError('a path has no NUL byte');
  const content = request.content ?? new Uint8Array();
  const head = Buffer.alloc(headLength + path.length + 1);
  head.writeUInt32LE(head.length - 4 + content.length, 0);
  head.writeUInt32LE(id, 4);
  head.writeUInt16LE(operations[request.operation], 8);
  head.writeUInt16LE(request.flags ?? 0, 10);
  head.writeUInt32LE(request.amount ?? 0, 12);
  head.writeBigUInt64LE(BigInt(request.number ?? 0), 16);
  head.set(path, headLength);
  return content.length === 0 ? [head] : [head, content];
}

export function encodeIdentity({ seconds, nanoseconds, size, inode }: FileIdentity): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, seconds), 0);
  bytes.writeUInt32LE(nanoseconds, 8);
  bytes.writeBigUInt64LE(size, 12);
  bytes.writeBigUInt64LE(inode, 20);
  return bytes;
}

const largest = 64 * partSize;

/** Gathers answers from pieces of any size. */
export class AnswerReader {
  #pieces: Buffer[] = [];
  #length = 0;

  /** Throws for what no helper says. */
  push(piece: Buffer): readonly FileAnswer[] {
    this.#pieces.push(piece);
    this.#length += piece.length;
    const answers: FileAnswer[] = [];
    while (this.#length >= 12) {
      let [first = Buffer.alloc(0)] = this.#pieces;
      if (first.length < 12) first = this.#join();
      const size = first.readUInt32LE(0);
      // Only the text of very many mounts is larger than a part.
      if (size < 8 || size > largest) throw new RangeError(`an answer of ${size} bytes`);
      if (this.#length < size + 4) break;
      if (first.length < size + 4) first = this.#join();
      answers.push({
        id: first.readUInt32LE(4),
        errno: first.readUInt16LE(8),
        flags: first.readUInt16LE(10),
        content: first.subarray(12, size + 4),
      });
      this.#length -= size + 4;
      const rest = first.subarray(size + 4);
      if (rest.length > 0) this.#pieces[0] = rest;
      else this.#pieces.shift();
    }
    return answers;
  }

  #join(): Buffer {
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }
}

/** By the bits S_IFMT of a mode. */
const kinds: ReadonlyMap<number, FileKind> = new Map([
  [0o010000, 'fifo'],
  [0o020000, 'character device'],
  [0o040000, 'folder'],
  [0o060000, 'block device'],
  [0o100000, 'file'],
  [0o120000, 'link'],
  [0o140000, 'socket'],
]);

const statusLength = 56;

function readStatus(bytes: Buffer, at: number): { readonly status: FileStatus; readonly nameLength: number } {
  const mode = bytes.readUInt32LE(at);
  const seconds = bytes.readBigInt64LE(at + 16);
  const nanoseconds = bytes.readUInt32LE(at + 24);
  const size = bytes.readBigUInt64LE(at + 28);
  const inode = bytes.readBigUInt64LE(at + 36);
  const changed = Number(bytes.readBigInt64LE(at + 44));
  const flags = bytes.readUInt16LE(at + 52);
  const status: FileStatus = {
    kind: kinds.get(mode & 0o170000) ?? 'unknown',
    isLink: (flags & statusFlags.link) !== 0,
    readOnly: (flags & statusFlags.readOnly) !== 0,
    mode: mode & 0o7777,
    uid: bytes.readUInt32LE(at + 4),
    gid: bytes.readUInt32LE(at + 8),
    links: bytes.readUInt32LE(at + 12),
    size: Number(size),
    modified: Number(seconds) * 1000 + Math.floor(nanoseconds / 1e6),
    changed: changed * 1000,
    identity: { seconds, nanoseconds, size, inode },
  };
  return { status, nameLength: bytes.readUInt16LE(at + 54) };
}

/** A status without a name, and what comes after it. */
export function parseStatus(content: Buffer): { readonly status: FileStatus; readonly rest: Buffer } {
  const { status, nameLength } = readStatus(content, 0);
  return { status, rest: content.subarray(statusLength + nameLength) };
}

export function parseEntries(content: Buffer): FileEntry[] {
  const entries: FileEntry[] = [];
  for (let at = 0; at < content.length;) {
    const { status, nameLength } = readStatus(content, at);
    const name = nameFromBytes(content.subarray(at + statusLength, at + statusLength + nameLength));
    entries.push({ ...status, name });
    at += statusLength + nameLength;
  }
  return entries;
}

/** What happened by inotify(7): `name` is empty where it happened to what is watched itself. */
export interface FileEvent {
  readonly watch: number;
  readonly mask: number;
  readonly name: string;
}

export const eventMasks = {
  modify: 0x2,
  attributes: 0x4,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
  unmount: 0x2000,
  overflow: 0x4000,
  ignored: 0x8000,
} as const;

export function parseEvents(content: Buffer): FileEvent[] {
  const events: FileEvent[] = [];
  for (let at = 0; at + 16 <= content.length;) {
    const length = content.readUInt32LE(at + 12);
    const padded = content.subarray(at + 16, at + 16 + length);
    const end = padded.indexOf(0);
    events.push({
      watch: content.readInt32LE(at),
      mask: content.readUInt32LE(at + 4),
      name: nameFromBytes(end === -1 ? padded : padded.subarray(0, end)),
    });
    at += 16 + length;
  }
  return events;
}
