import { namespaceTypes } from '../../helper/protocol.ts';
import { isRecord } from '../../is-record.ts';
import type { Reference } from '../targets.ts';
import { never } from '../never.ts';

/** What a virtual document shows. It is all in the document's address, so that the editor can reopen it. */
export type Address =
  | { readonly view: 'details'; readonly host: string; readonly of: Reference }
  /** One side of a comparison; the other is needed because only together they have the same lines. */
  | { readonly view: 'compare'; readonly host: string; readonly of: Reference; readonly with: Reference }
  /** A report, which is made anew when it is asked for, not when the document is opened. */
  | { readonly view: 'report'; readonly host: string; readonly name: string };

/** Text for the query of a URI. */
export function formatAddress(address: Address): string {
  return JSON.stringify(address);
}

/** Undefined for what no version has written: addresses come from the editor's history. */
export function parseAddress(query: string): Address | undefined {
  let value: unknown;
  try {
    value = JSON.parse(query);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || typeof value['host'] !== 'string') return undefined;
  if (value['view'] === 'report') {
    return typeof value['name'] === 'string' ? { view: 'report', host: value['host'], name: value['name'] } : undefined;
  }
  const of = parseReference(value['of']);
  if (of === undefined) return undefined;
  if (value['view'] === 'details') return { view: 'details', host: value['host'], of };
  const other = parseReference(value['with']);
  if (value['view'] !== 'compare' || other === undefined) return undefined;
  return { view: 'compare', host: value['host'], of, with: other };
}

function parseReference(value: unknown): Reference | undefined {
  if (!isRecord(value)) return undefined;
  const { kind, key, pid, start, id } = value;
  switch (kind) {
    case 'host':
      return { kind };
    case 'namespace': {
      const [type, number, ...rest] = typeof key === 'string' ? key.split(':') : [];
      const known = namespaceTypes.find((each) => each === type);
      if (known === undefined || number === undefined || rest.length > 0 || !/^\d+$/.test(number)) return undefined;
      return { kind, key: `${known}:${Number(number)}` };
    }
    case 'process':
      return typeof pid === 'number' && typeof start === 'number' ? { kind, pid, start } : undefined;
    case 'workload':
      return typeof id === 'string' ? { kind, id } : undefined;
    default:
      return undefined;
  }
}

/** Last part of the document's path, which the editor shows as its name. */
export function documentName(of: Reference, host: string): string {
  return `${nameOf(of, host).replaceAll(/[/\\\p{C}]+/gu, '-')}.yaml`;
}

function nameOf(of: Reference, host: string): string {
  switch (of.kind) {
    case 'host':
      return host;
    case 'namespace':
      return of.key.replace(':', '-');
    case 'process':
      return `process-${of.pid}`;
    case 'workload':
      return of.id;
    default:
      return never(of);
  }
}
