import type { SocketRow } from '../../../model/sockets.ts';
import { joined, type ItemSpec } from './spec.ts';

export function listeningItem(stale: boolean): ItemSpec {
  return {
    label: 'Listening',
    icon: { kind: 'codicon', id: 'radio-tower' },
    context: ['listening'],
    accessibleLabel: 'Listening: the sockets of this net namespace that wait for connections',
    folding: 'closed',
    stale,
  };
}

export const listeningTooltip =
  'The sockets of this net namespace that wait for connections or datagrams, as the kernel lists them (sock_diag). They are asked for when the row is unfolded.';

export function socketItem({ label, owner, place, note }: SocketRow, stale: boolean): ItemSpec {
  return {
    label,
    ...(owner === '' ? {} : { description: owner }),
    icon: { kind: 'codicon', id: note === true ? 'info' : 'plug' },
    context: place === undefined ? ['socket'] : ['socket', 'forwardable'],
    accessibleLabel: joined([label, owner], ', '),
    folding: 'none',
    stale,
  };
}

export function socketTooltip({ label, owner, details }: SocketRow): string {
  return [joined([label, owner], '\n'), ...details].join('\n\n');
}
