/** Rows of the mounts of a namespace. Pure. */
import { mountTree, propagationWords } from '../../../files/mounts.ts';
import type { Mount, MountNode } from '../../../files/mounts.ts';
import { displayText } from '../../../model/text.ts';
import { joined } from '../items/spec.ts';
import type { ItemSpec } from '../items/spec.ts';

export interface MountRow {
  /** Unique among the rows of one namespace. */
  readonly id: string;
  readonly item: ItemSpec;
  /** In paragraphs. */
  readonly tooltip: string;
  readonly children: readonly MountRow[];
}

export const mountsItem: ItemSpec = {
  label: 'Mounts',
  description: 'what is mounted where',
  icon: { kind: 'codicon', id: 'list-tree' },
  context: ['mounts'],
  accessibleLabel: 'Mounts of this namespace',
  folding: 'closed',
  stale: false,
};

export const mountsTooltip =
  'As the root of its leading process sees them. Read from the kernel when unfolded, and again when something is mounted or unmounted.';

export function mountRows(mounts: readonly Mount[]): readonly MountRow[] {
  return mountTree(mounts).map(rowOf);
}

function rowOf({ mount, hiddenBy, children }: MountNode): MountRow {
  const label = displayText(mount.point, 200);
  const hidden = hiddenBy === undefined ? undefined : 'hidden';
  const readOnly = mount.options.split(',').includes('ro');
  const propagation = propagationWords(mount.propagation);
  const source = displayText(mount.source, 80);
  const parts = [hidden, displayText(mount.type), source === mount.type ? undefined : source];
  const words = [...parts, displayText(mount.options, 200), propagation === 'private' ? undefined : propagation];
  return {
    id: String(mount.id),
    item: {
      label,
      description: joined(words, ' · '),
      icon: { kind: 'codicon', id: hiddenBy ? 'eye-closed' : readOnly ? 'lock' : 'folder' },
      context: ['mount'],
      accessibleLabel: joined([label, ...parts, readOnly ? 'read-only' : undefined, propagation], ', '),
      folding: children.length === 0 ? 'none' : mount.point === '/' ? 'open' : 'closed',
      stale: false,
    },
    tooltip: tooltipOf(mount, hiddenBy, propagation),
    children: children.map(rowOf),
  };
}

function tooltipOf(mount: Mount, hiddenBy: Mount | undefined, propagation: string): string {
  const lines = [
    `Mount ${mount.id}, on mount ${mount.parent}`,
    `Type ${mount.type}, source ${mount.source}, device ${mount.device}`,
    `Root within the file system: ${mount.root}`,
    `Options of the mount: ${mount.options}`,
    `Options of the file system: ${mount.superOptions}`,
    `Propagation: ${propagation}`,
  ].map((line) => displayText(line, 1000));
  const hidden =
    hiddenBy === undefined
      ? undefined
      : hiddenBy.point === mount.point
        ? `Hidden: mount ${hiddenBy.id} (${displayText(hiddenBy.type)}) is what is found at this mount point.`
        : `Hidden: its mount point lies beneath ${displayText(hiddenBy.point, 200)}, where mount ${hiddenBy.id} (${displayText(hiddenBy.type)}) is.`;
  return joined([lines.join('\n'), hidden], '\n\n');
}

/** Stands for all of them where they cannot be read. */
export function notRead(error: unknown): MountRow {
  const message = displayText(error instanceof Error ? error.message : String(error), 400);
  return {
    id: 'error',
    item: {
      label: 'Cannot be read',
      description: message,
      icon: { kind: 'codicon', id: 'error' },
      context: ['note'],
      accessibleLabel: `Mounts cannot be read: ${message}`,
      folding: 'none',
      stale: false,
    },
    tooltip: message,
    children: [],
  };
}
