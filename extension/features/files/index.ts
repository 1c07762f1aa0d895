import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import { fileScheme } from '../../ids.ts';
import type { Feature, FeatureContext } from '../context.ts';
import type { NamespaceFiles } from './provider.ts';

/** Files of namespaces in the editor. All but this is loaded when the first one is asked for. */
export const activateFiles: Feature = (context) => {
  const store = new DisposableStore();
  const files = store.add(new FilesOnDemand(context));
  store.add(vscode.workspace.registerFileSystemProvider(fileScheme, files, { isCaseSensitive: true }));
  return store;
};

class FilesOnDemand implements vscode.FileSystemProvider, Disposable {
  readonly #context: FeatureContext;
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new vscode.EventEmitter<vscode.FileChangeEvent[]>());
  #loading: Promise<NamespaceFiles> | undefined;

  readonly onDidChangeFile = this.#emitter.event;

  constructor(context: FeatureContext) {
    this.#context = context;
  }

  async #load(): Promise<NamespaceFiles> {
    const { hosts, ready, connector, log } = this.#context;
    const [{ FileSessions }, { NamespaceFiles: Files }] = await Promise.all([
      import('./sessions.ts'),
      import('./provider.ts'),
    ]);
    const connect = connector.connect.bind(connector);
    const sessions = this.#store.add(new FileSessions({ hosts, ready, connect }));
    const files = this.#store.add(new Files(sessions, log));
    this.#store.add(files.onDidChangeFile((events) => this.#emitter.fire(events)));
    return files;
  }

  #files(): Promise<NamespaceFiles> {
    return (this.#loading ??= this.#load());
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
