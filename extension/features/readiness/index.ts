import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import { commands, views } from '../../ids.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { showReport } from '../documents/show-report.ts';
import { hostFileName } from '../host-file-name.ts';
import { connectedHost } from '../hosts/pick-host.ts';
import { offerToOpen, startFolder } from '../save-file.ts';
import type { KnownReadiness } from './readiness-store.ts';

/** What this kernel and this user can do, by real tries: as a document, as a file, and again. The tree has it as rows. */
export const activateReadiness: Feature = (context) => {
  const store = new DisposableStore();
  const register = (
    id: (typeof commands)['showReadiness' | 'exportReadiness' | 'retryReadiness'],
    title: string,
    act: (context: FeatureContext, host: Host, found: KnownReadiness) => Promise<void>,
  ): void => {
    store.add(
      context.commands.register(id, async (argument) => {
        const host = await connectedHost(context, argument, title);
        if (host === undefined) return;
        // Whoever asks wants to know how it is now.
        const renew = (): Promise<KnownReadiness> => context.readiness.renew(host);
        await act(context, host, await vscode.window.withProgress({ location: { viewId: views.hosts } }, renew));
      }),
    );
  };
  register(commands.showReadiness, 'Show Readiness', show);
  register(commands.exportReadiness, 'Export Readiness', write);
  register(commands.retryReadiness, 'Try Readiness Again', async () => {});
  return store;
};

async function show({ documents }: FeatureContext, host: Host, { report }: KnownReadiness): Promise<void> {
  await showReport(documents.report(host, 'readiness', report), { preserveFocus: false });
}

async function write(_: FeatureContext, host: Host, { report }: KnownReadiness): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    title: `Export Readiness of ${host.label}`,
    defaultUri: vscode.Uri.joinPath(startFolder(), hostFileName(`${host.label}-readiness`, host.graph?.time, 'md')),
    filters: { Markdown: ['md'] },
  });
  if (target === undefined) return;
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(report));
  void offerToOpen('The readiness report', target);
}
