/**
 * Every name under which the extension is known to VS Code. package.json must contain exactly these; a test compares them.
 */

import type { clientCommands } from '../server/language/protocol.ts';

/** Scheme of files of namespaces: `linux-namespaces://HOST/TARGET/path`. */
export const fileScheme = 'linux-namespaces';

/** Scheme of every other document and resource of ours, since a scheme that has files can have nothing else. */
export const scheme = 'linux-namespaces-view';

/** Type of debug sessions. */
export const debugType = 'linux-namespaces';

export const commands = {
  addHost: 'linuxNamespaces.addHost',
  removeHost: 'linuxNamespaces.removeHost',
  manageHosts: 'linuxNamespaces.manageHosts',
  connect: 'linuxNamespaces.connect',
  reconnect: 'linuxNamespaces.reconnect',
  cancelConnect: 'linuxNamespaces.cancelConnect',
  disconnect: 'linuxNamespaces.disconnect',
  enableSudo: 'linuxNamespaces.enableSudo',
  disableSudo: 'linuxNamespaces.disableSudo',
  refresh: 'linuxNamespaces.refresh',
  refreshDeep: 'linuxNamespaces.refreshDeep',
  groupBy: 'linuxNamespaces.groupBy',
  filter: 'linuxNamespaces.filter',
  filterByType: 'linuxNamespaces.filterByType',
  hideInitial: 'linuxNamespaces.hideInitial',
  showInitial: 'linuxNamespaces.showInitial',
  clearFilter: 'linuxNamespaces.clearFilter',
  goToNamespace: 'linuxNamespaces.goToNamespace',
  showMore: 'linuxNamespaces.showMore',
  createNamespaces: 'linuxNamespaces.createNamespaces',
  newInstance: 'linuxNamespaces.newInstance',
  createFromBundle: 'linuxNamespaces.createFromBundle',
  findLeaks: 'linuxNamespaces.findLeaks',
  showProblems: 'linuxNamespaces.showProblems',
  enter: 'linuxNamespaces.enter',
  runCommand: 'linuxNamespaces.runCommand',
  debugIn: 'linuxNamespaces.debugIn',
  attachDebugger: 'linuxNamespaces.attachDebugger',
  pickTarget: 'linuxNamespaces.pickTarget',
  pickProcess: 'linuxNamespaces.pickProcess',
  keep: 'linuxNamespaces.keep',
  stopKeeping: 'linuxNamespaces.stopKeeping',
  rename: 'linuxNamespaces.rename',
  end: 'linuxNamespaces.end',
  showReadiness: 'linuxNamespaces.showReadiness',
  exportReadiness: 'linuxNamespaces.exportReadiness',
  retryReadiness: 'linuxNamespaces.retryReadiness',
  showDetails: 'linuxNamespaces.showDetails',
  compare: 'linuxNamespaces.compare',
  compareSelected: 'linuxNamespaces.compareSelected',
  compareWith: 'linuxNamespaces.compareWith',
  openFolder: 'linuxNamespaces.openFolder',
  upload: 'linuxNamespaces.upload',
  download: 'linuxNamespaces.download',
  compareFile: 'linuxNamespaces.compareFile',
  copyId: 'linuxNamespaces.copyId',
  copyPath: 'linuxNamespaces.copyPath',
  copyNsenterCommand: 'linuxNamespaces.copyNsenterCommand',
  exportSnapshot: 'linuxNamespaces.exportSnapshot',
  chooseLanguageHost: 'linuxNamespaces.chooseLanguageHost',
  forwardPort: 'linuxNamespaces.forwardPort',
  reversePort: 'linuxNamespaces.reversePort',
  refreshListening: 'linuxNamespaces.refreshListening',
  openForward: 'linuxNamespaces.openForward',
  copyForward: 'linuxNamespaces.copyForward',
  changeForward: 'linuxNamespaces.changeForward',
  keepForward: 'linuxNamespaces.keepForward',
  forgetForward: 'linuxNamespaces.forgetForward',
  stopForward: 'linuxNamespaces.stopForward',
  showLog: 'linuxNamespaces.showLog',
} as const;

/** Those of package.json, and those that only what the language server says can lead to. */
export type CommandId = (typeof commands)[keyof typeof commands] | (typeof clientCommands)[keyof typeof clientCommands];

export const viewContainers = { namespaces: 'linuxNamespaces' } as const;

export const views = { hosts: 'linuxNamespaces.hosts', forwards: 'linuxNamespaces.forwards' } as const;

export const walkthroughs = { start: 'linuxNamespaces.start' } as const;

/** Keys for `when` clauses. All are undefined until the extension has been activated. */
export const contextKeys = {
  /** The extension is active, so the other keys are set. */
  ready: 'linuxNamespaces.ready',
  hostCount: 'linuxNamespaces.hostCount',
  /** Hosts whose namespaces can be shown, fresh or stale. */
  graphCount: 'linuxNamespaces.graphCount',
  /** Hosts that are connected, being connected or about to be reconnected. */
  activeCount: 'linuxNamespaces.activeCount',
  /** Hosts that can be connected. */
  idleCount: 'linuxNamespaces.idleCount',
  filtered: 'linuxNamespaces.filtered',
  initialHidden: 'linuxNamespaces.initialHidden',
  forwardCount: 'linuxNamespaces.forwardCount',
} as const;

export type ContextKey = (typeof contextKeys)[keyof typeof contextKeys];

/** Settings of how files are judged, which a trusted workspace may set. */
export const languageSettings = {
  dialects: 'linuxNamespaces.language.dialects',
  rules: 'linuxNamespaces.language.rules',
  maximum: 'linuxNamespaces.language.maxNumberOfProblems',
} as const;

/** Settings; all of scope `application`, so that no workspace can set them. */
export const settings = {
  /** SSH hosts of the tree, and this machine's `sudo`: `host/settings-format.ts` reads and writes it. */
  hosts: 'linuxNamespaces.hosts',
  showThisMachine: 'linuxNamespaces.showThisMachine',
  connectThisMachine: 'linuxNamespaces.connectThisMachine',
  groupBy: 'linuxNamespaces.groupBy',
  /** Forwards that are kept: `features/ports/kept.ts` reads and writes it. */
  forwards: 'linuxNamespaces.forwards',
} as const;

export type SettingId = (typeof settings)[keyof typeof settings];

/** The item in the status bar and the log in the output panel. */
export const statusBarItem = 'linuxNamespaces.status';
export const logName = 'Linux Namespaces';
