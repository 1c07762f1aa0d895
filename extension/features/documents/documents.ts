import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import type { Host, Hosts } from '../../host/types.ts';
import { scheme } from '../../ids.ts';
import { coalesce } from '../coalesce.ts';
import { followHosts } from '../follow-hosts.ts';
import type { Reference } from '../targets.ts';
import { documentName, formatAddress, parseAddress } from './address.ts';
import type { Address } from './address.ts';

/** Milliseconds for which changes are gathered before an open document follows. */
const gathering = 300;

/** Read-only documents about what is on a host. Those that are open follow the host, and have it polled while they can be seen. */
export class Documents implements vscode.TextDocumentContentProvider, Disposable {
  readonly #hosts: Hosts;
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
  /** What was last given to the editor, by URI: what has not changed is not given again. */
  readonly #given = new Map<string, string>();
  readonly #watched = new Map<Host, Disposable>();
  readonly #reports = new Map<string, string>();

  readonly onDidChange = this.#emitter.event;

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) this.#given.delete(uri.toString());
      }),
    );
    const later = this.#store.add(coalesce(() => void this.#update(), gathering));
    this.#store.add(
      followHosts(hosts, (host) => {
        const each = new DisposableStore();
        each.add(host.onDidChangeGraph(() => later.run()));
        each.add(host.onDidChangeState(() => later.run()));
        return each;
      }),
    );
    this.#store.add(hosts.onDidChange(() => later.run()));
    this.#store.add(vscode.window.onDidChangeVisibleTextEditors(() => this.#watch()));
    this.#store.add(hosts.onDidChange(() => this.#watch()));
    this.#watch();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const text = await this.#text(uri);
    this.#given.set(uri.toString(), text);
    return text;
  }

  uri(host: Host, of: Reference, other?: Reference): vscode.Uri {
    const address: Address =
      other === undefined
        ? { view: 'details', host: host.id, of }
        : { view: 'compare', host: host.id, of, with: other };
    return vscode.Uri.from({
      scheme,
      authority: address.view,
      path: `/${encodeURIComponent(host.id)}/${documentName(of, host.label)}`,
      query: formatAddress(address),
    });
  }

  /** A Markdown document with this text; what a report of this name said before is replaced. */
  report(host: Host, name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({
      scheme,
      authority: 'report',
      path: `/${encodeURIComponent(host.id)}/${name}.md`,
      query: formatAddress({ view: 'report', host: host.id, name }),
    });
    this.#reports.set(uri.toString(), text);
    this.#emitter.fire(uri);
    return uri;
  }

  dispose(): void {
    this.#store.dispose();
    for (const watch of this.#watched.values()) watch.dispose();
    this.#watched.clear();
  }

  async #text(uri: vscode.Uri): Promise<string> {
    const address = parseAddress(uri.query);
    if (address === undefined) return '# This document belongs to another version of the extension.\n';
    if (address.view === 'report') {
      return this.#reports.get(uri.toString()) ?? 'This report is of an earlier window. Ask for it again.\n';
    }
    const { contentOf } = await import('./content.ts');
    return contentOf(this.#hosts, address);
  }

  async #update(): Promise<void> {
    for (const [key, given] of this.#given) {
      const uri = vscode.Uri.parse(key);
      const text = await this.#text(uri);
      if (text !== given) this.#emitter.fire(uri);
    }
  }

  #watch(): void {
    const seen = new Set<Host>();
    for (const { document } of vscode.window.visibleTextEditors) {
      if (document.uri.scheme !== scheme) continue;
      const address = parseAddress(document.uri.query);
      const host = address && this.#hosts.get(address.host);
      if (host !== undefined) seen.add(host);
    }
    for (const [host, watch] of this.#watched) {
      if (seen.has(host)) continue;
      this.#watched.delete(host);
      watch.dispose();
    }
    for (const host of seen) if (!this.#watched.has(host)) this.#watched.set(host, host.watch());
  }
}
