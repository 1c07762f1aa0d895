/** Forwards as the settings have them. Free of `vscode`. */
import { isIP } from 'node:net';
import { isRecord } from '../../is-record.ts';
import { parsePlace, placeWord, type Place } from '../../model/sockets.ts';
import type { LocalAddress } from './forward.ts';

export interface KeptForward {
  /** `Host.id`. */
  readonly host: string;
  /** See `Network`. */
  readonly target: string;
  readonly place: Place;
  readonly local: LocalAddress;
}

export const loopback = '127.0.0.1';

/** What is none is passed over: the editor marks it in the settings by the manifest's schema. */
export function parseKept(value: unknown): readonly KeptForward[] {
  if (!Array.isArray(value)) return [];
  // `Array.isArray` narrows to `any[]`; what is in it is as unknown as the value.
  const items: readonly unknown[] = value;
  return items.flatMap((item) => {
    if (!isRecord(item)) return [];
    const { host, target, remote, port, address = loopback } = item;
    const place = typeof remote === 'string' ? parsePlace(remote) : undefined;
    const isWhole = typeof host === 'string' && typeof target === 'string' && target !== '' && place !== undefined;
    if (!isWhole || !isPort(port) || typeof address !== 'string' || isIP(address) === 0) return [];
    return [{ host, target, place, local: { host: address, port } }];
  });
}

export function formatKept(forwards: readonly KeptForward[]): readonly Readonly<Record<string, unknown>>[] {
  return forwards.map(({ host, target, place, local }) => ({
    host,
    target,
    remote: placeWord(place),
    port: local.port,
    ...(local.host === loopback ? {} : { address: local.host }),
  }));
}

export function sameKept(a: KeptForward, b: KeptForward): boolean {
  const key = (one: KeptForward): string => JSON.stringify([one.host, one.target, placeWord(one.place), one.local]);
  return key(a) === key(b);
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
}

/** `8080`, `0.0.0.0:8080`, `[::1]:8080`; undefined for anything else. */
export function parseLocal(text: string): LocalAddress | undefined {
  const [, v6, v4, digits] = /^(?:\[([\da-f:.]+)\]:|([\d.]+):)?(\d{1,5})$/i.exec(text.trim()) ?? [];
  const host = v6 ?? v4 ?? loopback;
  const port = Number(digits);
  return isPort(port) && isIP(host) !== 0 ? { host, port } : undefined;
}

/** Other machines can reach it. */
export function isExposed({ host }: LocalAddress): boolean {
  return !(host.startsWith('127.') || host === '::1');
}
