import type { Event } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import type { SocketRow } from '../../model/sockets.ts';
import type { NamespaceKey } from '../../model/types.ts';
import type { Target } from '../targets.ts';

/** A net namespace, or one of its listening sockets. */
export interface ListeningTarget {
  readonly host: Host;
  readonly key: NamespaceKey;
  readonly row: SocketRow | undefined;
}

/** What other features see of the Hosts view. */
export interface TreeAccess {
  readonly visible: boolean;
  readonly onDidChangeVisibility: Event<boolean>;
  /** A host's row was unfolded. */
  readonly onDidUnfoldHost: Event<Host>;
  /** A line above the rows. */
  message: string | undefined;
  /** The host that the first selected row belongs to. */
  readonly selectedHost: Host | undefined;
  readonly selection: readonly Target[];
  /** The host that a command's argument, a row of the tree, belongs to; undefined for anything else. */
  hostOf(argument: unknown): Host | undefined;
  /** What rows stand for; rows that stand for nothing are left out. */
  targetsOf(argument: unknown, selected?: unknown): readonly Target[];
  /** The listening socket, or the place for them, that a row stands for. */
  listeningOf(argument: unknown): ListeningTarget | undefined;
  /** Asks anew for what listens in a net namespace, wherever that is shown. */
  refreshListening(target: ListeningTarget): void;
  /** Shows the view, opens what is above the target, and selects it. Lifts no filter: false when it is not in the tree. */
  reveal(target: Target): Promise<boolean>;
  /** Opens the view and gives it the focus. */
  show(): Promise<void>;
  /** Asks for the next part of a long list; the argument is its "Show More" row. */
  showMore(argument: unknown): void;
}
