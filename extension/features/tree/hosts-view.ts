import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import type { Host, Hosts } from '../../host/types.ts';
import { views } from '../../ids.ts';
import type { Target } from '../targets.ts';
import type { ListeningTarget, TreeAccess } from './access.ts';
import { TreeElement } from './element.ts';
import type { HostsTreeProviderOptions } from './provider.ts';
import { RowsOnDemand } from './rows-on-demand.ts';

/** The Hosts view: the tree with its selection, and the way for other features to both. */
export class HostsView implements TreeAccess, Disposable {
  readonly #store = new DisposableStore();
  readonly #hosts: Hosts;
  readonly #rows: RowsOnDemand;
  readonly view: vscode.TreeView<TreeElement>;

  constructor(options: HostsTreeProviderOptions) {
    this.#hosts = options.hosts;
    this.#rows = this.#store.add(
      new RowsOnDemand(options, (rows) => {
        this.#store.add(rows.onDidRenew(({ former, root }) => this.#renewed(former, root)));
      }),
    );
    this.view = this.#store.add(
      vscode.window.createTreeView(views.hosts, {
        treeDataProvider: this.#rows,
        canSelectMany: true,
        showCollapseAll: true,
      }),
    );
    this.#store.add(this.view.onDidExpandElement(({ element }) => this.#rows.rows?.folded(element, false)));
    this.#store.add(this.view.onDidCollapseElement(({ element }) => this.#rows.rows?.folded(element, true)));
  }

  get visible(): boolean {
    return this.view.visible;
  }

  get onDidChangeVisibility(): TreeAccess['onDidChangeVisibility'] {
    return (listener) => this.view.onDidChangeVisibility(({ visible }) => listener(visible));
  }

  get onDidUnfoldHost(): TreeAccess['onDidUnfoldHost'] {
    return (listener) =>
      this.view.onDidExpandElement(({ element }) => {
        if (element.ref.kind === 'root') listener(element.host);
      });
  }

  get message(): string | undefined {
    return this.view.message;
  }

  set message(message: string | undefined) {
    // The API takes undefined for none, its type under `exactOptionalPropertyTypes` an empty text.
    this.view.message = message ?? '';
  }

  get selectedHost(): Host | undefined {
    return this.view.selection[0]?.host;
  }

  get selection(): readonly Target[] {
    return this.targetsOf(undefined, this.view.selection);
  }

  hostOf(argument: unknown): Host | undefined {
    if (argument instanceof TreeElement) return argument.host;
    return this.#hosts.all.find((host) => host === argument);
  }

  targetsOf(argument: unknown, selected?: unknown): readonly Target[] {
    // `Array.isArray` narrows to `any[]`; what is in it is as unknown as the argument.
    const several: readonly unknown[] = Array.isArray(selected) ? selected : [];
    const elements = several.length > 0 ? several : [argument];
    return elements.flatMap((element) => (element instanceof TreeElement ? (targetOf(element) ?? []) : []));
  }

  listeningOf(argument: unknown): ListeningTarget | undefined {
    if (!(argument instanceof TreeElement)) return undefined;
    const { ref, host } = argument;
    if (ref.kind === 'socket') return { host, key: ref.of.key, row: ref.row };
    return ref.kind === 'listening' ? { host, key: ref.of.key, row: undefined } : undefined;
  }

  refreshListening({ host, key }: ListeningTarget): void {
    this.#rows.rows?.refreshListening(host, key);
  }

  async show(): Promise<void> {
    await vscode.commands.executeCommand(`${views.hosts}.focus`);
  }

  async reveal(target: Target): Promise<boolean> {
    const rows = await this.#rows.load();
    const found = rows.branch(target.host)?.find(target);
    if (found === undefined) return false;
    // The editor must have asked for new hosts and longer lists before it can find a row in them.
    rows.refresh(found.changed, 0);
    rows.flush();
    await rows.undisturbed(async () => {
      await this.show();
      await this.view.reveal(found.element, { select: true, focus: true });
    });
    return true;
  }

  showMore(argument: unknown): void {
    if (!(argument instanceof TreeElement)) return;
    const { rows } = this.#rows;
    const list = rows?.branch(argument.host)?.showMore(argument);
    if (list !== undefined) rows?.refresh([list], 0);
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** The editor forgets the selection of a row that it does not know any more. */
  #renewed(former: TreeElement, root: TreeElement): void {
    if (this.visible && this.view.selection.includes(former))
      void this.view.reveal(root, { select: true, focus: true });
  }
}

function targetOf({ ref, host }: TreeElement): Target | undefined {
  if (ref.kind === 'root') return { kind: 'host', host };
  if (ref.kind === 'namespace') return { kind: 'namespace', host, key: ref.key };
  if (ref.kind === 'process') return { kind: 'process', host, pid: ref.pid, start: ref.start };
  return ref.kind === 'workload' ? { kind: 'workload', host, id: ref.id } : undefined;
}
