import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { commands } from '../../ids.ts';
import type { Feature } from '../context.ts';
import { FindingDecorations } from './finding-decorations.ts';
import { StaleDecorations } from './stale-decorations.ts';
import { watchWhileVisible } from './watching.ts';

/** What the Hosts view does by itself: it connects, follows the hosts while it is visible, and opens up what was connected. */
export const activateTree: Feature = (context) => {
  const { tree, hosts, connector, preferences, ready } = context;
  const store = new DisposableStore();
  store.add(vscode.window.registerFileDecorationProvider(new StaleDecorations()));
  store.add(vscode.window.registerFileDecorationProvider(new FindingDecorations()));
  store.add(watchWhileVisible(hosts, tree));
  store.add(context.commands.register(commands.showMore, (argument) => tree.showMore(argument)));
  store.add(
    tree.onDidUnfoldHost((host) => {
      // Not after a failure: unfolding shows its reason, and another attempt could lock an account.
      if (host.state.kind === 'disconnected') void connector.connect(host);
    }),
  );
  let shown = false;
  const connectThisMachine = (visible: boolean): void => {
    if (!visible || shown) return;
    shown = true;
    const local = hosts.all.find(({ spec }) => spec.kind === 'local');
    if (local?.state.kind === 'disconnected' && preferences.connectThisMachine) void connector.connectQuietly(local);
  };
  const begin = async (): Promise<void> => {
    await ready;
    store.add(tree.onDidChangeVisibility(connectThisMachine));
    connectThisMachine(tree.visible);
  };
  void begin();
  return store;
};
