import * as vscode from 'vscode';
import { DisposableStore } from '../disposable.ts';
import { contextKeys } from '../ids.ts';
import type { ContextKey } from '../ids.ts';
import type { Feature } from './context.ts';
import { followHosts } from './follow-hosts.ts';
import { isConnectable, isDisconnectable } from './host-words.ts';

/** Keeps the keys up to date by which menus and the palette know what can be done. */
export const activateContextKeys: Feature = ({ hosts }) => {
  const store = new DisposableStore();
  const known = new Map<ContextKey, number | boolean>();
  const set = (key: ContextKey, value: number | boolean): void => {
    if (known.get(key) === value) return;
    known.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const update = (): void => {
    const { all } = hosts;
    set(contextKeys.hostCount, all.length);
    set(contextKeys.graphCount, all.filter(({ graph }) => graph !== undefined).length);
    set(contextKeys.activeCount, all.filter(isDisconnectable).length);
    set(contextKeys.idleCount, all.filter(isConnectable).length);
  };
  store.add(followHosts(hosts, (host) => host.onDidChangeState(update)));
  // They come with the list of hosts; before, all are undefined.
  store.add(
    hosts.onDidChange(() => {
      update();
      set(contextKeys.ready, true);
    }),
  );
  return store;
};
