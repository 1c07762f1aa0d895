/** The namespaces that a launch configuration has made for its program: the options of `create`, by their own names. Pure. */
import { namespaceTypes, type IdMapping, type NamespaceType } from '../../helper/protocol.ts';
import type { CreateOptions } from '../../explain/preview.ts';
import { isRecord } from '../../is-record.ts';
import type { Problem } from './configuration.ts';

interface ReadOptions {
  readonly options: CreateOptions;
  readonly problems: readonly Problem[];
}

type Read = { readonly options: Partial<CreateOptions> } | { readonly problem: string };

/** One attribute each. What the helper refuses beyond that, it explains itself. */
const attributes: Readonly<Record<string, (value: unknown) => Read>> = {
  new: (value) => {
    const types = namespaceTypes.filter((type) => Array.isArray(value) && value.includes(type));
    return Array.isArray(value) && types.length === value.length && types.length > 0
      ? { options: { new: types } }
      : { problem: `A list of types is needed: ${namespaceTypes.join(', ')}.` };
  },
  join: (value) => {
    const entries = Object.entries(isRecord(value) ? value : {});
    const join = entries.flatMap(([name, reference]) => {
      const type = typeNamed(name);
      return type === undefined || typeof reference !== 'string' ? [] : [{ type, reference }];
    });
    return join.length === entries.length && join.length > 0
      ? { options: { join } }
      : { problem: 'An object is needed: a reference for each type, {"net": "web"}.' };
  },
  map: (value) => {
    const map = (['root', 'same', 'auto'] as const).find((each) => each === value);
    return map === undefined ? { problem: '"root", "same" or "auto" is needed.' } : { options: { map } };
  },
  uidMap: (value) => readMap(value, 'uidMap'),
  gidMap: (value) => readMap(value, 'gidMap'),
  setgroups: (value) =>
    value === 'deny' ? { options: { setgroups: 'deny' } } : { problem: 'Only "deny" is possible.' },
  hostname: (value) => readText(value, 'hostname'),
  domainname: (value) => readText(value, 'domainname'),
  monotonic: (value) => readSeconds(value, 'monotonic'),
  boottime: (value) => readSeconds(value, 'boottime'),
  root: (value) =>
    typeof value === 'string' && value.startsWith('/')
      ? { options: { root: value } }
      : { problem: 'The absolute path of a folder on the host is needed.' },
  mountProc: (value) => readTruth(value, 'mountProc'),
  loopback: (value) => readTruth(value, 'loopback'),
  mounts: (value) => {
    const list: readonly unknown[] = Array.isArray(value) ? value : [];
    const mounts = list.flatMap((each) => {
      const [, source, target, mode] = /^(\/[^:]*):(\/[^:]*)(:ro)?$/.exec(String(each)) ?? [];
      return source === undefined || target === undefined ? [] : [{ source, target, readOnly: mode !== undefined }];
    });
    return Array.isArray(value) && mounts.length === value.length
      ? { options: { mounts } }
      : { problem: 'A list of SOURCE:TARGET or SOURCE:TARGET:ro is needed, both absolute paths.' };
  },
  sysctls: (value) => {
    const entries = Object.entries(isRecord(value) ? value : {});
    const sysctls = entries.flatMap(([name, each]) =>
      typeof each === 'string' || typeof each === 'number' ? [{ name, value: String(each) }] : [],
    );
    return isRecord(value) && sysctls.length === entries.length
      ? { options: { sysctls } }
      : { problem: 'An object is needed: a value for each name of sysctl(8).' };
  },
};

export function createOptionsOf(values: Readonly<Record<string, unknown>>): ReadOptions {
  const problems: Problem[] = [];
  let options: CreateOptions = { new: [] };
  for (const [attribute, value] of Object.entries(values)) {
    const read = attributes[attribute]?.(value) ?? { problem: `It is none of ${Object.keys(attributes).join(', ')}.` };
    if ('problem' in read) problems.push({ attribute, message: read.problem });
    else options = { ...options, ...read.options };
  }
  if (values['new'] === undefined && values['join'] === undefined)
    problems.push({ attribute: 'new', message: 'The types of the new namespaces are needed.' });
  return { options, problems };
}

/** What may stand in the way of a debugger in namespaces that are made like this. */
export function creationHints({ new: types, mountProc }: CreateOptions): readonly string[] {
  if (!types.includes('pid') || mountProc === true) return [];
  return [
    'It may be this: the new pid namespace has no /proc of its own, by which most debuggers find their processes. Add "mountProc": true to "create", with "mnt" in "new"; in a config.json a mount of the type proc.',
  ];
}

function typeNamed(name: string): NamespaceType | undefined {
  return namespaceTypes.find((type) => type === name);
}

function readText(value: unknown, key: 'hostname' | 'domainname'): Read {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
    ? { options: { [key]: value } }
    : { problem: 'A text is needed.' };
}

function readTruth(value: unknown, key: 'mountProc' | 'loopback'): Read {
  return typeof value === 'boolean' ? { options: { [key]: value } } : { problem: 'true or false is needed.' };
}

function readSeconds(value: unknown, key: 'monotonic' | 'boottime'): Read {
  return Number.isSafeInteger(value) ? { options: { [key]: Number(value) } } : { problem: 'Whole seconds are needed.' };
}

function readMap(value: unknown, key: 'uidMap' | 'gidMap'): Read {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const map = list.flatMap((each): IdMapping[] => {
    const [, inside, outside, count] = /^(\d{1,10}):(\d{1,10}):(\d{1,10})$/.exec(String(each)) ?? [];
    return inside === undefined ? [] : [{ inside: Number(inside), outside: Number(outside), count: Number(count) }];
  });
  return map.length > 0 && map.length === list.length
    ? { options: { [key]: map } }
    : { problem: 'A list of INSIDE:OUTSIDE:COUNT is needed.' };
}
