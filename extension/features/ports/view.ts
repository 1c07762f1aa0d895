import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../disposable.ts';
import { contextKeys, views } from '../../ids.ts';
import { endpoint } from '../../model/sockets.ts';
import { coalesce } from '../coalesce.ts';
import { joined } from '../tree/items/spec.ts';
import type { Forwards, Item } from './forwards.ts';
import { nameOf, tooltipOf, trafficWords, troubleOf } from './words.ts';

/** Milliseconds for which the figures of rows may be old. */
const gathering = 500;

/** The Forwards view: it is there while there are any. */
export class ForwardsView implements vscode.TreeDataProvider<Item>, Disposable {
  readonly #store = new DisposableStore();
  readonly #forwards: Forwards;
  readonly #isKept: (item: Item) => boolean;
  readonly #emitter = this.#store.add(new vscode.EventEmitter<Item[] | undefined>());
  readonly #pending = new Set<Item>();
  readonly #later = this.#store.add(coalesce(() => this.#flush(), gathering));
  readonly view: vscode.TreeView<Item>;

  readonly onDidChangeTreeData = this.#emitter.event;

  constructor(forwards: Forwards, isKept: (item: Item) => boolean) {
    this.#forwards = forwards;
    this.#isKept = isKept;
    this.view = this.#store.add(vscode.window.createTreeView(views.forwards, { treeDataProvider: this }));
    this.#store.add(
      forwards.onDidChange((item) => {
        if (item === undefined) this.refresh();
        else {
          this.#pending.add(item);
          this.#later.run();
        }
      }),
    );
  }

  refresh(): void {
    void vscode.commands.executeCommand('setContext', contextKeys.forwardCount, this.#forwards.all.length);
    this.#emitter.fire(undefined);
  }

  getChildren(item?: Item): Item[] {
    return item === undefined ? [...this.#forwards.all] : [];
  }

  getTreeItem(item: Item): vscode.TreeItem {
    const { host, where, place, local } = item;
    const row = new vscode.TreeItem(nameOf(item));
    const trouble = troubleOf(item);
    const kept = this.#isKept(item);
    // One of each kind can have a local port; into namespaces one may lead several times.
    row.id = item.reverse ? `${host.id} ${where} ${nameOf(item)}` : `${place.kind} ${endpoint(local.host, local.port)}`;
    row.description = joined([trouble, `${where} on ${host.label}`, trafficWords(item.forward.traffic)], ' · ');
    row.iconPath = new vscode.ThemeIcon(trouble === undefined ? 'plug' : 'warning');
    row.tooltip = tooltipOf(item, kept);
    row.contextValue = item.reverse
      ? 'forward reverse'
      : joined(['forward', 'outward', place.kind === 'udp' ? undefined : 'web', kept ? 'kept' : 'keepable'], ' ');
    row.accessibilityInformation = { label: joined([`Forward ${nameOf(item)}`, row.description], ', ') };
    return row;
  }

  dispose(): void {
    void vscode.commands.executeCommand('setContext', contextKeys.forwardCount, 0);
    this.#store.dispose();
  }

  #flush(): void {
    const all = new Set(this.#forwards.all);
    const items = [...this.#pending].filter((item) => all.has(item));
    this.#pending.clear();
    if (items.length > 0) this.#emitter.fire(items);
  }
}
