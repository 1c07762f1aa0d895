import type { ReadinessRow } from '../../../explain/readiness-report.ts';
import { displayText } from '../../../model/text.ts';
import type { ItemSpec } from './spec.ts';

export const readinessItem: ItemSpec = {
  label: 'Readiness',
  description: 'what can be created here',
  icon: { kind: 'codicon', id: 'checklist' },
  context: ['readiness'],
  accessibleLabel: 'Readiness: what can be created on this host, by real tries',
  folding: 'closed',
  stale: false,
};

export const readinessTooltip =
  'What this kernel and this user can create, and if not, why. Unfolding it tries each type once, in a process that is thrown away.';

const icons: Readonly<Record<ReadinessRow['state'], { readonly id: string; readonly color: string }>> = {
  yes: { id: 'pass', color: 'testing.iconPassed' },
  partly: { id: 'warning', color: 'list.warningForeground' },
  no: { id: 'error', color: 'testing.iconFailed' },
  unknown: { id: 'question', color: 'testing.iconUnset' },
};

export function abilityItem({ label, description, state }: ReadinessRow): ItemSpec {
  return {
    label,
    description,
    icon: { kind: 'codicon', ...icons[state] },
    context: ['ability'],
    accessibleLabel: `${label}: ${description.replace(/^[✓✗?] /, '')}`,
    folding: 'none',
    stale: false,
  };
}

/** Stands for all of them where the tries came to no end. */
export function notTried(error: unknown): ReadinessRow {
  const message = displayText(error instanceof Error ? error.message : String(error), 300);
  return { id: 'error', label: 'Not tried', description: message, state: 'unknown', details: [message] };
}
