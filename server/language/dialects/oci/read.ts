import { posix } from 'node:path';
import { namespaceTypes, type NamespaceType } from '../../../../extension/helper/protocol.ts';
import {
  LateDeclared,
  type DeclaredMapping,
  type DeclaredNamespace,
  type DeclaredSysctl,
  type Workload,
} from '../../declared.ts';
import {
  isText,
  itemsOf,
  memberOf,
  membersOf,
  numberOf,
  parseJson,
  valueAt,
  type JsonObject,
  type JsonValue,
} from '../../json.ts';
import {
  typeNames,
  type OciDocument,
  type OciIdLine,
  type OciIdMap,
  type OciMount,
  type OciNamespace,
  type OciSysctl,
  type OciText,
} from './document.ts';

const otherPlatforms = ['windows', 'solaris', 'zos', 'freebsd'];
export const typeOfName = new Map(namespaceTypes.map((type) => [typeNames[type], type]));

export function readOci(text: string): OciDocument {
  const value = parseJson(text);
  const root = object(value);
  const linux = object(valueAt(root, 'linux'));
  const foreign = linux === undefined && otherPlatforms.some((name) => valueAt(root, name) !== undefined);
  if (root === undefined || foreign) return { ...nothing, text };
  const namespacesMember = memberOf(linux, 'namespaces');
  const entries = itemsOf(namespacesMember?.value).map(readNamespace);
  const entryOf = new Map<NamespaceType, OciNamespace>();
  for (const entry of entries) {
    if (entry.type !== undefined && !entryOf.has(entry.type)) entryOf.set(entry.type, entry);
  }
  const idMaps = (['uid', 'gid'] as const).flatMap((kind) => readIdMap(linux, kind) ?? []);
  const sysctls = membersOf(valueAt(linux, 'sysctl')).map((member): OciSysctl => {
    return { name: member.name, key: dotted(member.name), nameSpan: member.nameSpan, member };
  });
  const workload = (): Workload => ({
    span: namespacesMember?.nameSpan ?? memberOf(root, 'ociVersion')?.nameSpan ?? { start: 0, end: 0 },
    namespaces: [...entryOf].map(([type, entry]) => declared(type, entry)),
    mappings: idMaps.flatMap(({ kind, lines }) => lines.flatMap((line) => mapping(kind, line))),
    sysctls: sysctls.flatMap(declaredSysctl),
    runtimes: ['runc', 'crun'],
  });
  const mounts: OciMount[] = [];
  for (const item of itemsOf(valueAt(root, 'mounts'))) if (item.kind === 'object') mounts.push(readMount(item));
  return Object.assign(new LateDeclared(() => [workload()]), {
    text,
    root,
    linux,
    namespacesMember,
    entries,
    entryOf,
    mounts,
    idMaps,
    sysctls,
  });
}

const nothing: Omit<OciDocument, 'text'> = {
  root: undefined,
  linux: undefined,
  namespacesMember: undefined,
  entries: [],
  entryOf: new Map(),
  mounts: [],
  idMaps: [],
  sysctls: [],
  workloads: [],
};

function object(value: JsonValue | undefined): JsonObject | undefined {
  return value?.kind === 'object' ? value : undefined;
}

export function stringOf(value: JsonValue | undefined): OciText | undefined {
  return isText(value) ? value : undefined;
}

function readNamespace(value: JsonValue): OciNamespace {
  const typeText = stringOf(valueAt(value, 'type'));
  const type = typeText && typeOfName.get(typeText.value);
  return { span: value.span, typeText, type, path: stringOf(valueAt(value, 'path')) };
}

function readMount(value: JsonObject): OciMount {
  const destination = stringOf(valueAt(value, 'destination'));
  const items = itemsOf(valueAt(value, 'options'));
  const options: readonly OciText[] = items.every(isText) ? items : items.filter(isText);
  return {
    value,
    span: value.span,
    destination,
    target: destination && targetOf(destination.value),
    type: stringOf(valueAt(value, 'type')),
    source: stringOf(valueAt(value, 'source')),
    options,
    bind: options.some((option) => option.value === 'bind' || option.value === 'rbind'),
    uidMappings: readIdMap(value, 'uid'),
    gidMappings: readIdMap(value, 'gid'),
  };
}

function targetOf(destination: string): string {
  // Nearly all are written so.
  if (/^(?:\/[^/.][^/]*)+$/.test(destination)) return destination;
  return posix.join('/', destination).replace(/(?<=.)\/$/, '');
}

function readIdMap(from: JsonObject | undefined, kind: 'uid' | 'gid'): OciIdMap | undefined {
  const member = memberOf(from, `${kind}Mappings`);
  if (member?.value?.kind !== 'array') return undefined;
  const lines = member.value.items.map((value): OciIdLine => {
    const number = (name: string): number | undefined => numberOf(valueAt(value, name));
    return { span: value.span, value, inside: number('containerID'), outside: number('hostID'), count: number('size') };
  });
  return { kind, nameSpan: member.nameSpan, lines };
}

/** Both separators are allowed, and the first one says which: sysctl.d(5), and runc's convertSysctlVariableToDotsSeparator. */
function dotted(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replace(/[./]/g, (one) => (one === '/' ? '.' : '/')) : name;
}

function isId(id: number | undefined): id is number {
  return id !== undefined && Number.isInteger(id) && id >= 0 && id < 2 ** 32;
}

function mapping(kind: 'uid' | 'gid', { inside, outside, count, span, value }: OciIdLine): DeclaredMapping[] {
  if (!isId(inside) || !isId(outside) || !isId(count)) return [];
  const outsideSpan = valueAt(value, 'hostID')?.span;
  return [{ kind, inside, outside, count, span, ...(outsideSpan && { outsideSpan }) }];
}

function declaredSysctl({ key, nameSpan, member }: OciSysctl): DeclaredSysctl[] {
  const value = stringOf(member.value);
  return value === undefined ? [] : [{ key, value: value.value, keySpan: nameSpan, valueSpan: value.span }];
}

function declared(type: NamespaceType, { span, path }: OciNamespace): DeclaredNamespace {
  const joins = path !== undefined && path.value !== '';
  return {
    type,
    from: joins ? { kind: 'path', path: path.value } : { kind: 'new' },
    span,
    sourceSpan: path?.span ?? span,
    meaning: joins
      ? `The container joins the ${typeNames[type]} namespace that ${path.value} refers to in the runtime's mount namespace.`
      : `The runtime makes a new ${typeNames[type]} namespace for the container: ${isolates[type]}.`,
  };
}

/** What a new one of each type does, in the terms of this file. */
export const isolates: Readonly<Record<NamespaceType, string>> = {
  mnt: '`root` becomes its root, `mounts` are made in it, and those of the host are not seen',
  uts: 'it has a host name and a NIS domain name of its own, which `hostname` and `domainname` set',
  ipc: 'it has System V IPC objects and POSIX message queues of its own',
  pid: '`process` is its init with pid 1, and processes of the host are not seen in a `proc` mounted there',
  net: 'it has its own interfaces, addresses, routes, ports and abstract sockets; only a loopback interface is there at first',
  user: '`uidMappings` and `gidMappings` say which ids it has and which they are outside, and capabilities count inside of it only',
  cgroup: 'the cgroup that `process` starts in is the root of what it sees in /proc/self/cgroup and in cgroup mounts',
  time: "`timeOffsets` shift its monotonic and boot-time clocks; the wall clock stays the host's",
};
