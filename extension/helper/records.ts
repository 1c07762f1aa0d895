/**
 * The only way from a helper's line to a record. A known kind with a wrong shape throws `RecordError`; an unknown kind
 * gives undefined, so that a later helper may say more. Ten thousands of processes pass here per scan: one object is made
 * for each record, with its members always in the same order, and nothing is looped over that has a fixed form.
 */
import {
  amount,
  asPid,
  asText,
  dictionary,
  fail,
  fields,
  list,
  maximumPid,
  maximumUid,
  optionalAmount,
  optionalText,
  optionalWhole,
  text,
  truth,
  whole,
  RecordError,
  type Draft,
} from './checks.ts';
import { actionRecord } from './action-records.ts';
import { idMapping, inspectionRecord } from './inspection-records.ts';
import { isNamespaceType, namespaceType } from './namespace-type.ts';
import { socketRecords } from './socket-records.ts';
import {
  namespaceTypes,
  type EndRecord,
  type ErrorRecord,
  type FactsRecord,
  type GoneRecord,
  type HelperRecord,
  type Holder,
  type IdRange,
  type MapperFacts,
  type NamespaceRecord,
  type ProcessRecord,
  type SnapshotRecord,
  type SubordinateFiles,
  type SubordinateRange,
  type TickRecord,
  type UserNamespaceFacts,
  type UserNamespaceRecord,
  type UserRecord,
  type VersionRecord,
  type VisibleMount,
} from './protocol.ts';

/** One line of `serve`. `record` is undefined for a kind that this version does not know. */
export type ServeMessage =
  | { readonly kind: 'version'; readonly version: VersionRecord }
  | { readonly kind: 'record'; readonly id: number; readonly record: HelperRecord | undefined }
  | { readonly kind: 'end'; readonly id: number; readonly end: EndRecord }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly error: ErrorRecord };

/** A line as the helper prints it on the command line. Throws `RecordError`. */
export function parseRecord(line: string): HelperRecord | undefined {
  return checkRecord(parseJson(line));
}

/** A line of `serve`; undefined for a message that this version does not know. Throws `RecordError`. */
export function parseMessage(line: string): ServeMessage | undefined {
  const message = fields(parseJson(line), 'a message');
  if (message['helper'] !== undefined) return { kind: 'version', version: versionRecord(message['helper']) };
  const { record, end, error } = message;
  if (error !== undefined) {
    return { kind: 'error', id: optionalWhole(message, 'id'), error: errorRecord(error) };
  }
  if (record !== undefined) return { kind: 'record', id: whole(message, 'id'), record: checkRecord(record) };
  if (end !== undefined) return { kind: 'end', id: whole(message, 'id'), end: endRecord(end) };
  return undefined;
}

export function checkRecord(value: unknown): HelperRecord | undefined {
  const record = fields(value, 'a record');
  if (record['process'] !== undefined) return { process: processRecord(record['process']) };
  if (record['ns'] !== undefined) return { ns: namespaceRecord(record['ns']) };
  if (record['gone'] !== undefined) return goneRecord(record['gone']);
  if (record['tick'] !== undefined) return { tick: tickRecord(record['tick']) };
  if (record['user'] !== undefined) return { user: userRecord(record['user']) };
  if (record['snapshot'] !== undefined) return { snapshot: snapshotRecord(record['snapshot']) };
  if (record['end'] !== undefined) return { end: endRecord(record['end']) };
  if (record['error'] !== undefined) return { error: errorRecord(record['error']) };
  if (record['facts'] !== undefined) return { facts: factsRecord(record['facts']) };
  if (record['userns'] !== undefined) return { userns: userNamespaceRecord(record['userns']) };
  if (record['helper'] !== undefined) return { helper: versionRecord(record['helper']) };
  return inspectionRecord(record) ?? socketRecords(record) ?? actionRecord(record);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new RecordError('a line is not JSON');
  }
}

function processRecord(value: unknown): ProcessRecord {
  const from = fields(value, 'process');
  const record: Draft<ProcessRecord> = {
    pid: whole(from, 'pid', maximumPid),
    start: whole(from, 'start'),
    ppid: whole(from, 'ppid', maximumPid),
    comm: text(from, 'comm'),
  };
  if (from['uid'] !== undefined) record.uid = whole(from, 'uid', maximumUid);
  if (from['cmdline'] !== undefined) record.cmdline = text(from, 'cmdline');
  if (from['cgroup'] !== undefined) record.cgroup = text(from, 'cgroup');
  if (from['nspid'] !== undefined) record.nspid = list(from, 'nspid', asPid);
  if (from['root'] !== undefined) record.root = text(from, 'root');
  if (from['ns'] !== undefined) record.ns = links(from['ns']);
  if (from['zombie'] !== undefined) record.zombie = truth(from, 'zombie');
  return record;
}

/** Written out, because this runs for every process and a loop over names is four times slower. */
function links(value: unknown): NonNullable<ProcessRecord['ns']> {
  const from = fields(value, 'ns');
  const ns: Draft<NonNullable<ProcessRecord['ns']>> = {};
  if (from['mnt'] !== undefined) ns.mnt = whole(from, 'mnt');
  if (from['uts'] !== undefined) ns.uts = whole(from, 'uts');
  if (from['ipc'] !== undefined) ns.ipc = whole(from, 'ipc');
  if (from['pid'] !== undefined) ns.pid = whole(from, 'pid');
  if (from['net'] !== undefined) ns.net = whole(from, 'net');
  if (from['user'] !== undefined) ns.user = whole(from, 'user');
  if (from['cgroup'] !== undefined) ns.cgroup = whole(from, 'cgroup');
  if (from['time'] !== undefined) ns.time = whole(from, 'time');
  if (from['pid_for_children'] !== undefined) ns.pid_for_children = whole(from, 'pid_for_children');
  if (from['time_for_children'] !== undefined) ns.time_for_children = whole(from, 'time_for_children');
  return ns;
}

function namespaceRecord(value: unknown): NamespaceRecord {
  const from = fields(value, 'ns');
  const held: Holder[] = [];
  for (const each of list(from, 'held', holder)) if (each !== undefined) held.push(each);
  const record: Draft<NamespaceRecord> = { type: namespaceType(from), id: whole(from, 'id'), held };
  // A u64 in the kernel. One that a JavaScript number cannot hold is left out: wrong would be worse than unknown.
  if (Number.isSafeInteger(from['nsid'])) record.nsid = whole(from, 'nsid');
  if (from['owner'] !== undefined) record.owner = whole(from, 'owner');
  if (from['parent'] !== undefined) record.parent = whole(from, 'parent');
  if (from['uid'] !== undefined) record.uid = whole(from, 'uid', maximumUid);
  return record;
}

/** Undefined for a way to hold a namespace that this version does not know. */
function holder(value: unknown): Holder | undefined {
  const from = fields(value, 'held');
  const by = text(from, 'by');
  switch (by) {
    case 'process':
    case 'for_children':
      return { by, pid: whole(from, 'pid', maximumPid) };
    case 'fd':
    case 'socket':
      return { by, pid: whole(from, 'pid', maximumPid), fd: whole(from, 'fd', maximumPid) };
    case 'task':
      return { by, pid: whole(from, 'pid', maximumPid), tid: whole(from, 'tid', maximumPid) };
    case 'mount': {
      const mount = { by, path: text(from, 'path'), mntns: whole(from, 'mntns') } as const;
      const pid = optionalWhole(from, 'pid', maximumPid);
      return pid === undefined ? mount : { ...mount, pid };
    }
    case 'child':
      return { by };
    default:
      return undefined;
  }
}

const namespaceKey = /^(mnt|uts|ipc|pid|net|user|cgroup|time):(0|[1-9]\d{0,15})$/;

function goneRecord(value: unknown): HelperRecord | undefined {
  const from = fields(value, 'gone');
  let gone: GoneRecord;
  if (from['process'] !== undefined) {
    const gonePid = fields(from['process'], 'process');
    gone = { process: { pid: whole(gonePid, 'pid', maximumPid), start: whole(gonePid, 'start') } };
  } else if (from['ns'] !== undefined) {
    const parts = namespaceKey.exec(text(from, 'ns'));
    const type = parts?.[1];
    if (!isNamespaceType(type)) fail('ns is not a namespace');
    gone = { ns: `${type}:${Number(parts?.[2])}` };
  } else return undefined;
  return { gone };
}

function snapshotRecord(value: unknown): SnapshotRecord {
  const from = fields(value, 'snapshot');
  const record: Draft<SnapshotRecord> = {
    time: amount(from, 'time'),
    complete: truth(from, 'complete'),
    source: list(from, 'source', asText),
  };
  const boot = optionalText(from, 'boot');
  if (boot !== undefined) record.boot = boot;
  return record;
}

function tickRecord(value: unknown): TickRecord {
  const from = fields(value, 'tick');
  return {
    processes: whole(from, 'processes'),
    namespaces: whole(from, 'namespaces'),
    unreadable: whole(from, 'unreadable'),
    milliseconds: amount(from, 'milliseconds'),
    interval: amount(from, 'interval'),
    bound: amount(from, 'bound'),
  };
}

function userRecord(value: unknown): UserRecord {
  const from = fields(value, 'user');
  return { uid: whole(from, 'uid', maximumUid), name: text(from, 'name') };
}

function endRecord(value: unknown): EndRecord {
  const from = fields(value, 'end');
  const record: Draft<EndRecord> = {};
  const processes = optionalWhole(from, 'processes');
  const namespaces = optionalWhole(from, 'namespaces');
  const unreadable = optionalWhole(from, 'unreadable');
  const milliseconds = optionalAmount(from, 'milliseconds');
  if (processes !== undefined) record.processes = processes;
  if (namespaces !== undefined) record.namespaces = namespaces;
  if (unreadable !== undefined) record.unreadable = unreadable;
  if (milliseconds !== undefined) record.milliseconds = milliseconds;
  return record;
}

function errorRecord(value: unknown): ErrorRecord {
  const from = fields(value, 'error');
  const record: Draft<ErrorRecord> = {
    step: text(from, 'step'),
    errno: text(from, 'errno'),
    number: whole(from, 'number', maximumPid),
  };
  const path = optionalText(from, 'path');
  const detail = optionalText(from, 'detail');
  if (isNamespaceType(from['type'])) record.type = from['type'];
  if (path !== undefined) record.path = path;
  if (detail !== undefined) record.detail = detail;
  return record;
}

function versionRecord(value: unknown): VersionRecord {
  const from = fields(value, 'helper');
  return {
    version: text(from, 'version'),
    protocol: whole(from, 'protocol'),
    arch: text(from, 'arch'),
    build: text(from, 'build'),
  };
}

const cgroups = ['v1', 'v2', 'hybrid', 'none'] as const;

function factsRecord(value: unknown): FactsRecord {
  const from = fields(value, 'facts');
  const own: Draft<FactsRecord['own']> = {};
  const ownFields = fields(from['own'], 'own');
  for (const type of namespaceTypes) {
    const id = optionalWhole(ownFields, type);
    if (id !== undefined) own[type] = id;
  }
  const record: Draft<FactsRecord> = {
    kernel: text(from, 'kernel'),
    arch: text(from, 'arch'),
    uid: whole(from, 'uid', maximumUid),
    gid: whole(from, 'gid', maximumUid),
    capabilities: list(from, 'capabilities', asText),
    types: list(from, 'types', asText).filter(isNamespaceType),
    own,
    limits: dictionary(from, 'limits', safeNumber),
    restrictions: dictionary(from, 'restrictions', scalar),
    subuid: list(from, 'subuid', idRange),
    subgid: list(from, 'subgid', idRange),
    cgroup: cgroups.find((each) => each === from['cgroup']) ?? fail('cgroup is not a cgroup layout'),
    listns: truth(from, 'listns'),
    nsid: truth(from, 'nsid'),
    tools: dictionary(from, 'tools', (each) => (typeof each === 'string' ? each : undefined)),
  };
  const hostname = optionalText(from, 'hostname');
  const boot = optionalText(from, 'boot');
  const user = optionalText(from, 'user');
  const hidepid = optionalText(from, 'hidepid');
  if (hostname !== undefined) record.hostname = hostname;
  if (boot !== undefined) record.boot = boot;
  if (user !== undefined) record.user = user;
  if (hidepid !== undefined) record.hidepid = hidepid;
  if (from['mappers'] !== undefined) record.mappers = dictionary(from, 'mappers', mapperFacts);
  if (from['userns'] !== undefined) record.userns = userNamespaceFacts(from['userns']);
  if (from['bounding'] !== undefined) record.bounding = list(from, 'bounding', asText);
  if (from['rlimits'] !== undefined) record.rlimits = dictionary(from, 'rlimits', safeNumber);
  if (from['subordinate'] !== undefined) record.subordinate = subordinateFiles(from['subordinate']);
  if (from['sysctls'] !== undefined) {
    record.sysctls = dictionary(from, 'sysctls', (each) => (typeof each === 'string' ? each : undefined));
  }
  if (from['interfaces'] !== undefined) record.interfaces = list(from, 'interfaces', asText);
  if (from['filesystems'] !== undefined) record.filesystems = list(from, 'filesystems', asText);
  if (from['visible'] !== undefined) {
    record.visible = list(from, 'visible', visibleMount).filter((mount) => mount !== undefined);
  }
  return record;
}

function mapperFacts(value: unknown): MapperFacts {
  const from = fields(value, 'a mapper');
  const record: Draft<MapperFacts> = {
    path: text(from, 'path'),
    owner: whole(from, 'owner', maximumUid),
    setuid: truth(from, 'setuid'),
    capability: truth(from, 'capability'),
  };
  if (from['nosuid'] !== undefined) record.nosuid = truth(from, 'nosuid');
  return record;
}

function userNamespaceFacts(value: unknown): UserNamespaceFacts {
  const from = fields(value, 'userns');
  const record: Draft<UserNamespaceFacts> = { initial: truth(from, 'initial') };
  const setgroups = optionalText(from, 'setgroups');
  if (from['uid_map'] !== undefined) record.uid_map = list(from, 'uid_map', idMapping);
  if (from['gid_map'] !== undefined) record.gid_map = list(from, 'gid_map', idMapping);
  if (setgroups !== undefined) record.setgroups = setgroups;
  return record;
}

function subordinateFiles(value: unknown): SubordinateFiles {
  const from = fields(value, 'subordinate');
  const record: Draft<SubordinateFiles> = {};
  const source = optionalText(from, 'source');
  if (from['subuid'] !== undefined) record.subuid = list(from, 'subuid', subordinateRange);
  if (from['subgid'] !== undefined) record.subgid = list(from, 'subgid', subordinateRange);
  if (source !== undefined) record.source = source;
  return record;
}

/** Made by an administrator, who can write any number. */
function subordinateRange(value: unknown): SubordinateRange {
  const from = fields(value, 'a subordinate range');
  return { name: text(from, 'name'), start: amount(from, 'start'), count: amount(from, 'count') };
}

function visibleMount(value: unknown): VisibleMount | undefined {
  const from = fields(value, 'visible');
  const type = from['type'];
  if (type !== 'proc' && type !== 'sysfs') return undefined;
  return {
    type,
    path: text(from, 'path'),
    root: text(from, 'root'),
    options: text(from, 'options'),
    super: text(from, 'super'),
    covered: list(from, 'covered', asText),
  };
}

function userNamespaceRecord(value: unknown): UserNamespaceRecord {
  const from = fields(value, 'userns');
  const record: Draft<UserNamespaceRecord> = {
    id: whole(from, 'id'),
    own: truth(from, 'own'),
    top: truth(from, 'top'),
  };
  if (from['uid'] !== undefined) record.uid = whole(from, 'uid', maximumUid);
  if (from['limits'] !== undefined) record.limits = dictionary(from, 'limits', safeNumber);
  return record;
}

function safeNumber(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? Number(value) : undefined;
}

function scalar(value: unknown): string | number | boolean | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}

function idRange(value: unknown): IdRange {
  const from = fields(value, 'an id range');
  return { start: whole(from, 'start'), count: whole(from, 'count') };
}
