import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { commands, contextKeys } from '../../ids.ts';
import { noFilter, passesAll } from '../../model/filter-options.ts';
import type { Feature } from '../context.ts';
import { onDemand } from '../on-demand.ts';
import { filterWords } from './words.ts';

/** Filter by text while typing, by type, and without the host's own. */
export const activateFilter: Feature = (context) => {
  const { preferences, tree, ready } = context;
  const store = new DisposableStore();
  const update = (): void => {
    const { filter } = preferences;
    tree.message = filterWords(filter);
    void vscode.commands.executeCommand('setContext', contextKeys.filtered, !passesAll(filter));
    void vscode.commands.executeCommand('setContext', contextKeys.initialHidden, filter.hideInitial);
  };
  const hideInitial = (hide: boolean): void => preferences.setFilter({ ...preferences.filter, hideInitial: hide });
  store.add(preferences.onDidChange(update));
  store.add(activateAsking(context));
  store.add(context.commands.register(commands.hideInitial, () => hideInitial(true)));
  store.add(context.commands.register(commands.showInitial, () => hideInitial(false)));
  store.add(context.commands.register(commands.clearFilter, () => preferences.setFilter(noFilter)));
  // The view has no rows before either.
  void ready.then(update);
  return store;
};

const activateAsking = onDemand(
  [commands.filter, commands.filterByType],
  async () => (await import('./ask.ts')).activateAsking,
);
