import * as vscode from 'vscode';
import { DisposableStore } from './disposable.ts';
import { activateBundle } from './features/bundle/index.ts';
import { CommandRegistry } from './features/commands.ts';
import { activateCompare } from './features/compare/index.ts';
import { HostConnector } from './features/connection/connector.ts';
import { activateConnection } from './features/connection/index.ts';
import { activateContextKeys } from './features/context-keys.ts';
import type { Feature, FeatureContext } from './features/context.ts';
import { activateCopy } from './features/copy.ts';
import { Documents } from './features/documents/documents.ts';
import { activateExportSnapshot } from './features/export-snapshot.ts';
import { activateFilter } from './features/filter/index.ts';
import { activateGoToNamespace } from './features/go-to-namespace.ts';
import { activateGrouping } from './features/grouping.ts';
import { activateHosts } from './features/hosts/index.ts';
import { activateEnd } from './features/end.ts';
import { activateEnter } from './features/enter/index.ts';
import { activateCreate } from './features/create/index.ts';
import { activateReadiness } from './features/readiness/index.ts';
import { activateLeaks } from './features/leaks/index.ts';
import { Preferences } from './features/preferences.ts';
import { activateRefresh } from './features/refresh.ts';
import { activateShowDetails } from './features/show-details.ts';
import { activateLog } from './features/show-log.ts';
import { activateStatusBar } from './features/status-bar/index.ts';
import { HostsView } from './features/tree/hosts-view.ts';
import { activateTree } from './features/tree/index.ts';
import { createHosts } from './host/create.ts';
import { ChannelLog } from './host/log.ts';
import { logName } from './ids.ts';

/** What the product does. */
const features: readonly Feature[] = [
  activateTree,
  activateFilter,
  activateGrouping,
  activateConnection,
  activateHosts,
  activateRefresh,
  activateGoToNamespace,
  activateCreate,
  activateBundle,
  activateEnter,
  activateEnd,
  activateLeaks,
  activateReadiness,
  activateShowDetails,
  activateCompare,
  activateCopy,
  activateExportSnapshot,
  activateStatusBar,
  activateLog,
  activateContextKeys,
];

export function activate(extension: vscode.ExtensionContext): void {
  const store = new DisposableStore();
  extension.subscriptions.push(store);
  const { extensionUri } = extension;
  const log = new ChannelLog(store.add(vscode.window.createOutputChannel(logName, { log: true })));
  const { hosts, disposable } = createHosts(extension, log);
  store.add(disposable);
  const preferences = store.add(new Preferences(extension.globalState));
  const tree = store.add(new HostsView({ hosts, preferences, extensionUri }));
  const context: FeatureContext = {
    extensionUri,
    hosts,
    log,
    local: process.platform === 'linux',
    preferences,
    commands: new CommandRegistry(log),
    connector: new HostConnector({ hosts, log, treeVisible: () => tree.visible }),
    tree,
    documents: store.add(new Documents(hosts)),
  };
  for (const activateFeature of features) store.add(activateFeature(context));
}
