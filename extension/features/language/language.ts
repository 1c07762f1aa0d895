import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import {
  clientCommands,
  dialectIds,
  hostMethod,
  settingsMethod,
  type HostState,
  type SettingsMessage,
} from '../../../server/language/protocol.ts';
import { DisposableStore, type Disposable } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import { commands, languageSettings } from '../../ids.ts';
import { isRecord } from '../../is-record.ts';
import { knownNamespaces, mountsSeen } from '../../model/known-namespaces.ts';
import { coalesce } from '../coalesce.ts';
import type { FeatureContext } from '../context.ts';
import { hostItem } from '../hosts/pick-host.ts';
import { ChosenHost, none } from './chosen-host.ts';
import { concerns, selector } from './documents.ts';
import { createDeclared, createFromDocument, showDeclared } from './host-actions.ts';
import { serverFlags } from './server-flags.ts';

/** Files are judged anew at most this often because something changed on the host, in milliseconds. */
const hostDelay = 1000;

/** The language server's client and what the server gets to know of a host. */
export class LanguageFeature implements Disposable {
  readonly #store = new DisposableStore();
  readonly #context: FeatureContext;
  readonly #client: LanguageClient;
  readonly #chosen: ChosenHost;
  readonly #status: vscode.LanguageStatusItem;
  /** Of the host that is told of: disposed when it is another. */
  #following = new DisposableStore();
  #told = 'null';

  static async start(context: FeatureContext): Promise<LanguageFeature> {
    const feature = new LanguageFeature(context);
    await feature.#client.start();
    feature.#follow();
    return feature;
  }

  private constructor(context: FeatureContext) {
    this.#context = context;
    const module = vscode.Uri.joinPath(context.extensionUri, 'dist', 'server.cjs').fsPath;
    this.#client = new LanguageClient(
      'linuxNamespaces',
      'Linux Namespaces Language Server',
      { module, transport: TransportKind.ipc, options: { execArgv: [...serverFlags] } },
      { documentSelector: selector, initializationOptions: readSettings() },
    );
    this.#chosen = this.#store.add(new ChosenHost(context.hosts, context.workspaceState));
    this.#status = this.#store.add(vscode.languages.createLanguageStatusItem('linuxNamespaces.host', selector));
    this.#status.name = 'Host of the diagnostics';
    this.#status.command = { command: commands.chooseLanguageHost, title: 'Choose Host' };
    this.#store.add(this.#chosen.onDidChange(() => this.#follow()));
    this.#store.add({ dispose: () => this.#following.dispose() });
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (Object.values(languageSettings).some((id) => event.affectsConfiguration(id))) {
          void this.#client.sendNotification(settingsMethod, readSettings());
        }
      }),
    );
    this.#registerCommands();
  }

  #registerCommands(): void {
    const { commands: registry } = this.#context;
    const withHost =
      (act: (context: FeatureContext, host: Host, argument: unknown) => Promise<void>) =>
      async (argument: unknown): Promise<void> => {
        const host = this.#chosen.current;
        if (host === undefined) void vscode.window.showInformationMessage('Connect to the host first.');
        else await act(this.#context, host, argument);
      };
    this.#store.add(registry.register(clientCommands.show, withHost(showDeclared)));
    this.#store.add(registry.register(clientCommands.create, withHost(createDeclared)));
    this.#store.add(registry.register(clientCommands.createFromDocument, withHost(createFromDocument)));
  }

  async chooseHost(): Promise<void> {
    const items = [
      ...this.#context.hosts.all.map((host) => ({ ...hostItem(host), id: host.id })),
      { label: 'None', description: 'Judge by the files alone', id: none, host: undefined },
    ];
    const choice = await vscode.window.showQuickPick(items, {
      title: 'Host of the Diagnostics',
      placeHolder: 'Files of this workspace are judged by what this host can do',
    });
    if (choice === undefined) return;
    await this.#chosen.choose(choice.id);
    if (choice.host?.state.kind === 'disconnected') await choice.host.connect();
  }

  #follow(): void {
    this.#following.dispose();
    this.#following = new DisposableStore();
    const host = this.#chosen.current;
    this.#showStatus(host);
    if (host === undefined) {
      this.#tell(undefined);
      return;
    }
    const later = this.#following.add(coalesce(() => this.#tell(host), hostDelay));
    this.#following.add(host.onDidChangeGraph(() => later.run()));
    this.#following.add(watchWhileSeen(host));
    this.#tell(host);
  }

  #showStatus(host: Host | undefined): void {
    const { asked } = this.#chosen;
    this.#status.text = host?.label ?? asked?.label ?? 'No host';
    this.#status.detail =
      host !== undefined
        ? 'Namespaces are judged by this host too'
        : asked === undefined
          ? 'Namespaces are judged by the file alone'
          : 'Not connected: namespaces are judged by the file alone';
  }

  /** Only when it differs from what was told before: each time every open file is judged anew. */
  #tell(host: Host | undefined): void {
    const state = host === undefined ? null : stateOf(host);
    const text = JSON.stringify(state);
    if (text === this.#told) return;
    this.#told = text;
    this.#client.sendNotification(hostMethod, state).catch((error: unknown) => {
      this.#context.log.warn(`Language server: ${String(error)}`);
    });
  }

  dispose(): void {
    this.#store.dispose();
    // What the person has closed need not end in order.
    this.#client.dispose().catch(() => {});
  }
}

function stateOf({ label, facts, graph }: Host): HostState | null {
  if (facts === undefined || graph === undefined) return null;
  const { mnt } = facts.own;
  return {
    name: label,
    facts,
    complete: graph.completeness.complete,
    mountsSeen: mountsSeen(graph, mnt),
    namespaces: knownNamespaces(graph, mnt),
  };
}

/** The host is polled while one of the documents can be seen, as it is while the tree can. */
function watchWhileSeen(host: Host): Disposable {
  const store = new DisposableStore();
  let watching: Disposable | undefined;
  const update = (): void => {
    const seen = vscode.window.visibleTextEditors.some(({ document }) => concerns(document));
    if (seen === (watching !== undefined)) return;
    watching?.dispose();
    watching = seen ? host.watch() : undefined;
  };
  store.add(vscode.window.onDidChangeVisibleTextEditors(update));
  store.add({ dispose: () => watching?.dispose() });
  update();
  return store;
}

function readSettings(): SettingsMessage {
  const configuration = vscode.workspace.getConfiguration();
  const on = configuration.get<unknown>(languageSettings.dialects);
  const rules = configuration.get<unknown>(languageSettings.rules);
  return {
    off: dialectIds.filter((id) => isRecord(on) && on[id] === false),
    rules: isRecord(rules) ? rules : {},
    maximum: configuration.get<unknown>(languageSettings.maximum),
  };
}
