import * as vscode from 'vscode';
import { DisposableStore } from '../disposable.ts';
import type { Host } from '../host/types.ts';
import { commands, views } from '../ids.ts';
import { count } from '../model/plain-words.ts';
import type { Feature, FeatureContext } from './context.ts';
import { pickHost } from './hosts/pick-host.ts';

/** Refresh and Refresh (Deep). */
export const activateRefresh: Feature = (context) => {
  const store = new DisposableStore();
  store.add(
    context.commands.register(commands.refresh, async (argument) => {
      const host = context.tree.hostOf(argument);
      // From the view's title it means all that is shown.
      const hosts = host === undefined ? context.hosts.all.filter(isConnected) : [host];
      if (hosts.length === 0) {
        void vscode.window.showInformationMessage('No host is connected.');
        return;
      }
      await Promise.all(hosts.map((each) => refresh(context, each, false)));
    }),
  );
  store.add(
    context.commands.register(commands.refreshDeep, async (argument) => {
      const host =
        context.tree.hostOf(argument) ??
        (await pickHost(context, { title: 'Refresh (Deep)', suits: isConnected, none: 'No host is connected.' }));
      if (host !== undefined) await refresh(context, host, true);
    }),
  );
  return store;
};

function isConnected(host: Host): boolean {
  return host.state.kind === 'connected';
}

async function refresh(context: FeatureContext, host: Host, deep: boolean): Promise<void> {
  const options: vscode.ProgressOptions = context.tree.visible
    ? { location: { viewId: views.hosts } }
    : { location: vscode.ProgressLocation.Notification, title: `Refreshing ${host.label}`, cancellable: true };
  await vscode.window.withProgress(options, async (_progress, token) => {
    const abort = new AbortController();
    const subscription = token.onCancellationRequested(() => abort.abort());
    try {
      const end = await host.refresh({ deep, signal: abort.signal });
      context.log.info(
        `${host.label}: ${deep ? 'deep scan' : 'scan'} of ${count(end.processes ?? 0, 'process', 'processes')} and ` +
          `${count(end.namespaces ?? 0, 'namespace')} in ${end.milliseconds ?? 0} ms`,
      );
    } finally {
      subscription.dispose();
    }
  });
}
