import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import { commands, settings, views } from '../../ids.ts';
import { endpoint, placeName } from '../../model/sockets.ts';
import { displayText } from '../../model/text.ts';
import { setUserValue, userValue } from '../../user-settings.ts';
import type { FeatureContext } from '../context.ts';
import { followHosts } from '../follow-hosts.ts';
import { askForward, askLocal, askReverse } from './ask.ts';
import { Forwards, type Item } from './forwards.ts';
import type { PortsCommand } from './index.ts';
import { formatKept, loopback, parseKept, sameKept, type KeptForward } from './kept.ts';
import { lastingName, ownNetwork } from './network.ts';
import { ForwardsView } from './view.ts';
import { nameOf } from './words.ts';

const openInBrowser = 'Open in Browser';
const showForwards = 'Show Forwards';

/** Forward Port and what can be done with a forward. */
export class Ports implements Disposable {
  readonly #store = new DisposableStore();
  readonly #context: FeatureContext;
  readonly #forwards = this.#store.add(new Forwards());
  readonly #view: ForwardsView;
  readonly #actions: Readonly<Record<PortsCommand, (argument: unknown) => Promise<unknown>>> = {
    [commands.forwardPort]: (argument) => this.#forward(argument),
    [commands.reversePort]: (argument) => this.#reverse(argument),
    [commands.refreshListening]: (argument) => Promise.resolve(this.#refresh(argument)),
    [commands.openForward]: (argument) => this.#with(argument, open),
    [commands.copyForward]: (argument) => this.#with(argument, copy),
    [commands.changeForward]: (argument) => this.#with(argument, (item) => this.#change(item)),
    [commands.keepForward]: (argument) => this.#with(argument, (item) => this.#keep(item)),
    [commands.forgetForward]: (argument) => this.#with(argument, (item) => this.#forget(item)),
    [commands.stopForward]: (argument) => this.#with(argument, (item) => this.#stop(item)),
  };

  constructor(context: FeatureContext) {
    this.#context = context;
    this.#view = this.#store.add(new ForwardsView(this.#forwards, (item) => this.#keptOf(item) !== undefined));
    this.#store.add(followHosts(context.hosts, (host) => this.#follow(host)));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(settings.forwards)) this.#view.refresh();
      }),
    );
  }

  async run(id: PortsCommand, argument: unknown): Promise<void> {
    await this.#actions[id](argument);
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** Kept forwards begin with the first connection, and all of a host's end when it is taken from the list. */
  #follow(host: Host): Disposable {
    let isBegun = false;
    let wasConnected = false;
    const begin = (): void => {
      this.#view.refresh();
      const isConnected = host.session !== undefined;
      if (isConnected && !wasConnected) {
        void this.#forwards.resume(host);
        if (!isBegun) void this.#beginKept(host);
        isBegun = true;
      }
      wasConnected = isConnected;
    };
    const subscription = host.onDidChangeState(begin);
    begin();
    return {
      dispose: () => {
        subscription.dispose();
        for (const item of this.#forwards.all) if (item.host === host) this.#forwards.remove(item);
      },
    };
  }

  async #beginKept(host: Host): Promise<void> {
    const kept = parseKept(userValue(settings.forwards)).filter((each) => each.host === host.id);
    const results = await Promise.allSettled(
      kept.map(({ target, place, local }) => {
        const where = target === ownNetwork ? 'its own net namespace' : displayText(target);
        return this.#forwards.add({ host, network: { name: target }, where, place, local }, false);
      }),
    );
    for (const [index, result] of results.entries()) {
      const each = kept[index];
      if (result.status === 'fulfilled' || each === undefined) continue;
      const words = `${placeName(each.place)} of ${host.label} is not forwarded: ${messageOf(result.reason)}`;
      this.#context.log.warn(words);
      void vscode.window.showWarningMessage(words);
    }
  }

  async #forward(argument: unknown): Promise<void> {
    const wanted = await askForward(this.#context, argument);
    if (wanted === undefined) return;
    const { host, namespace, place } = wanted;
    // The same port where it is free and may be had (ports below 1024 often may not), as people expect it.
    const port = place.kind === 'unix' ? 0 : place.port;
    const where = displayText(namespace.name.text);
    const options = { host, network: { key: namespace.key }, where, place, local: { host: loopback, port } };
    const item = await this.#forwards.add(options, true);
    this.#context.log.info(`[${host.label}] Forwards ${nameOf(item)} in ${namespace.key}`);
    // The command is done, whatever is chosen there.
    void this.#tell(item);
  }

  async #reverse(argument: unknown): Promise<void> {
    const wanted = await askReverse(this.#context, argument);
    if (wanted === undefined) return;
    const { host, namespace, place, local } = wanted;
    const where = displayText(namespace.name.text);
    const item = await this.#forwards.addReverse({ host, network: { key: namespace.key }, where, place, local });
    this.#context.log.info(`[${host.label}] Forwards ${nameOf(item)} in ${namespace.key}`);
    void this.#tell(item);
  }

  async #tell(item: Item): Promise<void> {
    const { place, local, where, host, reverse } = item;
    const choices = place.kind === 'tcp' && !reverse ? [openInBrowser, showForwards] : [showForwards];
    const [here, there] = [endpoint(local.host, local.port), `${placeName(place)} in ${where} on ${host.label}`];
    const words = reverse ? `${there} now reaches ${here} on this side.` : `${here} now reaches ${there}.`;
    const choice = await vscode.window.showInformationMessage(words, ...choices);
    if (choice === openInBrowser) await open(item);
    if (choice === showForwards) await vscode.commands.executeCommand(`${views.forwards}.focus`);
  }

  #refresh(argument: unknown): void {
    const target = this.#context.tree.listeningOf(argument);
    if (target !== undefined) this.#context.tree.refreshListening(target);
  }

  /** The forward of a row, or one that the person picks. */
  async #with(argument: unknown, act: (item: Item) => Promise<unknown>): Promise<void> {
    const { all } = this.#forwards;
    const item = all.find((each) => each === argument) ?? (await pick(all));
    if (item !== undefined) await act(item);
  }

  async #change(item: Item): Promise<void> {
    const local = item.reverse ? undefined : await askLocal(item.local);
    if (local === undefined || (local.host === item.local.host && local.port === item.local.port)) return;
    const kept = this.#keptOf(item);
    const moved = await this.#forwards.move(item, local);
    if (kept === undefined) return;
    const others = parseKept(userValue(settings.forwards)).filter((each) => !sameKept(each, kept));
    await this.#write([...others, { ...kept, local: moved.local }]);
  }

  async #keep(item: Item): Promise<void> {
    const asKept = this.#asKept(item);
    if (asKept === undefined) {
      void vscode.window.showInformationMessage(
        item.reverse
          ? 'Only a forward that listens on this side can be kept.'
          : 'Its net namespace has no name that outlives it. Keep gives it one; then its forwards can be kept, too.',
      );
      return;
    }
    if (this.#keptOf(item) === undefined) {
      await this.#write([...parseKept(userValue(settings.forwards)), asKept]);
    }
  }

  async #forget(item: Item): Promise<void> {
    const kept = this.#keptOf(item);
    if (kept === undefined) return;
    await this.#write(parseKept(userValue(settings.forwards)).filter((each) => !sameKept(each, kept)));
  }

  #stop(item: Item): Promise<void> {
    this.#forwards.remove(item);
    this.#context.log.info(`[${item.host.label}] Stopped ${nameOf(item)}`);
    return Promise.resolve();
  }

  async #write(kept: readonly KeptForward[]): Promise<void> {
    await setUserValue(settings.forwards, kept.length === 0 ? undefined : formatKept(kept));
    this.#view.refresh();
  }

  #asKept({ host, network, place, local, reverse }: Item): KeptForward | undefined {
    if (reverse) return undefined;
    const namespace = 'key' in network ? host.graph?.namespaces.get(network.key) : undefined;
    const target = 'name' in network ? network.name : namespace && lastingName(host, namespace);
    return target === undefined ? undefined : { host: host.id, target, place, local };
  }

  #keptOf(item: Item): KeptForward | undefined {
    const asKept = this.#asKept(item);
    return asKept && parseKept(userValue(settings.forwards)).find((each) => sameKept(each, asKept));
  }
}

async function pick(all: readonly Item[]): Promise<Item | undefined> {
  if (all.length === 0) {
    void vscode.window.showInformationMessage('Nothing is forwarded.');
    return undefined;
  }
  const items = all.map((item) => ({ label: nameOf(item), description: `${item.where} on ${item.host.label}`, item }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Forward' }))?.item;
}

/** The editor asks the person, and knows how a browser reaches this side. */
async function open({ local }: Item): Promise<void> {
  const host = local.host === '0.0.0.0' || local.host === '::' ? loopback : local.host;
  await vscode.env.openExternal(vscode.Uri.parse(`http://${endpoint(host, local.port)}/`, true));
}

async function copy({ local }: Item): Promise<void> {
  await vscode.env.clipboard.writeText(endpoint(local.host, local.port));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
