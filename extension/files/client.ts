/** Files of one target on a host: what the helper's verb `file` does, as functions. */
import type { Duplex } from 'node:stream';
import { DisposableStore, Emitter } from '../disposable.ts';
import type { Disposable } from '../disposable.ts';
import { misunderstanding } from '../helper/failures.ts';
import type { HelperSession } from '../helper/session.ts';
import { FileError } from './errors.ts';
import { bytesFromName, nameFromBytes } from './names.ts';
import {
  AnswerReader,
  answerFlags,
  encodeIdentity,
  encodeRequest,
  eventMasks,
  fileVersion,
  parseEntries,
  parseEvents,
  parseStatus,
  requestFlags,
} from './protocol.ts';
import type { FileAnswer, FileEntry, FileEvent, FileIdentity, FileRequest, FileStatus } from './protocol.ts';

/** Bytes of a file asked for at once. */
const readSize = 256 * 1024;
/** Requests for parts of one file on their way at the same time. */
const readAhead = 4;
const writeSize = 512 * 1024;

interface Pending {
  readonly path: string;
  readonly parts: Buffer[];
  resolve(answer: FileAnswer): void;
  reject(error: Error): void;
}

export interface WriteOptions {
  readonly create: boolean;
  readonly overwrite: boolean;
  /** What the file has to be; rejects with ESTALE when it is another one by now. */
  readonly expected?: FileIdentity | undefined;
  /** Permissions of a new file. */
  readonly mode?: number;
}

export interface Written {
  readonly status: FileStatus;
  /** Another file could not take its place, so that its content was changed as it was. */
  readonly inPlace: boolean;
  /** It had set-user-ID, set-group-ID or file capabilities, and has them no longer. */
  readonly dropped: boolean;
}

/**
 * Every operation rejects with FileError where the host refuses it, and with the stream's error once that has ended. Paths
 * begin with a slash and are names as `names.ts` makes them.
 */
export class FileClient implements Disposable {
  readonly #stream: Duplex;
  readonly #reader = new AnswerReader();
  readonly #pending = new Map<number, Pending>();
  readonly #watches = new Map<number, Set<(event: FileEvent) => void>>();
  readonly #store = new DisposableStore();
  readonly #ended = this.#store.add(new Emitter<Error>());
  readonly #mounted = this.#store.add(new Emitter<void>());
  #greeted: ((error?: Error) => void) | undefined;
  readonly #outgoing: Uint8Array[] = [];
  #sending = false;
  #lastId = 0;
  #failure: Error | undefined;
  #user: { readonly uid: number; readonly gid: number } | undefined;

  /** Fires once, when nothing more can be asked. */
  readonly onEnd = this.#ended.event;
  /** Something was mounted or unmounted in the target. */
  readonly onMounts = this.#mounted.event;

  private constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (piece: Buffer) => this.#receive(piece));
    stream.on('error', (error: Error) => this.#end(error));
    // Not at its end already: why the helper has closed it comes after that.
    stream.on('close', () => this.#end(new Error('The helper closed the files of the target.')));
  }

  /** Resolves when the target's root is open. Rejects as the stream fails. */
  static async open(stream: Duplex): Promise<FileClient> {
    const client = new FileClient(stream);
    await new Promise<void>((resolve, reject) => {
      client.#greeted = (error) => (error === undefined ? resolve() : reject(error));
    });
    return client;
  }

  /** As whom the helper acts, by the numbers of the target's user namespace. */
  get user(): { readonly uid: number; readonly gid: number } | undefined {
    return this.#user;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  async status(path: string, options: { readonly own?: boolean } = {}): Promise<FileStatus> {
    const flags = options.own === true ? requestFlags.own : 0;
    return parseStatus((await this.#ask({ operation: 'status', path, flags })).content).status;
  }

  async list(path: string): Promise<FileEntry[]> {
    return parseEntries((await this.#ask({ operation: 'list', path })).content);
  }

  /** The content in parts, as they come; of the file as it was opened, whatever takes its place meanwhile. */
  async *readParts(path: string, found?: (status: FileStatus) => void): AsyncGenerator<Buffer, void> {
    const [id, opened] = this.#request({ operation: 'read', path, amount: readSize });
    const { content, flags } = await opened;
    const { status, rest } = parseStatus(content);
    found?.(status);
    yield rest;
    if ((flags & answerFlags.open) === 0) return;
    // A file that has grown, or one of /proc that says nothing of its size, is read on to its end.
    let left = status.size - rest.length;
    const coming: Promise<FileAnswer>[] = [];
    let open = true;
    try {
      while (open) {
        while (coming.length === 0 || (coming.length < readAhead && left > 0)) {
          const part = this.#ask({ operation: 'next', number: id, amount: readSize, path });
          part.catch(() => undefined);
          coming.push(part);
          left -= readSize;
        }
        // In order.
        // oxlint-disable-next-line no-await-in-loop
        const answer = await coming.shift();
        if (answer === undefined) return;
        open = (answer.flags & answerFlags.open) !== 0;
        if (answer.content.length > 0) yield answer.content;
      }
    } finally {
      if (open && this.#failure === undefined) {
        this.#ask({ operation: 'close', number: id, path }).catch(() => undefined);
      }
    }
  }

  async read(path: string): Promise<{ readonly status: FileStatus; readonly content: Buffer }> {
    const parts: Buffer[] = [];
    let status: FileStatus | undefined;
    const found = (one: FileStatus): void => void (status = one);
    for await (const part of this.readParts(path, found)) parts.push(part);
    if (status === undefined) throw misunderstanding('opened a file without a word about it');
    return { status, content: Buffer.concat(parts) };
  }

  /** The beginning of the content. @param size bytes, at most */
  async head(path: string, size: number): Promise<Buffer> {
    const [id, opened] = this.#request({ operation: 'read', path, amount: size });
    const { content, flags } = await opened;
    if ((flags & answerFlags.open) !== 0) this.#ask({ operation: 'close', number: id, path }).catch(() => undefined);
    return parseStatus(content).rest;
  }

  /** The old content stays until all of the new one is on the host. */
  async write(path: string, content: Uint8Array | AsyncIterable<Uint8Array>, options: WriteOptions): Promise<Written> {
    if (content instanceof Uint8Array) return this.#writeBytes(path, content, options);
    const [id, begun] = this.#beginWrite(path, new Uint8Array(), false, options);
    await begun;
    let last: Promise<unknown> = Promise.resolve();
    try {
      for await (const piece of content)
        for (let at = 0; at < piece.length; at += writeSize) {
          await last;
          last = this.#append(id, path, piece.subarray(at, at + writeSize), false);
          last.catch(() => undefined);
        }
      await last;
    } catch (error) {
      if (!(error instanceof FileError)) this.#ask({ operation: 'close', number: id, path }).catch(() => undefined);
      throw error;
    }
    return written(await this.#append(id, path, new Uint8Array(), true));
  }

  async #writeBytes(path: string, content: Uint8Array, options: WriteOptions): Promise<Written> {
    const whole = content.length <= writeSize;
    const [id, begun] = this.#beginWrite(path, content.subarray(0, writeSize), whole, options);
    const first = await begun;
    if (whole) return written(first);
    const parts: Promise<FileAnswer>[] = [];
    for (let at = writeSize; at < content.length; at += writeSize) {
      const part = content.subarray(at, at + writeSize);
      parts.push(this.#append(id, path, part, at + writeSize >= content.length));
    }
    // The first that fails says why: those after it only that the file is not open any more.
    const answers = await Promise.allSettled(parts);
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const last = await parts.at(-1);
    if (last === undefined) throw misunderstanding('did not say that a file was written');
    return written(last);
  }

  #beginWrite(path: string, content: Uint8Array, last: boolean, options: WriteOptions): [number, Promise<FileAnswer>] {
    const { create, overwrite, expected, mode = 0o666 } = options;
    const flags =
      (create ? requestFlags.create : 0) |
      (overwrite ? requestFlags.overwrite : 0) |
      (expected === undefined ? 0 : requestFlags.expect) |
      (last ? requestFlags.last : 0);
    const whole = expected === undefined ? content : Buffer.concat([encodeIdentity(expected), content]);
    return this.#request({ operation: 'write', path, flags, amount: mode, content: whole });
  }

  #append(id: number, path: string, content: Uint8Array, last: boolean): Promise<FileAnswer> {
    const flags = last ? requestFlags.last : 0;
    const [, answer] = this.#request({ operation: 'append', number: id, content, flags }, path);
    return answer;
  }

  async mkdir(path: string, mode = 0o777): Promise<void> {
    await this.#ask({ operation: 'mkdir', path, amount: mode });
  }

  async rename(from: string, to: string, options: { readonly overwrite: boolean }): Promise<void> {
    const flags = options.overwrite ? requestFlags.overwrite : 0;
    await this.#ask({ operation: 'rename', path: from, flags, content: terminated(to) });
  }

  /** Stops with EBUSY at what something is mounted on. */
  async delete(path: string, options: { readonly recursive: boolean }): Promise<void> {
    await this.#ask({ operation: 'delete', path, flags: options.recursive ? requestFlags.deep : 0 });
  }

  /** One regular file. */
  async copyFile(from: string, to: string, options: { readonly overwrite: boolean }): Promise<Written> {
    const flags = requestFlags.create | (options.overwrite ? requestFlags.overwrite : 0);
    return written(await this.#ask({ operation: 'copy', path: from, flags, content: terminated(to) }));
  }

  /** Gives `to` the owner, mode, extended attributes and times of `from`; of symbolic links the owner. */
  async alike(from: string, to: string): Promise<void> {
    await this.#ask({ operation: 'alike', path: from, content: terminated(to) });
  }

  /** What a symbolic link says. */
  async readLink(path: string): Promise<string> {
    return nameFromBytes((await this.#ask({ operation: 'link', path })).content);
  }

  async symlink(path: string, text: string): Promise<void> {
    await this.#ask({ operation: 'symlink', path, content: terminated(text) });
  }

  /** Lines of /proc/PID/mountinfo, whose paths begin at the target's root. */
  async mountinfo(): Promise<Buffer> {
    return (await this.#ask({ operation: 'mounts' })).content;
  }

  /** Tells of what happens to a file, or in a folder but not below it. */
  async watch(path: string, listener: (event: FileEvent) => void): Promise<Disposable> {
    const number = (await this.#ask({ operation: 'watch', path })).content.readInt32LE(0);
    const listeners = this.#watches.get(number) ?? new Set();
    this.#watches.set(number, listeners.add(listener));
    return {
      dispose: () => {
        // One file that is watched by two paths has one number.
        if (!listeners.delete(listener) || listeners.size > 0 || this.#watches.get(number) !== listeners) return;
        this.#watches.delete(number);
        if (this.#failure === undefined) this.#ask({ operation: 'unwatch', number }).catch(() => undefined);
      },
    };
  }

  dispose(): void {
    this.#stream.end();
    this.#end(new Error('The files of the target were closed.'));
    this.#stream.destroy();
  }

  #ask(request: FileRequest): Promise<FileAnswer> {
    return this.#request(request)[1];
  }

  #request(request: FileRequest, about = request.path ?? ''): [number, Promise<FileAnswer>] {
    if (this.#failure !== undefined) return [0, Promise.reject(this.#failure)];
    const id = (this.#lastId = (this.#lastId % 0xff_ff_ff_ff) + 1);
    const answer = new Promise<FileAnswer>((resolve, reject) => {
      this.#pending.set(id, { path: about, parts: [], resolve, reject });
    });
    this.#outgoing.push(...encodeRequest(id, request));
    if (!this.#sending) void this.#send();
    return [id, answer];
  }

  /** What is asked while a piece is on its way goes with the next one: a stream may take a round trip for each. */
  async #send(): Promise<void> {
    this.#sending = true;
    // With all that is asked in the same turn.
    await Promise.resolve();
    while (this.#outgoing.length > 0 && this.#failure === undefined) {
      const piece = Buffer.concat(this.#outgoing.splice(0));
      // oxlint-disable-next-line no-await-in-loop
      await new Promise<void>((resolve) => void this.#stream.write(piece, () => resolve()));
    }
    this.#sending = false;
  }

  #receive(piece: Buffer): void {
    try {
      for (const answer of this.#reader.push(piece)) this.#take(answer);
    } catch (error) {
      this.#end(misunderstanding('answers about files that this version does not understand', error));
      this.#stream.destroy();
    }
  }

  #take(answer: FileAnswer): void {
    if (answer.id === 0) {
      this.#hear(answer);
      return;
    }
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    pending.parts.push(answer.content);
    if ((answer.flags & answerFlags.more) !== 0) return;
    this.#pending.delete(answer.id);
    if (answer.errno !== 0) pending.reject(new FileError(answer.errno, pending.path));
    else if (pending.parts.length === 1) pending.resolve(answer);
    else pending.resolve({ ...answer, content: Buffer.concat(pending.parts) });
  }

  #hear({ errno, flags, content }: FileAnswer): void {
    if (errno !== 0) {
      this.#end(new TargetEnded());
    } else if ((flags & answerFlags.mounts) !== 0) {
      this.#mounted.fire();
    } else if ((flags & answerFlags.events) !== 0) {
      for (const event of parseEvents(content)) this.#tell(event);
    } else {
      const version = content.readUInt32LE(0);
      if (version !== fileVersion) throw new RangeError(`version ${version}`);
      this.#user = { uid: content.readUInt32LE(4), gid: content.readUInt32LE(8) };
      this.#greeted?.();
      this.#greeted = undefined;
    }
  }

  #tell(event: FileEvent): void {
    // What was lost on the way may concern everybody.
    const all = (event.mask & eventMasks.overflow) !== 0;
    const sets = all ? [...this.#watches.values()] : [this.#watches.get(event.watch) ?? new Set()];
    for (const set of sets) for (const listener of set) listener(event);
    if ((event.mask & eventMasks.ignored) !== 0) this.#watches.delete(event.watch);
  }

  #end(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#greeted?.(error);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    this.#watches.clear();
    this.#ended.fire(error);
    this.#store.dispose();
  }
}

/** @param words after the verb, which name the target */
export function openFiles(session: Pick<HelperSession, 'openStream'>, words: readonly string[]): Promise<FileClient> {
  return FileClient.open(session.openStream(['file', ...words, '--records=3']));
}

/** The process whose files they are is gone. What was saved before is saved. */
export class TargetEnded extends Error {
  override readonly name = 'TargetEnded';

  constructor() {
    super('The target has ended on the host.');
  }
}

function terminated(path: string): Uint8Array {
  return Buffer.concat([bytesFromName(path), Uint8Array.of(0)]);
}

function written({ content, flags }: FileAnswer): Written {
  return {
    status: parseStatus(content).status,
    inPlace: (flags & answerFlags.inPlace) !== 0,
    dropped: (flags & answerFlags.dropped) !== 0,
  };
}
