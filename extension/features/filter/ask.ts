import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { namespaceTypes } from '../../helper/protocol.ts';
import { commands } from '../../ids.ts';
import { typeNames } from '../../model/plain-words.ts';
import { coalesce } from '../coalesce.ts';
import type { Feature, FeatureContext } from '../context.ts';

/** Milliseconds after a keystroke before the trees follow. */
const typing = 120;

export const activateAsking: Feature = (context) => {
  const store = new DisposableStore();
  store.add(context.commands.register(commands.filter, () => askText(context)));
  store.add(context.commands.register(commands.filterByType, () => askTypes(context)));
  return store;
};

/** The trees follow what is typed; Escape brings the former text back. */
async function askText({ preferences, tree }: FeatureContext): Promise<void> {
  // First, because the focus of the view would close the box.
  if (!tree.visible) await tree.show();
  await new Promise<void>((resolve) => {
    const store = new DisposableStore();
    const before = preferences.filter.text;
    let accepted = false;
    const box = store.add(vscode.window.createInputBox());
    const apply = (): void => preferences.setFilter({ ...preferences.filter, text: box.value.trim() });
    const later = store.add(coalesce(apply, typing));
    box.title = 'Filter Namespaces';
    box.placeholder = 'Name, id, pid, command, user or path';
    box.prompt =
      'Every word must be found in a namespace or in one of its processes. Enter keeps the filter, Escape brings the former one back.';
    // People look at the tree, and click there, while they type.
    box.ignoreFocusOut = true;
    box.value = before;
    box.valueSelection = [0, before.length];
    store.add(box.onDidChangeValue(() => later.run()));
    store.add(
      box.onDidAccept(() => {
        accepted = true;
        apply();
        box.hide();
      }),
    );
    store.add(
      box.onDidHide(() => {
        store.dispose();
        if (!accepted) preferences.setFilter({ ...preferences.filter, text: before });
        resolve();
      }),
    );
    box.show();
  });
}

async function askTypes({ preferences }: FeatureContext): Promise<void> {
  const { types } = preferences.filter;
  const choices = await vscode.window.showQuickPick(
    namespaceTypes.map((type) => ({
      label: typeNames[type],
      description: type,
      picked: types === undefined || types.has(type),
      type,
    })),
    {
      title: 'Filter by Type',
      placeHolder: 'Choose the types of namespaces to show',
      canPickMany: true,
      matchOnDescription: true,
    },
  );
  if (choices === undefined) return;
  const chosen = new Set(choices.map(({ type }) => type));
  // To show none at all is never what is meant.
  const all = chosen.size === 0 || chosen.size === namespaceTypes.length;
  preferences.setFilter({ ...preferences.filter, types: all ? undefined : chosen });
}
