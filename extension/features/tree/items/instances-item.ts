import { count, figure } from '../../../model/plain-words.ts';
import type { ItemSpec } from './spec.ts';

export function instancesItem(size: number, stale: boolean): ItemSpec {
  return {
    label: 'Instances',
    description: figure(size),
    icon: { kind: 'codicon', id: 'layers' },
    context: ['group'],
    accessibleLabel: `Instances, ${count(size, 'instance')}`,
    folding: 'open',
    stale,
  };
}

export const instancesTooltip =
  'Separate user-space instances that are kept under a name. They outlive the connection, until they are ended.';
