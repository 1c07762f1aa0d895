/** Records of `inspect`. See `records.ts`. */
import {
  asText,
  fail,
  fields,
  list,
  maximumPid,
  maximumUid,
  optionalText,
  optionalWhole,
  text,
  truth,
  whole,
  type Draft,
  type Fields,
} from './checks.ts';
import { namespaceType } from './namespace-type.ts';
import type { HelperRecord, IdMapping, InsideRecord, RightsRecord } from './protocol.ts';

/** Undefined for a record of another verb. Throws `RecordError`. */
export function inspectionRecord(record: Fields): HelperRecord | undefined {
  if (record['inside'] !== undefined) return { inside: insideRecord(record['inside']) };
  return record['rights'] === undefined ? undefined : { rights: rightsRecord(record['rights']) };
}

function insideRecord(value: unknown): InsideRecord {
  const from = fields(value, 'inside');
  const record: Draft<InsideRecord> = { type: namespaceType(from), id: whole(from, 'id') };
  for (const name of ['pid', 'proc', 'mounts'] as const) {
    const number = optionalWhole(from, name, name === 'pid' ? maximumPid : maximumUid);
    if (number !== undefined) record[name] = number;
  }
  for (const name of ['loopback', 'sysfs'] as const) if (from[name] !== undefined) record[name] = truth(from, name);
  for (const name of ['uid_map', 'gid_map'] as const)
    if (from[name] !== undefined) record[name] = list(from, name, idMapping);
  for (const name of ['monotonic', 'boottime'] as const) {
    const words = optionalText(from, name);
    if (words !== undefined) record[name] = words;
  }
  if (from['shared'] !== undefined) record.shared = list(from, 'shared', asText);
  return record;
}

function rightsRecord(value: unknown): RightsRecord {
  const from = fields(value, 'rights');
  const effective = text(from, 'effective');
  if (!/^[\da-f]{1,16}$/.test(effective)) fail('effective is not a set of capabilities');
  return { pid: whole(from, 'pid', maximumPid), start: whole(from, 'start'), effective };
}

export function idMapping(value: unknown): IdMapping {
  const from = fields(value, 'a mapping');
  return {
    inside: whole(from, 'inside', maximumUid),
    outside: whole(from, 'outside', maximumUid),
    count: whole(from, 'count', maximumUid),
  };
}
