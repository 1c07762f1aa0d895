import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import type { TreeElement } from './element.ts';
import type { HostsTreeProvider, HostsTreeProviderOptions } from './provider.ts';

/** The rows of the Hosts view. What makes them is loaded when the first are asked for. */
export class RowsOnDemand implements vscode.TreeDataProvider<TreeElement>, Disposable {
  readonly #options: HostsTreeProviderOptions;
  readonly #onLoad: (rows: HostsTreeProvider) => void;
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new vscode.EventEmitter<TreeElement[] | undefined>());
  #loading: Promise<HostsTreeProvider> | undefined;
  #rows: HostsTreeProvider | undefined;

  readonly onDidChangeTreeData = this.#emitter.event;

  constructor(options: HostsTreeProviderOptions, onLoad: (rows: HostsTreeProvider) => void) {
    this.#options = options;
    this.#onLoad = onLoad;
  }

  /** Undefined while no row has been handed out. */
  get rows(): HostsTreeProvider | undefined {
    return this.#rows;
  }

  load(): Promise<HostsTreeProvider> {
    return (this.#loading ??= this.#load());
  }

  async #load(): Promise<HostsTreeProvider> {
    const { HostsTreeProvider: Provider } = await import('./provider.ts');
    const rows = this.#store.add(new Provider(this.#options));
    this.#rows = rows;
    this.#store.add(rows.onDidChangeTreeData((elements) => this.#emitter.fire(elements)));
    this.#onLoad(rows);
    return rows;
  }

  async getChildren(element?: TreeElement): Promise<TreeElement[]> {
    return (this.#rows ?? (await this.load())).getChildren(element);
  }

  // Of a row that has been handed out, so that what makes them is there.

  getTreeItem(element: TreeElement): vscode.TreeItem {
    return this.#rows?.getTreeItem(element) ?? new vscode.TreeItem(element.host.label);
  }

  getParent(element: TreeElement): TreeElement | undefined {
    return this.#rows?.getParent(element);
  }

  resolveTreeItem(item: vscode.TreeItem, element: TreeElement): vscode.TreeItem {
    return this.#rows?.resolveTreeItem(item, element) ?? item;
  }

  dispose(): void {
    this.#store.dispose();
  }
}
