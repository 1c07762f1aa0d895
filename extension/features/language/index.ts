import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { commands } from '../../ids.ts';
import type { Feature } from '../context.ts';
import { concerns } from './documents.ts';
import type { LanguageFeature } from './language.ts';

/** Diagnostics of files that declare namespaces. The server is started for the first such file, not before. */
export const activateLanguage: Feature = (context) => {
  const store = new DisposableStore();
  const looking = store.add(new DisposableStore());
  let starting: Promise<LanguageFeature> | undefined;
  const start = async (): Promise<LanguageFeature> => {
    looking.dispose();
    const { LanguageFeature } = await import('./language.ts');
    return store.add(await LanguageFeature.start(context));
  };
  const startOnce = async (): Promise<LanguageFeature> => (starting ??= start());
  const look = (document: vscode.TextDocument): void => {
    if (starting !== undefined || !concerns(document)) return;
    startOnce().catch((error: unknown) => context.log.error(`Language server: ${String(error)}`));
  };
  store.add(context.commands.register(commands.chooseLanguageHost, async () => (await startOnce()).chooseHost()));
  looking.add(vscode.workspace.onDidOpenTextDocument(look));
  looking.add(vscode.workspace.onDidChangeTextDocument(({ document }) => look(document)));
  // Not while VS Code waits for the activation.
  const first = setImmediate(() => vscode.workspace.textDocuments.forEach(look));
  looking.add({ dispose: () => clearImmediate(first) });
  return store;
};
