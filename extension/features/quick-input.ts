import type * as vscode from 'vscode';
import { DisposableStore } from '../disposable.ts';

/**
 * Shows a picker or an input box until it is answered; undefined when it was left. `start` makes it, and hands what ends with it
 * to the store.
 *
 * It goes a moment after its answer, so that what is asked next takes its place. If the focus went back to the tree in between,
 * and the tree was read anew just then, the editor would give it to the tree for good (`doRefresh` of VS Code's treeView.ts): the
 * next question would not hear the keyboard.
 */
export function untilAnswered<T>(
  start: (
    store: DisposableStore,
    resolve: (answer: T | undefined) => void,
  ) => Pick<vscode.QuickInput, 'show' | 'dispose' | 'onDidHide'>,
): Promise<T | undefined> {
  const store = new DisposableStore();
  return new Promise<T | undefined>((resolve) => {
    const input = store.add(start(store, resolve));
    // Nothing new where it was answered.
    store.add(input.onDidHide(() => resolve(undefined)));
    input.show();
  }).finally(() => setTimeout(() => store.dispose()));
}
