import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import { commands, fileScheme } from '../../ids.ts';
import type { Feature } from '../context.ts';
import type { Host } from '../../host/types.ts';
import type { NamespaceKey } from '../../model/types.ts';
import type { Log } from '../../transport/interaction.ts';
import { onDemand } from '../on-demand.ts';
import type { FileAccess } from './access.ts';
import type { NamespaceFiles } from './provider.ts';
import type { FileSessions, FileSessionsOptions } from './sessions.ts';

/** Files of namespaces in the editor. All but this is loaded when the first one is asked for. */
export const activateFiles: Feature = (context) => {
  const store = new DisposableStore();
  store.add(vscode.workspace.registerFileSystemProvider(fileScheme, context.files, { isCaseSensitive: true }));
  store.add(activateCommands(context));
  return store;
};

const activateCommands = onDemand(
  [commands.openFolder, commands.upload, commands.download, commands.compareFile],
  async () => (await import('./commands.ts')).activateFileCommands,
);

interface Loaded {
  readonly sessions: FileSessions;
  readonly provider: NamespaceFiles;
}

export class FilesOnDemand implements vscode.FileSystemProvider, FileAccess, Disposable {
  readonly #options: FileSessionsOptions & { readonly log: Log };
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new vscode.EventEmitter<vscode.FileChangeEvent[]>());
  #loading: Promise<Loaded> | undefined;

  readonly onDidChangeFile = this.#emitter.event;

  constructor(options: FileSessionsOptions & { readonly log: Log }) {
    this.#options = options;
  }

  async #load(): Promise<Loaded> {
    const [{ FileSessions: Sessions }, { NamespaceFiles: Files }] = await Promise.all([
      import('./sessions.ts'),
      import('./provider.ts'),
    ]);
    const sessions = this.#store.add(new Sessions(this.#options));
    const provider = this.#store.add(new Files(sessions, this.#options.log));
    this.#store.add(provider.onDidChangeFile((events) => this.#emitter.fire(events)));
    return { sessions, provider };
  }

  #loaded(): Promise<Loaded> {
    return (this.#loading ??= this.#load());
  }

  async #files(): Promise<NamespaceFiles> {
    return (await this.#loaded()).provider;
  }

  async followMounts(
    host: Host,
    key: NamespaceKey,
    listener: (mounts: Buffer) => void,
    store: DisposableStore,
  ): Promise<void> {
    const { sessions } = await this.#loaded();
    await sessions.use(host.id, { kind: 'namespace', key }, async (client) => {
      listener(await client.mountinfo());
      const read = async (): Promise<void> => listener(await client.mountinfo());
      // A connection that ends meanwhile ends this too.
      store.add(client.onMounts(() => void read().catch(() => undefined)));
      await new Promise<void>((resolve) => {
        store.add({ dispose: resolve });
        store.add(client.onEnd(() => resolve()));
      });
    });
  }

  watch(uri: vscode.Uri, options: { readonly recursive: boolean }): Disposable {
    const store = new DisposableStore();
    void this.#files().then((files) => store.add(files.watch(uri, options)));
    return store;
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return (await this.#files()).stat(uri);
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    return (await this.#files()).readDirectory(uri);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.#files()).readFile(uri);
  }

  async writeFile(...args: Parameters<NamespaceFiles['writeFile']>): Promise<void> {
    await (await this.#files()).writeFile(...args);
  }

  async createDirectory(uri: vscode.Uri): Promise<void> {
    await (await this.#files()).createDirectory(uri);
  }

  async delete(...args: Parameters<NamespaceFiles['delete']>): Promise<void> {
    await (await this.#files()).delete(...args);
  }

  async rename(...args: Parameters<NamespaceFiles['rename']>): Promise<void> {
    await (await this.#files()).rename(...args);
  }

  async copy(...args: Parameters<NamespaceFiles['copy']>): Promise<void> {
    await (await this.#files()).copy(...args);
  }

  dispose(): void {
    this.#store.dispose();
  }
}
