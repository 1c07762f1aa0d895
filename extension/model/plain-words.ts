/** Words that need nothing of a host: names of the types, numbers, lists. The start of the extension has to do with these. */
import type { NamespaceType } from '../helper/protocol.ts';

/** As namespaces(7) calls them. */
export const typeNames: Readonly<Record<NamespaceType, string>> = {
  mnt: 'Mount',
  uts: 'UTS',
  ipc: 'IPC',
  pid: 'PID',
  net: 'Network',
  user: 'User',
  cgroup: 'Cgroup',
  time: 'Time',
};

/** `1,204`. By hand: the first Intl.NumberFormat of a process loads tables for longer than the extension may take to start. */
export function figure(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 process`, `1,204 processes`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${figure(number)} ${number === 1 ? one : many}`;
}

export function processes(number: number): string {
  return count(number, 'process', 'processes');
}

/** `a`, `a and b`, `a, b and c`; at most `limit` of them and how many more there are. */
export function listed(items: readonly string[], limit = 10): string {
  const shown = items.length > limit ? items.slice(0, limit - 1) : items;
  const rest = items.length - shown.length;
  const all = rest > 0 ? [...shown, `${figure(rest)} more`] : shown;
  const last = all.at(-1) ?? '';
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} and ${last}`;
}
