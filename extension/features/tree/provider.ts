import * as vscode from 'vscode';
import { DisposableStore, Emitter } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import type { Host, Hosts } from '../../host/types.ts';
import type { NamespaceRef } from '../../model/node-ref.ts';
import type { FileAccess } from '../files/access.ts';
import type { NamespaceKey } from '../../model/types.ts';
import { followHosts } from '../follow-hosts.ts';
import type { FindingsChange, FindingStore } from '../live-diagnostics/finding-store.ts';
import type { Preferences } from '../preferences.ts';
import type { ReadinessStore } from '../readiness/readiness-store.ts';
import { HostBranch } from './branch.ts';
import { TreeElement } from './element.ts';
import { explain, itemOf } from './items.ts';
import { notTried } from './items/readiness-items.ts';
import { MountLists } from './mounts/mount-lists.ts';
import { Pacer } from './pacer.ts';
import { toTreeItem } from './tree-item.ts';

/** Milliseconds for which changes of a host are gathered before rows are shown anew. */
const gathering = 40;

/**
 * The same for the steps of a connect: where it takes less, they would only delay the rows that the person waits for, and where
 * it takes more, they say what it waits for.
 */
const patience = 600;

/**
 * Milliseconds after the list of hosts was asked for within which a host's row is shown anew with the whole list. Until the
 * editor has put the list on the screen it does not know the rows yet and fails: "Data tree node not found".
 */
const settling = 1_000;

/** Milliseconds for which a list of what listens is good enough. */
const fresh = 1_000;

export interface HostsTreeProviderOptions {
  readonly hosts: Hosts;
  readonly preferences: Preferences;
  readonly readiness: ReadinessStore;
  readonly findings: FindingStore;
  readonly extensionUri: vscode.Uri;
  readonly ready: Promise<void>;
  readonly files: FileAccess;
}

export class HostsTreeProvider implements vscode.TreeDataProvider<TreeElement>, Disposable {
  readonly #hosts: Hosts;
  readonly #preferences: Preferences;
  readonly #readiness: ReadinessStore;
  readonly #findings: FindingStore;
  readonly #extensionUri: vscode.Uri;
  readonly #ready: Promise<void>;
  readonly #mountLists: MountLists;
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new vscode.EventEmitter<TreeElement[] | undefined>());
  readonly #branches = new Map<Host, HostBranch>();
  readonly #renewed = this.#store.add(new Emitter<{ readonly former: TreeElement; readonly root: TreeElement }>());
  /** Hosts whose row is unfolded. */
  readonly #unfolded = new Set<Host>();
  #pending = new Set<TreeElement>();
  #everything = false;
  #listedAt = 0;
  #revealing = 0;
  readonly #foundMeanwhile: FindingsChange[] = [];
  /** When what listens was last asked for, by `performance.now()`. */
  readonly #askedAt = new WeakMap<TreeElement, number>();
  readonly #pacer = this.#store.add(new Pacer(() => this.#flush()));

  readonly onDidChangeTreeData = this.#emitter.event;
  /** A host's row has become another one. */
  readonly onDidRenew = this.#renewed.event;

  constructor(options: HostsTreeProviderOptions) {
    this.#hosts = options.hosts;
    this.#preferences = options.preferences;
    this.#readiness = options.readiness;
    this.#findings = options.findings;
    this.#extensionUri = options.extensionUri;
    this.#ready = options.ready;
    this.#mountLists = this.#store.add(new MountLists(options.files, (element) => this.refresh([element], gathering)));
    this.#store.add(followHosts(options.hosts, (host) => this.#follow(host)));
    this.#store.add(options.hosts.onDidChange(() => this.refreshAll()));
    this.#store.add(
      options.readiness.onDidChange((host) => {
        const row = this.#branches.get(host)?.readiness;
        if (row !== undefined) this.refresh([row], 0);
      }),
    );
    this.#store.add(options.findings.onDidChange((change) => this.#found(change)));
    this.#store.add(options.preferences.onDidChange(() => this.refreshAll()));
    // High-contrast themes have icons of their own.
    this.#store.add(vscode.window.onDidChangeActiveColorTheme(() => this.refreshAll()));
  }

  branch(host: Host): HostBranch | undefined {
    return this.#branches.get(host);
  }

  getChildren(element?: TreeElement): TreeElement[] | Promise<TreeElement[]> {
    if (element === undefined) return this.#roots();
    // Asked for what is below a row, the editor shows it unfolded: it tells only of what a person has folded or unfolded.
    if (element.ref.kind === 'root') this.#unfolded.add(element.host);
    if (element.ref.kind === 'readiness') return this.#abilities(element);
    if (element.ref.kind === 'mounts') return this.#mounts(element, element.ref.of);
    if (element.ref.kind === 'listening') return this.#sockets(element, element.ref.of);
    return [...(this.#branches.get(element.host)?.children(element) ?? [])];
  }

  async #roots(): Promise<TreeElement[]> {
    await this.#ready;
    this.#listedAt = performance.now();
    return this.#hosts.all.flatMap((host) => this.#branches.get(host)?.root ?? []);
  }

  async #abilities(element: TreeElement): Promise<TreeElement[]> {
    const rows = await this.#readiness.get(element.host).then(
      ({ rows: found }) => found,
      (error: unknown) => [notTried(error)],
    );
    const refs = rows.map((row) => ({ kind: 'ability', row }) as const);
    return [...(this.#branches.get(element.host)?.adopt(element, refs) ?? [])];
  }

  async #mounts(element: TreeElement, of: NamespaceRef): Promise<TreeElement[]> {
    const rows = await this.#mountLists.rows(element, of.key);
    return [
      ...(this.#branches.get(element.host)?.adopt(
        element,
        rows.map((row) => ({ kind: 'mount', of, row }) as const),
      ) ?? []),
    ];
  }

  async #sockets(element: TreeElement, of: NamespaceRef): Promise<TreeElement[]> {
    const { listen } = await import('../ports/listen.ts');
    const refs = (await listen(element.host, of.key)).map((row) => ({ kind: 'socket', of, row }) as const);
    this.#askedAt.set(element, performance.now());
    return [...(this.#branches.get(element.host)?.adopt(element, refs) ?? [])];
  }

  refreshListening(host: Host, key: NamespaceKey): void {
    this.refresh(this.#branches.get(host)?.listeningRows(key) ?? [], 0);
  }

  getTreeItem(element: TreeElement): vscode.TreeItem {
    const branch = this.#branches.get(element.host);
    if (branch === undefined) return new vscode.TreeItem(element.host.label);
    const item = toTreeItem(itemOf(branch, element, this.#findings), element, this.#extensionUri);
    // Until a tooltip has come, the editor shows the address of a row that has one: ours are for decorations only.
    return item.resourceUri === undefined ? item : this.resolveTreeItem(item, element);
  }

  getParent(element: TreeElement): TreeElement | undefined {
    return this.#branches.get(element.host)?.parentOf(element);
  }

  dispose(): void {
    this.#store.dispose();
    this.#branches.clear();
  }

  /** A row was folded or unfolded. */
  folded(element: TreeElement, folded: boolean): void {
    const { host, ref } = element;
    if (ref.kind === 'mounts' && folded) this.#mountLists.forget(element);
    // Who unfolds it again wants to see what listens now; the editor would show what it was given before.
    const asked = this.#askedAt.get(element);
    if (!folded && asked !== undefined && performance.now() - asked > fresh) this.refresh([element], 0);
    if (ref.kind !== 'root') return;
    if (folded) this.#unfolded.delete(host);
    else this.#unfolded.add(host);
  }

  /** Shows rows anew within that many milliseconds, or soon after; 0 for rows that someone waits for. */
  refresh(elements: Iterable<TreeElement>, delay: number): void {
    for (const element of elements) this.#pending.add(element);
    if (this.#pending.size > 0) this.#pacer.within(delay);
  }

  /** The tooltip, when the pointer rests on the row. */
  resolveTreeItem(item: vscode.TreeItem, element: TreeElement): vscode.TreeItem {
    const branch = this.#branches.get(element.host);
    const text = branch && explain(branch, element, this.#findings);
    // A text, not Markdown: much of it is a host's own words.
    if (text !== undefined && text !== '') item.tooltip = text;
    return item;
  }

  refreshAll(): void {
    this.#everything = true;
    this.#pacer.within(0);
  }

  #follow(host: Host): Disposable {
    const branch = new HostBranch(host, this.#preferences);
    this.#branches.set(host, branch);
    const store = new DisposableStore();
    store.add(host.onDidChangeGraph((change) => this.refresh(branch.update(change), gathering)));
    let before = host.state.kind;
    store.add(
      host.onDidChangeState(() => {
        const { kind } = host.state;
        const step = kind === 'connecting' && before === 'connecting';
        const begins = kind === 'connecting' && !step;
        before = kind;
        if (begins && host.graph === undefined && !this.#unfolded.has(host)) this.#unfold(branch);
        else this.refresh([branch.root], step ? patience : 0);
      }),
    );
    store.add({
      dispose: () => {
        this.#branches.delete(host);
        this.#unfolded.delete(host);
      },
    });
    return store;
  }

  /** Leaves the rows alone, whatever is found meanwhile: in a list that is read anew the editor does not find a row. */
  async undisturbed(reveal: () => Thenable<void>): Promise<void> {
    this.#revealing++;
    try {
      await reveal();
    } finally {
      this.#revealing--;
      if (this.#revealing === 0) for (const change of this.#foundMeanwhile.splice(0)) this.#found(change);
    }
  }

  /** Shows the rows anew of which something else was found. */
  #found(change: FindingsChange): void {
    const { host, targets, totals } = change;
    if (this.#revealing > 0) {
      this.#foundMeanwhile.push(change);
      return;
    }
    const branch = this.#branches.get(host);
    if (branch === undefined) return;
    this.refresh(totals ? [branch.root] : branch.touched(targets), gathering);
  }

  /** Whoever connects a host wants to see what comes. */
  #unfold(branch: HostBranch): void {
    const former = branch.root;
    branch.renew();
    for (const element of this.#pending) if (element.host === branch.host) this.#pending.delete(element);
    this.#everything = true;
    this.#pacer.now();
    this.#renewed.fire({ former, root: branch.root });
  }

  /** Does at once what is left to do. */
  flush(): void {
    if (this.#everything || this.#pending.size > 0) this.#pacer.now();
  }

  #flush(): void {
    const pending = [...this.#pending];
    this.#pending = new Set();
    if (this.#everything) {
      this.#everything = false;
      this.#emitter.fire(undefined);
    } else this.#fire(pending);
  }

  #fire(elements: readonly TreeElement[]): void {
    if (elements.length === 0) return;
    const settled = performance.now() - this.#listedAt > settling;
    if (!settled && elements.some(({ ref }) => ref.kind === 'root')) this.#emitter.fire(undefined);
    else this.#emitter.fire([...elements]);
  }
}
