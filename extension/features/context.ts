import type * as vscode from 'vscode';
import type { Disposable } from '../disposable.ts';
import type { Hosts } from '../host/types.ts';
import type { Log } from '../transport/interaction.ts';
import type { Commands } from './commands.ts';
import type { HostConnector } from './connection/connector.ts';
import type { Documents } from './documents/documents.ts';
import type { FileAccess } from './files/access.ts';
import type { FindingStore } from './live-diagnostics/finding-store.ts';
import type { Preferences } from './preferences.ts';
import type { ReadinessStore } from './readiness/readiness-store.ts';
import type { TreeAccess } from './tree/access.ts';

/** All that a feature may use. Passed, never imported, so that each feature says what it depends on. */
export interface FeatureContext {
  readonly extensionUri: vscode.Uri;
  readonly hosts: Hosts;
  /** The list of hosts has been read. */
  readonly ready: Promise<void>;
  readonly log: Log & { show(): void };
  /** This machine runs Linux, so that it can be listed. */
  readonly local: boolean;
  readonly preferences: Preferences;
  readonly commands: Commands;
  readonly connector: HostConnector;
  readonly tree: TreeAccess;
  readonly documents: Documents;
  readonly readiness: ReadinessStore;
  readonly workspaceState: vscode.Memento;
  readonly findings: FindingStore;
  readonly files: FileAccess & vscode.FileSystemProvider;
}

/** Starts one feature; disposing the result ends it. */
export type Feature = (context: FeatureContext) => Disposable;
