import type { ReadinessRow } from '../../explain/readiness-report.ts';
import type { Host } from '../../host/types.ts';
import type { NamespaceRef, NodeRef } from '../../model/node-ref.ts';
import type { SocketRow } from '../../model/sockets.ts';
import type { MountRow } from './mounts/mount-rows.ts';

/** A row that is not in the graph: it says something about the host or its tree. */
export type Note =
  /** Not connected, being connected, lost or failed, and why. */
  | 'state'
  /** Some processes cannot be seen. */
  | 'partial'
  /** Nothing passes the filter. */
  | 'nothing';

export type RowRef =
  | NodeRef
  | { readonly kind: 'note'; readonly note: Note }
  /** Kept instances. */
  | { readonly kind: 'instances' }
  /** What the host and this user can do; below it a row for each thing, once somebody has unfolded it. */
  | { readonly kind: 'readiness' }
  | { readonly kind: 'ability'; readonly row: ReadinessRow }
  /** Of a mount namespace; below it a row for each mount, once somebody has unfolded it. */
  | { readonly kind: 'mounts'; readonly of: NamespaceRef }
  | { readonly kind: 'mount'; readonly of: NamespaceRef; readonly row: MountRow }
  /** Of a net namespace: what listens in it, asked for when somebody unfolds it. */
  | { readonly kind: 'listening'; readonly of: NamespaceRef }
  | { readonly kind: 'socket'; readonly of: NamespaceRef; readonly row: SocketRow };

/** A row of the Hosts view. VS Code tells rows apart by object, so there is one for each `id` as long as the row is there. */
export class TreeElement {
  /** Unique in the view. */
  readonly id: string;
  readonly host: Host;
  /** `root` is the host's own row. What it says can change: how much a "Show More" row leaves out. */
  ref: RowRef;

  constructor(id: string, host: Host, ref: RowRef) {
    this.id = id;
    this.host = host;
    this.ref = ref;
  }
}
