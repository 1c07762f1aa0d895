import type * as vscode from 'vscode';
import { DisposableStore } from './disposable.ts';
import { CommandRegistry } from './features/commands.ts';
import { HostConnector } from './features/connection/connector.ts';
import { activateConnection } from './features/connection/index.ts';
import { activateContextKeys } from './features/context-keys.ts';
import type { Feature, FeatureContext } from './features/context.ts';
import { activateDebug } from './features/debug/index.ts';
import { Documents } from './features/documents/documents.ts';
import { activateFiles, FilesOnDemand } from './features/files/index.ts';
import { activateFilter } from './features/filter/index.ts';
import { activateLanguage } from './features/language/index.ts';
import { FindingStore } from './features/live-diagnostics/finding-store.ts';
import { activateLiveDiagnostics } from './features/live-diagnostics/index.ts';
import { onDemand } from './features/on-demand.ts';
import { activatePorts } from './features/ports/index.ts';
import { Preferences } from './features/preferences.ts';
import { ReadinessStore } from './features/readiness/readiness-store.ts';
import { activateLog } from './features/show-log.ts';
import { activateStatusBar } from './features/status-bar/index.ts';
import { HostsView } from './features/tree/hosts-view.ts';
import { activateTree } from './features/tree/index.ts';
import { createHosts } from './host/create.ts';
import { ChannelLog } from './host/log.ts';
import { commands } from './ids.ts';

/** What the product does. */
const features: readonly Feature[] = [
  activateTree,
  activateFilter,
  activateConnection,
  onDemand(
    [commands.refresh, commands.refreshDeep],
    async () => (await import('./features/refresh.ts')).activateRefresh,
  ),
  activateStatusBar,
  activateLog,
  activateContextKeys,
  activateLanguage,
  activateFiles,
  activateDebug,
  onDemand([commands.groupBy], async () => (await import('./features/grouping.ts')).activateGrouping),
  onDemand(
    [commands.addHost, commands.removeHost, commands.manageHosts, commands.enableSudo, commands.disableSudo],
    async () => (await import('./features/hosts/index.ts')).activateHosts,
  ),
  onDemand([commands.goToNamespace], async () => (await import('./features/go-to-namespace.ts')).activateGoToNamespace),
  onDemand(
    [commands.createNamespaces, commands.newInstance],
    async () => (await import('./features/create/index.ts')).activateCreate,
  ),
  onDemand(
    [commands.enter, commands.runCommand],
    async () => (await import('./features/enter/index.ts')).activateEnter,
  ),
  onDemand([commands.createFromBundle], async () => (await import('./features/bundle/index.ts')).activateBundle),
  onDemand([commands.findLeaks], async () => (await import('./features/leaks/index.ts')).activateLeaks),
  activatePorts,
  activateLiveDiagnostics,
  onDemand([commands.keep, commands.stopKeeping], async () => (await import('./features/keep/index.ts')).activateKeep),
  onDemand([commands.rename], async () => (await import('./features/rename.ts')).activateRename),
  onDemand([commands.end], async () => (await import('./features/end.ts')).activateEnd),
  onDemand(
    [commands.showReadiness, commands.exportReadiness, commands.retryReadiness],
    async () => (await import('./features/readiness/index.ts')).activateReadiness,
  ),
  onDemand([commands.showDetails], async () => (await import('./features/show-details.ts')).activateShowDetails),
  onDemand(
    [commands.compare, commands.compareSelected, commands.compareWith],
    async () => (await import('./features/compare/index.ts')).activateCompare,
  ),
  onDemand(
    [commands.copyId, commands.copyPath, commands.copyNsenterCommand],
    async () => (await import('./features/copy.ts')).activateCopy,
  ),
  onDemand(
    [commands.exportSnapshot],
    async () => (await import('./features/export-snapshot.ts')).activateExportSnapshot,
  ),
];

export function activate(extension: vscode.ExtensionContext): void {
  const store = new DisposableStore();
  extension.subscriptions.push(store);
  const { extensionUri, workspaceState } = extension;
  const log = store.add(new ChannelLog());
  const { hosts, disposable } = createHosts(extension, log);
  store.add(disposable);
  const ready = new Promise<void>((resolve) => {
    const loading = setImmediate(() => {
      log.open();
      hosts.load();
      resolve();
    });
    store.add({ dispose: () => clearImmediate(loading) });
  });
  const preferences = store.add(new Preferences(extension.globalState));
  const readiness = store.add(new ReadinessStore(hosts));
  const findings = store.add(new FindingStore());
  const files = store.add(new FilesOnDemand({ hosts, ready, log, connector: () => context.connector }));
  const tree = store.add(new HostsView({ hosts, ready, preferences, readiness, findings, extensionUri, files }));
  const context: FeatureContext = {
    extensionUri,
    hosts,
    ready,
    log,
    local: process.platform === 'linux',
    preferences,
    commands: new CommandRegistry(log, ready),
    connector: new HostConnector({ hosts, log, treeVisible: () => tree.visible }),
    tree,
    documents: store.add(new Documents(hosts)),
    readiness,
    workspaceState,
    findings,
    files,
  };
  for (const activateFeature of features) store.add(activateFeature(context));
}
