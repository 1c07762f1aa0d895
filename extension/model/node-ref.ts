/** What the rows of a tree stand for: small values without state, told apart by a text that stays the same. */
import type { Holder, NamespaceType } from '../helper/protocol.ts';
import type { NamespaceKey } from './types.ts';

export type Grouping = 'type' | 'owner' | 'workload';

/**
 * In which list a namespace is shown. One that several workloads share is shown under each; and one that moves from a list to
 * another is another row, since an editor refuses one row in two lists and asks for lists one after the other.
 */
export type Place = 'type' | 'host' | 'unused' | `owner:${NamespaceKey | 'root' | 'unowned'}` | `workload:${string}`;

export interface NamespaceRef {
  readonly kind: 'namespace';
  readonly key: NamespaceKey;
  readonly under: Place;
}

export type ListRef =
  /** The whole of one graph. */
  | { readonly kind: 'root' }
  /** By type. */
  | { readonly kind: 'type'; readonly type: NamespaceType }
  /** By owner: namespaces whose owner the host does not tell. */
  | { readonly kind: 'unowned' }
  /** By workload: the host's own. */
  | { readonly kind: 'host' }
  /** By workload: namespaces without processes. */
  | { readonly kind: 'unused' }
  | { readonly kind: 'workload'; readonly id: string }
  | NamespaceRef
  /** By owner: the processes of a user or pid namespace, apart from the namespaces below it. */
  | { readonly kind: 'members'; readonly of: NamespaceRef };

export type NodeRef =
  | ListRef
  | { readonly kind: 'process'; readonly pid: number; readonly start: number; readonly of: NamespaceRef }
  /** A process, file or mount that keeps a namespace; the first of several of the same kind and process. */
  | { readonly kind: 'holder'; readonly holder: Holder; readonly of: NamespaceRef }
  /** Stands for the rest of a list of which `shown` items are shown. */
  | { readonly kind: 'more'; readonly of: ListRef; readonly shown: number; readonly total: number };

/** The same for the same row as long as it is there, whatever changes in it. Unique within one host and grouping. */
export function idOf(ref: NodeRef): string {
  switch (ref.kind) {
    case 'root':
    case 'unowned':
    case 'host':
    case 'unused':
      return ref.kind;
    case 'type':
      return `type/${ref.type}`;
    case 'workload':
      return `workload/${ref.id}`;
    case 'namespace':
      return `${ref.under}/${ref.key}`;
    case 'members':
      return `${idOf(ref.of)}/members`;
    case 'process':
      return `${idOf(ref.of)}/${ref.pid}.${ref.start}`;
    case 'holder':
      return `${idOf(ref.of)}/${holderId(ref.holder)}`;
    case 'more':
      return `${idOf(ref.of)}/more`;
    default:
      return unknownRef(ref);
  }
}

function unknownRef(ref: never): never {
  throw new TypeError(`no such row: ${JSON.stringify(ref)}`);
}

function holderId(holder: Holder): string {
  switch (holder.by) {
    case 'mount':
      return `mount.${holder.mntns}.${holder.path}`;
    // Folded: one row for each process.
    case 'task':
    case 'fd':
    case 'socket':
    case 'process':
    case 'for_children':
      return `${holder.by}.${holder.pid}`;
    case 'child':
      return 'child';
    default:
      return unknownRef(holder);
  }
}
