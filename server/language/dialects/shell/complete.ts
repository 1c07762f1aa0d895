import type { Completion } from '../../dialect.ts';
import { freeSubordinate } from '../../free-ids.ts';
import type { Host } from '../../host.ts';
import { contains } from '../../span.ts';
import type { ShellDocument } from '../shell.ts';
import { rangeOf, typeOfOption } from './declare.ts';
import type { Invocation, OptionInvocation } from './invocation.ts';
import type { Given } from './options.ts';
import type { Word } from './word.ts';

/** Values of options about namespaces, and what of the host they may refer to. Options themselves are the shell's business. */
export function completeShell(
  { invocations }: ShellDocument,
  _text: string,
  offset: number,
  host: Host | undefined,
): readonly Completion[] {
  for (const invocation of invocations) {
    if (!contains(invocation.span, offset)) continue;
    const found = completeOf(invocation, offset, host);
    if (found.length > 0) return found;
  }
  return [];
}

function completeOf(invocation: Invocation, offset: number, host: Host | undefined): readonly Completion[] {
  if (invocation.tool === 'other') return [];
  if (invocation.tool === 'ip') {
    const { ip } = invocation;
    const names = ip.object === 'netns' ? [ip.args[0], ip.inside] : [ip.inside];
    const word = names.find((each) => each !== undefined && contains(each.span, offset));
    return word === undefined || ip.verb === 'add' || ip.verb === 'attach' ? [] : namesOfHost(word, host);
  }
  for (const given of invocation.options) {
    if (given.value !== undefined && contains(given.value.span, offset)) return valuesOf(invocation, given, host);
  }
  return [];
}

function namesOfHost(word: Word, host: Host | undefined): readonly Completion[] {
  const folder = '/run/netns/';
  return (host?.named ?? []).flatMap(({ type, paths, members }) =>
    type === 'net'
      ? paths
          .filter((path) => path.startsWith(folder))
          .map((path) => ({
            label: path.slice(folder.length),
            span: word.span,
            detail: `${members} ${members === 1 ? 'process' : 'processes'}`,
            kind: 'value' as const,
          }))
      : [],
  );
}

const fixed: Readonly<Record<string, readonly (readonly [value: string, detail: string])[]>> = {
  'unshare propagation': [
    ['private', 'mounts reach neither side'],
    ['slave', 'mounts of the old namespace reach the new one'],
    ['shared', 'mounts reach both sides where they were shared'],
    ['unchanged', 'as it was'],
  ],
  'unshare setgroups': [
    ['allow', 'setgroups(2) works once groups are mapped'],
    ['deny', 'setgroups(2) never works in the new user namespace'],
  ],
  'unshare map-users': rangeWords('subuid'),
  'unshare map-groups': rangeWords('subgid'),
  'lsns type': ['mnt', 'net', 'ipc', 'user', 'pid', 'uts', 'cgroup', 'time'].map((type) => [type, 'type of namespace']),
  'docker pid': [['host', "the host's"]],
  'docker ipc': ipcWords(),
  'docker uts': [['host', "the host's"]],
  'docker userns': [['host', "the host's, despite userns-remap"]],
  'docker cgroupns': ownOrHost(),
  'docker network': networkWords(),
  'podman pid': ownOrHost(),
  'podman ipc': ipcWords(),
  'podman uts': ownOrHost(),
  'podman cgroupns': ownOrHost(),
  'podman network': networkWords(),
  'podman userns': [
    ['auto', 'a free range of ids'],
    ['keep-id', "the caller's ids are the same inside"],
    ['nomap', "the caller's ids are not mapped"],
    ['host', "the caller's"],
    ['private', 'a new one'],
  ],
};

function rangeWords(file: string): readonly (readonly [string, string])[] {
  return [
    ['auto', `the first range of /etc/${file}, from 0 on`],
    ['subids', `the first range of /etc/${file}, each id to itself`],
    ['all', 'each id of the old namespace to itself'],
  ];
}

function ipcWords(): readonly (readonly [string, string])[] {
  return [
    ['private', 'its own'],
    ['shareable', 'its own, which others may join'],
    ['host', "the host's"],
    ['none', 'its own, without /dev/shm'],
  ];
}

function ownOrHost(): readonly (readonly [string, string])[] {
  return [
    ['private', 'its own'],
    ['host', "the host's"],
  ];
}

function networkWords(): readonly (readonly [string, string])[] {
  return [
    ['bridge', 'its own, on the default bridge'],
    ['none', 'its own, with loopback only'],
    ['host', "the host's"],
  ];
}

function valuesOf(invocation: OptionInvocation, given: Given, host: Host | undefined): readonly Completion[] {
  const { value } = given;
  if (value === undefined) return [];
  const { span } = value;
  const key = `${invocation.tool} ${given.name === 'net' ? 'network' : given.name}`;
  const words = Object.hasOwn(fixed, key) && invocation.tool !== 'nsenter' ? (fixed[key] ?? []) : [];
  const completions: Completion[] = words.map(([label, detail]) => ({ label, span, detail, kind: 'value' }));
  if (invocation.tool === 'unshare' && host !== undefined) completions.push(...freeMaps(invocation, given, host));
  const type = invocation.tool === 'nsenter' ? typeOfOption.get(given.name) : undefined;
  if (type === undefined) return completions;
  for (const namespace of host?.named ?? []) {
    if (namespace.type !== type) continue;
    for (const path of namespace.paths) completions.push({ label: path, span, detail: namespace.name, kind: 'path' });
  }
  return completions;
}

/** Ranges of the user's subordinate ids that no other option of the command takes, as root of the new namespace and those after it. */
function freeMaps(invocation: OptionInvocation, given: Given, host: Host): readonly Completion[] {
  const kind = given.name === 'map-users' ? 'uid' : given.name === 'map-groups' ? 'gid' : undefined;
  if (kind === undefined || given.value === undefined) return [];
  const { span } = given.value;
  const others = invocation.options.filter((option) => option !== given).flatMap((option) => rangeOf(option) ?? []);
  const inside = Math.max(0, ...others.filter((map) => map.kind === kind).map((map) => map.inside + map.count));
  return freeSubordinate(host, kind, others).map(({ start, count }) => ({
    label: `${inside}:${start}:${count}`,
    span,
    detail: `${count} subordinate ${kind}s on ${host.name}; written so from util-linux 2.39 on`,
    kind: 'value' as const,
  }));
}
