import type * as vscode from 'vscode';
import { DisposableStore } from '../disposable.ts';

/**
 * Shows a picker or an input box until it is answered; undefined when it was left. `start` makes it, and hands what ends with it
 * to the store.
 */
export function untilAnswered<T>(
  start: (store: DisposableStore, resolve: (answer: T | undefined) => void) => vscode.QuickInput,
): Promise<T | undefined> {
  const store = new DisposableStore();
  return new Promise<T | undefined>((resolve) => {
    const input = store.add(start(store, resolve));
    // Nothing new where it was answered.
    store.add(input.onDidHide(() => resolve(undefined)));
    input.show();
  }).finally(() => store.dispose());
}
