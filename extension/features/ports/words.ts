/** What a row of the Forwards view says. Free of `vscode`. */
import { endpoint, placeName } from '../../model/sockets.ts';
import { figure } from '../../model/plain-words.ts';
import type { Traffic } from './forward.ts';
import type { Item } from './forwards.ts';
import { isExposed } from './kept.ts';

export function nameOf({ local, place, reverse }: Item): string {
  return `${endpoint(local.host, local.port)} ${reverse ? '←' : '→'} ${placeName(place)}`;
}

const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Of a thousand each, as ls(1) has them with `--si`. */
export function amount(bytes: number): string {
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const scaled = bytes / 1000 ** step;
  return `${scaled < 10 && step > 0 ? scaled.toFixed(1) : Math.floor(scaled)} ${units[step] ?? 'bytes'}`;
}

export function trafficWords({ open, total, sent, received }: Traffic): string {
  return `${figure(open)} open of ${figure(total)}, ${amount(sent)} sent, ${amount(received)} received`;
}

/** Why nothing gets through at present; undefined when it does, or nothing has tried. */
export function troubleOf({ host, forward }: Item): string | undefined {
  if (host.session === undefined) return 'not connected';
  return forward.state.kind === 'failed' ? forward.state.error.message : forward.lastError?.message;
}

export function tooltipOf(item: Item, isKept: boolean): string {
  const { host, where, local, place, forward, reverse } = item;
  return [
    reverse
      ? `Connections to ${placeName(place)} in ${where} on ${host.label} come out on this side and go to ${endpoint(local.host, local.port)}.`
      : `${place.kind === 'udp' ? 'Datagrams' : 'Connections'} to ${endpoint(local.host, local.port)} on this side reach ${placeName(place)} in ${where} on ${host.label}.`,
    !reverse && isExposed(local) ? 'Other machines that reach this one can use it, too.' : undefined,
    trafficWords(forward.traffic),
    forward.lastError === undefined ? undefined : `The last one that failed: ${forward.lastError.message}`,
    isKept ? 'It is kept in the settings, and begins when the host is connected.' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}
