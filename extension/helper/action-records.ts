/** Records of the verbs that do something: `create`, `rename`, `pin`, `unpin`, `end` and what runs in a terminal or with a stream. See `records.ts`. */
import { asPid, fields, list, maximumPid, text, whole, type Draft, type Fields } from './checks.ts';
import { namespaceType } from './namespace-type.ts';
import type {
  Ending,
  ExitRecord,
  HelperRecord,
  InitRecord,
  KeptRecord,
  MadeRecord,
  PinnedRecord,
  ProcessIdentity,
  RenamedRecord,
} from './protocol.ts';

/** Undefined for a kind that this version does not know. Throws `RecordError`. */
export function actionRecord(record: Fields): HelperRecord | undefined {
  if (record['data'] !== undefined) return { data: { bytes: text(fields(record['data'], 'data'), 'bytes') } };
  if (record['stderr'] !== undefined) return { stderr: { bytes: text(fields(record['stderr'], 'stderr'), 'bytes') } };
  if (record['made'] !== undefined) return { made: madeRecord(record['made']) };
  if (record['init'] !== undefined) return { init: initRecord(record['init']) };
  if (record['entered'] !== undefined)
    return { entered: { pid: whole(fields(record['entered'], 'entered'), 'pid', maximumPid) } };
  if (record['kept'] !== undefined) return { kept: keptRecord(record['kept']) };
  if (record['renamed'] !== undefined) return { renamed: renamedRecord(record['renamed']) };
  if (record['pinned'] !== undefined) return { pinned: pinnedRecord(record['pinned']) };
  if (record['exit'] !== undefined) return { exit: exitRecord(record['exit']) };
  if (record['would'] !== undefined) {
    const planned = ending(fields(record['would'], 'would'));
    return planned && { would: planned };
  }
  return ending(record);
}

function ending(from: Fields): Ending | undefined {
  if (from['ended'] !== undefined) return { ended: identity(from['ended'], 'ended') };
  if (from['unmounted'] !== undefined)
    return { unmounted: { path: text(fields(from['unmounted'], 'unmounted'), 'path') } };
  if (from['removed'] !== undefined) return { removed: { path: text(fields(from['removed'], 'removed'), 'path') } };
  if (from['still'] === undefined) return undefined;
  const still = fields(from['still'], 'still');
  return { still: { type: namespaceType(still), id: whole(still, 'id') } };
}

function identity(value: unknown, what: string): ProcessIdentity {
  const from = fields(value, what);
  return { pid: whole(from, 'pid', maximumPid), start: whole(from, 'start') };
}

function madeRecord(value: unknown): MadeRecord {
  const from = fields(value, 'made');
  const record: Draft<MadeRecord> = { type: namespaceType(from), id: whole(from, 'id') };
  if (from['nsid'] !== undefined) record.nsid = whole(from, 'nsid');
  if (from['owner'] !== undefined) record.owner = whole(from, 'owner');
  return record;
}

function initRecord(value: unknown): InitRecord {
  return { ...identity(value, 'init'), nspid: list(fields(value, 'init'), 'nspid', asPid) };
}

function keptRecord(value: unknown): KeptRecord {
  const from = fields(value, 'kept');
  const record: Draft<KeptRecord> = { name: text(from, 'name'), holder: identity(from['holder'], 'holder') };
  if (from['path'] !== undefined) record.path = text(from, 'path');
  return record;
}

function renamedRecord(value: unknown): RenamedRecord {
  const from = fields(value, 'renamed');
  return { name: text(from, 'name'), from: text(from, 'from') };
}

function pinnedRecord(value: unknown): PinnedRecord {
  const from = fields(value, 'pinned');
  const record: Draft<PinnedRecord> = { type: namespaceType(from), id: whole(from, 'id') };
  if (from['name'] !== undefined) record.name = text(from, 'name');
  if (from['path'] !== undefined) record.path = text(from, 'path');
  if (from['holder'] !== undefined) record.holder = identity(from['holder'], 'holder');
  return record;
}

function exitRecord(value: unknown): ExitRecord {
  const from = fields(value, 'exit');
  return from['signal'] === undefined ? { code: whole(from, 'code') } : { signal: whole(from, 'signal') };
}
