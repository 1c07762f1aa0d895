/** Files of namespaces as the editor asks for them. */
import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import { parseFileAddress } from '../../files/address.ts';
import type { FileAddress } from '../../files/address.ts';
import type { FileClient } from '../../files/client.ts';
import { FileError, hasErrno } from '../../files/errors.ts';
import { mountsBeneath, parseMounts } from '../../files/mounts.ts';
import type { FileIdentity, FileStatus } from '../../files/protocol.ts';
import { copyOver, copyTree, move } from '../../files/tree.ts';
import type { Log } from '../../transport/interaction.ts';
import type { FileSessions } from './sessions.ts';
import { Once } from './once.ts';
import { Unreachable } from './unreachable.ts';
import { FileWatches } from './watches.ts';

/** Milliseconds for which what a file was is good enough to be what a save may replace: the editor looks right before it saves. */
const freshness = 10_000;
const rememberedMost = 1_000;
/** Milliseconds after a save in which the editor asks what it has written. */
const writtenFor = 1_000;

export class NamespaceFiles implements vscode.FileSystemProvider, Disposable {
  readonly #sessions: FileSessions;
  readonly #log: Log;
  readonly #store = new DisposableStore();
  readonly #watches: FileWatches;
  readonly #seen = new Map<string, { readonly identity: FileIdentity; readonly time: number }>();
  /**
   * The editor asks what it has written. If that were looked up, what the host wrote in between would pass for the editor's own,
   * and its text would be out of date without a word.
   */
  readonly #written = new Once<vscode.FileStat>(writtenFor);

  readonly onDidChangeFile: vscode.Event<vscode.FileChangeEvent[]>;

  constructor(sessions: FileSessions, log: Log) {
    this.#sessions = sessions;
    this.#log = log;
    this.#watches = this.#store.add(new FileWatches(sessions));
    this.onDidChangeFile = this.#watches.onDidChange;
  }

  dispose(): void {
    this.#store.dispose();
  }

  watch(uri: vscode.Uri, options: { readonly recursive: boolean }): Disposable {
    const address = parseFileAddress(uri);
    return address === undefined ? { dispose: () => undefined } : this.#watches.watch(uri, address, options.recursive);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const written = this.#written.take(uri.toString());
    if (written !== undefined) return written;
    return this.#use(uri, async (client, { path }) => {
      const status = await client.status(path);
      this.#remember(uri, status);
      return fileStat(status);
    });
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    return this.#use(uri, async (client, address) => {
      const entries = await client.list(address.path);
      this.#watches.listed(uri, address);
      return entries.map((entry) => [entry.name, fileType(entry)]);
    });
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return this.#use(uri, async (client, { path }) => {
      const { status, content } = await client.read(path);
      this.#remember(uri, status);
      return content;
    });
  }

  async writeFile(
    uri: vscode.Uri,
    content: Uint8Array,
    options: { readonly create: boolean; readonly overwrite: boolean },
  ): Promise<void> {
    await this.#use(uri, async (client, { path }) => {
      const { status, inPlace, dropped } = await client.write(path, content, {
        ...options,
        expected: options.overwrite ? this.#expected(uri) : undefined,
      });
      this.#remember(uri, status);
      this.#written.put(uri.toString(), fileStat(status));
      if (inPlace) this.#log.info(`${uri.path}: written into the old file, since another could not take its place`);
      if (dropped) this.#log.info(`${uri.path}: set-user-ID, set-group-ID and file capabilities were not kept`);
    });
    this.#watches.changed(uri, 'changed');
  }

  async createDirectory(uri: vscode.Uri): Promise<void> {
    await this.#use(uri, async (client, { path }) => client.mkdir(path));
    this.#watches.changed(uri, 'created');
  }

  async delete(uri: vscode.Uri, options: { readonly recursive: boolean }): Promise<void> {
    await this.#use(uri, async (client, { path }) => {
      if (options.recursive) await refuseMounts(client, path);
      await client.delete(path, options);
    });
    this.#seen.delete(uri.toString());
    this.#watches.changed(uri, 'deleted');
  }

  async rename(from: vscode.Uri, to: vscode.Uri, { overwrite }: { readonly overwrite: boolean }): Promise<void> {
    await this.#between(from, to, async (client, source, target) => {
      await refuseMounts(client, source);
      await move(client, source, target, overwrite);
    });
    this.#seen.delete(from.toString());
    this.#watches.changed(from, 'deleted');
    this.#watches.changed(to, 'created');
  }

  async copy(from: vscode.Uri, to: vscode.Uri, { overwrite }: { readonly overwrite: boolean }): Promise<void> {
    await this.#between(from, to, async (client, source, target) => {
      const { kind } = await client.status(source);
      if (kind === 'file') {
        await client.copyFile(source, target, { overwrite });
      } else {
        await (overwrite ? copyOver : copyTree)(client, source, target);
      }
    });
    this.#watches.changed(to, 'created');
  }

  /** Between two targets the editor itself reads and writes. */
  async #between(
    from: vscode.Uri,
    to: vscode.Uri,
    operation: (client: FileClient, from: string, to: string) => Promise<void>,
  ): Promise<void> {
    const target = parseFileAddress(to);
    if (target === undefined) throw vscode.FileSystemError.FileNotFound(to);
    await this.#use(from, async (client, source) => {
      const same = from.authority === to.authority && from.path.split('/')[1] === to.path.split('/')[1];
      if (!same) throw new vscode.FileSystemError('Files cannot be moved between namespaces. Copy them instead.');
      await operation(client, source.path, target.path);
    });
  }

  #remember(uri: vscode.Uri, { identity, kind }: FileStatus): void {
    if (kind !== 'file') return;
    const key = uri.toString();
    this.#seen.delete(key);
    this.#seen.set(key, { identity, time: performance.now() });
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= rememberedMost) break;
      this.#seen.delete(oldest);
    }
  }

  /** What was there when the editor looked last, if that was just now. */
  #expected(uri: vscode.Uri): FileIdentity | undefined {
    const seen = this.#seen.get(uri.toString());
    return seen !== undefined && performance.now() - seen.time < freshness ? seen.identity : undefined;
  }

  async #use<T>(uri: vscode.Uri, operation: (client: FileClient, address: FileAddress) => Promise<T>): Promise<T> {
    const address = parseFileAddress(uri);
    if (address === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    try {
      return await this.#sessions.use(address.host, address.target, async (client) => operation(client, address));
    } catch (error) {
      if (hasErrno(error, 'ESTALE')) this.#seen.delete(uri.toString());
      throw fileSystemError(error);
    }
  }
}

/** What is mounted beneath is another file system's, which nobody asked to delete or to move. */
async function refuseMounts(client: FileClient, path: string): Promise<void> {
  const beneath = mountsBeneath(parseMounts(await client.mountinfo()), path);
  if (beneath.length === 0) return;
  const [first] = beneath;
  throw new vscode.FileSystemError(
    `Something is mounted at ${first?.point}${beneath.length > 1 ? ` and at ${beneath.length - 1} more places beneath` : ''}. Unmount it first.`,
  );
}

function fileSystemError(error: unknown): unknown {
  if (error instanceof Unreachable) return vscode.FileSystemError.Unavailable(error.message);
  if (!(error instanceof FileError)) return error;
  const words = `${error.path}: ${error.message}`;
  switch (error.errno) {
    case 'ENOENT':
      return vscode.FileSystemError.FileNotFound(words);
    case 'EEXIST':
      return vscode.FileSystemError.FileExists(words);
    case 'ENOTDIR':
      return vscode.FileSystemError.FileNotADirectory(words);
    case 'EISDIR':
      return vscode.FileSystemError.FileIsADirectory(words);
    case 'EPERM':
    case 'EACCES':
    case 'EROFS':
      return vscode.FileSystemError.NoPermissions(words);
    default:
      return new vscode.FileSystemError(words);
  }
}

function fileType({ kind, isLink }: FileStatus): vscode.FileType {
  const type =
    kind === 'file' ? vscode.FileType.File : kind === 'folder' ? vscode.FileType.Directory : vscode.FileType.Unknown;
  // The API has the types of links as sums.
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment
  return isLink ? type | vscode.FileType.SymbolicLink : type;
}

function fileStat(status: FileStatus): vscode.FileStat {
  const stat = { type: fileType(status), ctime: status.changed, mtime: status.modified, size: status.size };
  return status.readOnly ? { ...stat, permissions: vscode.FilePermission.Readonly } : stat;
}
