/**
 * What the extension and the language server say to each other beside the Language Server Protocol: every message with its
 * type. The only file of the server that the extension imports.
 */
import type { FactsRecord, NamespaceType } from '../../extension/helper/protocol.ts';

export const dialectIds = ['oci', 'compose', 'kubernetes', 'systemd', 'devcontainer', 'shell'] as const;
export type DialectId = (typeof dialectIds)[number];

export const severities = ['error', 'warning', 'information', 'hint'] as const;
export type Severity = (typeof severities)[number];

/** `initializationOptions`, and the notification `linuxNamespaces/settings` when they change: as the person wrote them. */
export interface SettingsMessage {
  readonly off: readonly DialectId[];
  readonly rules: Readonly<Record<string, unknown>>;
  readonly maximum?: unknown;
}
export const settingsMethod = 'linuxNamespaces/settings';

/** What the server understood of them. */
export interface Settings {
  /** Dialects that are switched off. */
  readonly off: readonly DialectId[];
  /** Rule id -> severity, or `off`. */
  readonly rules: Readonly<Record<string, Severity | 'off'>>;
  /** How many findings of a document are wanted. */
  readonly maximum: number;
}

/** The setting of the editor that is `maximum`, and what it is by itself. */
export const maximumSetting = 'linuxNamespaces.language.maxNumberOfProblems';
export const defaultMaximum = 1000;

/** Notification from the extension: the host whose facts count, or null when there is none (any more). */
export const hostMethod = 'linuxNamespaces/host';
export interface HostState {
  readonly name: string;
  readonly facts: FactsRecord;
  /** Every namespace was seen: what is not listed is not there. */
  readonly complete: boolean;
  /** The mounts of the host's own mount namespace were seen: a path that is not listed has no namespace mounted. */
  readonly mountsSeen: boolean;
  /** Those that a path or a workload's name leads to. */
  readonly namespaces: readonly KnownNamespace[];
}

export interface KnownNamespace {
  readonly type: NamespaceType;
  readonly id: number;
  /** As the trees call it. */
  readonly name: string;
  /** Paths in the helper's mount namespace that refer to it. */
  readonly paths: readonly string[];
  /** Pids that are in it, the first few. */
  readonly pids: readonly number[];
  /** How many processes are in it. */
  readonly members: number;
  /** Names and ids of containers and units whose own it is. */
  readonly workloads: readonly string[];
  /** It is the host's own. */
  readonly initial: boolean;
}

/** Commands of the extension that lenses, links and code actions of the server name; each takes one argument. */
export const clientCommands = {
  /** Shows a namespace of the chosen host in the tree: a `ShowArgument`. */
  show: 'linuxNamespaces.language.show',
  /** Creates the namespace that a document names, on the chosen host: a `CreateArgument`. */
  create: 'linuxNamespaces.language.create',
  /** Creates what an OCI configuration describes, on the chosen host: a `DocumentArgument`. */
  createFromDocument: 'linuxNamespaces.language.createFromDocument',
} as const;

export interface ShowArgument {
  readonly type: NamespaceType;
  readonly id: number;
}

export interface CreateArgument {
  readonly type: NamespaceType;
  readonly path: string;
}

/** Under which name it could be made there: the helper gives names in two folders only, that of ip-netns(8) and its own. */
export function creatable({
  type,
  path,
}: CreateArgument): { readonly name: string; readonly by: 'ip-netns' | 'instance' } | undefined {
  const [, instance, of] = /^\/run\/linux-namespaces\/([\w.-]+)\/([a-z]+)$/.exec(path) ?? [];
  if (instance !== undefined) return of === type ? { name: instance, by: 'instance' } : undefined;
  const [, netns] = /^(?:\/var)?\/run\/netns\/([\w.-]+)$/.exec(path) ?? [];
  return netns === undefined || type !== 'net' ? undefined : { name: netns, by: 'ip-netns' };
}

export interface DocumentArgument {
  readonly uri: string;
}
