/**
 * What the helper's `create` can do of an OCI bundle's config.json, by the runtime specification, and every field that it
 * cannot: each member of the file is either taken, or listed with the reason. The file is untrusted and checked by hand.
 */
import type { IdMapping, NamespaceType } from '../helper/protocol.ts';
import {
  id,
  isEmpty,
  isId,
  members,
  object,
  pointerTo,
  readMembers,
  refuse,
  taken,
  text,
  type BundleField,
  type Draft,
  type Field,
  type Fields,
  type Members,
  type Reading,
} from './bundle-fields.ts';
import { createWords, type CreateOptions } from './preview.ts';

export interface BundlePlan {
  readonly options: CreateOptions;
  /** Words after `create`; undefined where the file is not valid, so that nothing can be run. */
  readonly words: readonly string[] | undefined;
  /** Fields that will have no effect. */
  readonly notHonoured: readonly BundleField[];
  /** Fields that break the specification. */
  readonly invalid: readonly BundleField[];
}

/**
 * @param bundle absolute path of the folder that config.json is in
 * @param starts whether the program of the file is to run: only then it needs a `process` (config.md of the specification)
 */
export function bundlePlan(config: unknown, bundle: string, starts = true): BundlePlan {
  const draft: Draft = { new: [] };
  const reading: Reading = { bundle, draft, notHonoured: [], invalid: [] };
  const top = members(config);
  if (top === undefined) reading.invalid.push({ pointer: '', why: 'it is not an object' });
  else {
    // First, because other fields depend on which namespaces are new.
    readNamespaces(top, reading);
    readMembers(top, '', topFields, reading);
    for (const name of ['ociVersion', 'process', 'root'] as const) {
      if (top[name] === undefined && (starts || name !== 'process'))
        reading.invalid.push({ pointer: `/${name}`, why: 'it is missing' });
    }
    if (draft.new.includes('net')) draft.loopback = true;
  }
  const { notHonoured, invalid } = reading;
  return { options: draft, words: invalid.length === 0 ? createWords(draft) : undefined, notHonoured, invalid };
}

/** A name that the kernel keeps for each UTS namespace. */
function utsName(take: (value: string, draft: Draft) => void): Field {
  return text((value, { draft, notHonoured }, pointer) => {
    if (value === '') return;
    if (!draft.new.includes('uts')) notHonoured.push({ pointer, why: 'there is no new uts namespace to set it in' });
    else if (new TextEncoder().encode(value).length > 64)
      notHonoured.push({ pointer, why: 'it is longer than 64 bytes' });
    else take(value, draft);
  });
}

const typesOfSpecification: ReadonlyMap<unknown, NamespaceType> = new Map([
  ['mount', 'mnt'],
  ['network', 'net'],
  ['pid', 'pid'],
  ['ipc', 'ipc'],
  ['uts', 'uts'],
  ['user', 'user'],
  ['cgroup', 'cgroup'],
  ['time', 'time'],
]);

function readNamespaces(top: Members, { draft, invalid, notHonoured }: Reading): void {
  const list: unknown = members(top['linux'])?.['namespaces'];
  if (list === undefined) return;
  const pointer = '/linux/namespaces';
  if (!Array.isArray(list)) {
    invalid.push({ pointer, why: 'it is not a list' });
    return;
  }
  const fresh: NamespaceType[] = [];
  const join: { type: NamespaceType; reference: string }[] = [];
  for (const [index, each] of list.entries()) {
    const at = `${pointer}/${index}`;
    const entry = members(each);
    const type = typesOfSpecification.get(entry?.['type']);
    const path = entry?.['path'];
    if (entry === undefined || type === undefined)
      invalid.push({ pointer: at, why: 'it has no type of the specification' });
    else if (fresh.includes(type) || join.some((other) => other.type === type)) {
      invalid.push({ pointer: at, why: `the type ${type} is there twice` });
    } else if (path === undefined || path === '') fresh.push(type);
    else if (typeof path === 'string' && path.startsWith('/') && !path.includes('\0'))
      join.push({ type, reference: path });
    else invalid.push({ pointer: `${at}/path`, why: 'it is not an absolute path' });
    for (const name of Object.keys(entry ?? {})) {
      if (name !== 'type' && name !== 'path') {
        notHonoured.push({ pointer: pointerTo(at, name), why: 'this version does not know the field' });
      }
    }
  }
  draft.new = fresh;
  if (join.length > 0) draft.join = join;
}

function mappings(take: (map: readonly IdMapping[], draft: Draft) => void): Field {
  return (value, pointer, reading) => {
    if (isEmpty(value)) return;
    if (!Array.isArray(value)) {
      reading.invalid.push({ pointer, why: 'it is not a list' });
      return;
    }
    if (!reading.draft.new.includes('user')) {
      reading.notHonoured.push({ pointer, why: 'there is no new user namespace to map ids in' });
      return;
    }
    const map = value.flatMap((each: unknown, index) => {
      const { containerID: inside, hostID: outside, size: count, ...others } = members(each) ?? {};
      for (const name of Object.keys(others)) {
        reading.notHonoured.push({
          pointer: pointerTo(`${pointer}/${index}`, name),
          why: 'this version does not know the field',
        });
      }
      if (isId(inside) && isId(outside) && isId(count)) return [{ inside, outside, count }];
      reading.invalid.push({ pointer: `${pointer}/${index}`, why: 'containerID, hostID and size are not all numbers' });
      return [];
    });
    take(map, reading.draft);
  };
}

/** The namespace that a setting belongs to; what belongs to none the helper does not set, as runtimes do not. */
const sysctlTypes: readonly (readonly [prefix: string, type: NamespaceType])[] = [
  ['net.', 'net'],
  ['net/', 'net'],
  ['kernel.shm', 'ipc'],
  ['kernel.msg', 'ipc'],
  ['kernel.sem', 'ipc'],
  ['fs.mqueue.', 'ipc'],
];

function readSysctls(value: unknown, pointer: string, reading: Reading): void {
  const found = members(value);
  if (found === undefined) {
    reading.invalid.push({ pointer, why: 'it is not an object' });
    return;
  }
  const sysctls: { name: string; value: string }[] = [];
  for (const [name, setting] of Object.entries(found)) {
    const at = pointerTo(pointer, name);
    const type = sysctlTypes.find(([prefix]) => name.startsWith(prefix))?.[1];
    if (typeof setting !== 'string' || /[\0=]/.test(name) || setting.includes('\0')) {
      reading.invalid.push({ pointer: at, why: 'it is not text' });
    } else if (type === undefined)
      reading.notHonoured.push({ pointer: at, why: 'the setting belongs to no namespace' });
    else if (!reading.draft.new.includes(type)) {
      reading.notHonoured.push({ pointer: at, why: `there is no new ${type} namespace to set it in` });
    } else sysctls.push({ name, value: setting });
  }
  if (sysctls.length > 0) reading.draft.sysctls = sysctls;
}

function offset(take: (seconds: number, draft: Draft) => void): Field {
  return (value, pointer, { draft, invalid, notHonoured }) => {
    const { secs = 0, nanosecs = 0, ...others } = members(value) ?? {};
    if (typeof secs !== 'number' || !Number.isSafeInteger(secs)) {
      invalid.push({ pointer, why: 'secs is not a whole number' });
      return;
    }
    if (nanosecs !== 0) notHonoured.push({ pointer: `${pointer}/nanosecs`, why: 'offsets are set in whole seconds' });
    for (const name of Object.keys(others))
      notHonoured.push({ pointer: pointerTo(pointer, name), why: 'this version does not know the field' });
    if (draft.new.includes('time')) take(secs, draft);
    else notHonoured.push({ pointer, why: 'there is no new time namespace to set it in' });
  };
}

function readMounts(value: unknown, pointer: string, reading: Reading): void {
  if (!Array.isArray(value)) {
    reading.invalid.push({ pointer, why: 'it is not a list' });
    return;
  }
  for (const [index, each] of value.entries()) readMount(each, `${pointer}/${index}`, reading);
}

function readMount(value: unknown, pointer: string, reading: Reading): void {
  const { destination, type, source, options = [], ...others } = members(value) ?? {};
  const list: readonly unknown[] = Array.isArray(options) ? options : [undefined];
  if (
    typeof destination !== 'string' ||
    !destination.startsWith('/') ||
    !list.every((each) => typeof each === 'string')
  ) {
    reading.invalid.push({ pointer, why: 'it has no absolute destination, or its options are not texts' });
    return;
  }
  for (const name of Object.keys(others)) {
    reading.notHonoured.push({ pointer: pointerTo(pointer, name), why: 'this version does not know the field' });
  }
  const not = (at: string, why: string): void => {
    reading.notHonoured.push({ pointer: at, why });
  };
  if (!reading.draft.new.includes('mnt')) {
    not(pointer, 'there is no new mount namespace to mount it in');
    return;
  }
  const optionsAt = `${pointer}/options`;
  if (type === 'proc' && destination === '/proc') {
    reading.draft.mountProc = true;
    if (list.length > 0) not(optionsAt, `the new /proc has the helper's own options, not ${list.join(', ')}`);
    return;
  }
  if (!list.includes('bind') && !list.includes('rbind')) {
    return not(
      pointer,
      `only bind mounts and /proc are mounted as asked, not ${typeof type === 'string' ? type : 'this type'}; the helper makes a minimal /dev and /sys itself`,
    );
  }
  if (typeof source !== 'string' || source === '' || /[:\0]/.test(`${source}${destination}`)) {
    not(pointer, 'its source or destination is missing or has a colon, which the helper cannot take');
    return;
  }
  const readOnly = list.includes('ro');
  reading.draft.mounts = [
    ...(reading.draft.mounts ?? []),
    { source: absolute(source, reading.bundle), target: destination, readOnly },
  ];
  if (list.includes('bind') && !list.includes('rbind'))
    not(optionsAt, 'what is mounted below the source comes along, as with rbind');
  const known = new Set(['bind', 'rbind', 'ro', 'rw', 'private', 'rprivate']);
  const left = list.filter((each) => typeof each === 'string' && !known.has(each));
  if (left.length > 0) not(optionsAt, `these options are not set: ${left.join(', ')}`);
}

function absolute(path: string, bundle: string): string {
  return path.startsWith('/') ? path : `${bundle.replace(/\/+$/, '')}/${path}`;
}

function readArguments(value: unknown, pointer: string, { draft, invalid }: Reading): void {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const words = list.filter((each) => typeof each === 'string').filter((each) => !each.includes('\0'));
  if (words.length === 0 || words.length < list.length)
    invalid.push({ pointer, why: 'it is not a list of texts with a program in it' });
  else draft.argv = words;
}

const userFields: Fields = new Map([
  ['uid', id((value, draft) => (draft.uid = value))],
  ['gid', id((value, draft) => (draft.gid = value))],
  ['additionalGids', refuse('supplementary groups are not set')],
  ['umask', refuse('the umask is not set')],
  ['username', refuse('it is for Windows')],
]);

const processFields: Fields = new Map([
  ['terminal', refuse('no terminal is made for the program; open one in the instance afterwards')],
  ['consoleSize', refuse('no terminal is made for the program')],
  ['user', object(userFields)],
  ['args', readArguments],
  [
    'cwd',
    text((value, { draft, invalid }, pointer) => {
      if (value.startsWith('/')) draft.chdir = value;
      else invalid.push({ pointer, why: 'it is not an absolute path' });
    }),
  ],
  ['env', refuse('the program gets the environment of the helper')],
  ['capabilities', refuse('capabilities are not restricted: the program keeps those of its user')],
  ['rlimits', refuse('resource limits are not set')],
  ['noNewPrivileges', refuse('no_new_privs is not set')],
  ['apparmorProfile', refuse('no AppArmor profile is set')],
  ['selinuxLabel', refuse('no SELinux label is set')],
  ['oomScoreAdj', refuse('the OOM score is not changed')],
  ['scheduler', refuse('the scheduling policy is not set')],
  ['ioPriority', refuse('the I/O priority is not set')],
  ['execCPUAffinity', refuse('the CPU affinity is not set')],
  ['commandLine', refuse('it is for Windows')],
]);

const rootFields: Fields = new Map([
  [
    'path',
    text((value, { draft, bundle, notHonoured }, pointer) => {
      if (draft.new.includes('mnt')) draft.root = absolute(value, bundle);
      else notHonoured.push({ pointer, why: 'without a new mount namespace the root is not changed' });
    }),
  ],
  ['readonly', refuse('the root is not made read-only')],
]);

const linuxFields: Fields = new Map([
  ['namespaces', taken],
  ['uidMappings', mappings((map, draft) => (draft.uidMap = map))],
  ['gidMappings', mappings((map, draft) => (draft.gidMap = map))],
  [
    'timeOffsets',
    object(
      new Map([
        ['monotonic', offset((seconds, draft) => (draft.monotonic = seconds))],
        ['boottime', offset((seconds, draft) => (draft.boottime = seconds))],
      ]),
    ),
  ],
  ['sysctl', readSysctls],
  ['devices', refuse('no devices are made beyond a minimal /dev')],
  ['netDevices', refuse('no devices are moved into the net namespace')],
  ['cgroupsPath', refuse('no control group is made')],
  ['resources', refuse('no control group is made, so nothing is limited and all devices stay allowed')],
  ['seccomp', refuse('no seccomp filter is set')],
  ['maskedPaths', refuse('these paths stay visible')],
  ['readonlyPaths', refuse('these paths stay writable')],
  ['rootfsPropagation', refuse('the propagation is private')],
  ['mountLabel', refuse('mounts get no SELinux label')],
  ['intelRdt', refuse('it is not set')],
  ['memoryPolicy', refuse('it is not set')],
  ['personality', refuse('the execution domain is not changed')],
]);

const topFields: Fields = new Map([
  [
    'ociVersion',
    text((value, { invalid }, pointer) => {
      if (!/^1\.\d/.test(value)) invalid.push({ pointer, why: 'only version 1 of the specification is known' });
    }),
  ],
  ['process', object(processFields)],
  ['root', object(rootFields)],
  ['hostname', utsName((value, draft) => (draft.hostname = value))],
  ['domainname', utsName((value, draft) => (draft.domainname = value))],
  ['mounts', readMounts],
  ['linux', object(linuxFields)],
  ['annotations', taken],
  ['hooks', refuse('no hooks are run')],
  ['solaris', refuse('it is for another system')],
  ['windows', refuse('it is for another system')],
  ['vm', refuse('it is for virtual machines')],
  ['zos', refuse('it is for another system')],
]);
