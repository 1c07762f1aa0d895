import type { NamespaceType } from '../../../helper/protocol.ts';
import type { CommandId } from '../../../ids.ts';
import type { Severity } from '../../../../server/language/protocol.ts';

export type ItemIcon =
  /** One of ours, in `media/icons`. */
  | { readonly kind: 'namespace'; readonly type: NamespaceType }
  /** A codicon and the id of a colour of the theme. */
  | { readonly kind: 'codicon'; readonly id: string; readonly color?: string };

/** All that a row shows, as data. */
export interface ItemSpec {
  readonly label: string;
  readonly description?: string;
  readonly icon: ItemIcon;
  /** Words for the `when` clauses of menus, separated by blanks. */
  readonly context: readonly string[];
  /** What a screen reader says: the whole of the row's meaning, its state in words. */
  readonly accessibleLabel: string;
  readonly folding: 'none' | 'closed' | 'open';
  /** Run when the row is chosen by click or Enter. */
  readonly command?: { readonly id: CommandId; readonly title: string };
  /** Shown dimmed: it is what was last known. */
  readonly stale: boolean;
  /** The gravest of what was found about it, and how much was: `2 warnings`. */
  readonly problems?: { readonly severity: Severity; readonly words: string };
}

/** Parts of a description, or of what is read aloud; those that are undefined or empty are left out. */
export function joined(parts: readonly (string | undefined)[], separator: string): string {
  return parts.filter((part) => part !== undefined && part !== '').join(separator);
}
