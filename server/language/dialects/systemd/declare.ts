import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import type { DeclaredNamespace, NamespaceSource, Workload } from '../../declared.ts';
import type { Assignment } from './text.ts';
import { lastOf, listOf, mountSettings, offOf, onOf, type Unit } from './unit.ts';
import { booleanOf, hasSpecifier, wordsOf } from './words.ts';

/** The unit or the container, with the namespaces that it is to be in. */
export function workloadsOf(unit: Unit): readonly Workload[] {
  const { kind, name, sections } = unit;
  if (kind === undefined) return [];
  const main =
    sections.find((section) => section.name === (unit.execSection ?? 'Exec')) ??
    sections.find((section) => section.name !== '');
  if (main === undefined) return [];
  return [
    {
      ...(name === undefined ? {} : { name }),
      span: main.span,
      namespaces: kind === 'nspawn' ? containerNamespaces(unit) : unitNamespaces(unit),
      mappings: [],
      sysctls: [],
      runtimes: kind === 'nspawn' ? ['systemd-nspawn'] : [],
    },
  ];
}

function unitNamespaces(unit: Unit): readonly DeclaredNamespace[] {
  const shared =
    listOf(unit, 'JoinsNamespaceOf').length > 0 ? ', or in that of a unit of JoinsNamespaceOf= that runs already' : '';
  return [
    joinedOrNew(
      unit,
      'net',
      'NetworkNamespacePath',
      'PrivateNetwork',
      `The processes start in a new network namespace that has only the loopback device${shared}.`,
    ),
    joinedOrNew(unit, 'ipc', 'IPCNamespacePath', 'PrivateIPC', `The processes start in a new IPC namespace${shared}.`),
    joinedOrNew(unit, 'user', 'UserNamespacePath', 'PrivateUsers', userMeaning(unit)) ?? delegated(unit),
    fresh('pid', onOf(unit, 'PrivatePIDs'), 'Each process of the unit starts as process 1 of a new pid namespace.'),
    fresh('uts', onOf(unit, 'ProtectHostname'), 'The processes start in a new UTS namespace.'),
    fresh('cgroup', privateCgroup(unit), 'The processes start in a new cgroup namespace.'),
    mount(unit),
  ].filter((declared) => declared !== undefined);
}

function userMeaning(unit: Unit): string {
  const value = lastOf(unit, 'PrivateUsers')?.value.text;
  const mapping =
    value === 'identity'
      ? 'in which the ids 0 to 65535 stay what they are'
      : value === 'full'
        ? 'in which all ids stay what they are'
        : value === 'managed'
          ? 'whose ids systemd-nsresourced maps to a range that is free'
          : 'in which root and the user of the unit stay what they are and all others are nobody';
  return `The processes start in a new user namespace ${mapping}.`;
}

function privateCgroup(unit: Unit): Assignment | undefined {
  const last = lastOf(unit, 'ProtectControlGroups');
  return last !== undefined && /^(?:private|strict)$/.test(last.value.text) ? last : undefined;
}

function delegated(unit: Unit): DeclaredNamespace | undefined {
  const last = onOf(unit, 'DelegateNamespaces');
  return fresh('user', last, 'The processes start in a new user namespace, which DelegateNamespaces= needs.');
}

function mount(unit: Unit): DeclaredNamespace | undefined {
  const found = mountSettings(unit);
  const named = found.find(({ key }) => key === 'PrivateMounts') ?? found[0];
  return fresh('mnt', named, 'The processes start in a new mount namespace: their mounts do not reach the host.');
}

function joinedOrNew(
  unit: Unit,
  type: NamespaceType,
  pathKey: string,
  privateKey: string,
  meaning: string,
): DeclaredNamespace | undefined {
  const path = lastOf(unit, pathKey);
  if (path !== undefined) return joined(type, path);
  const on = onOf(unit, privateKey);
  if (on !== undefined) return fresh(type, on, meaning);
  const off = offOf(unit, privateKey);
  if (off === undefined) return undefined;
  return entry(type, off, { kind: 'host' }, 'The processes stay in the namespace of the service manager.');
}

/** What a path with a specifier refers to is known only to systemd. */
function joined(type: NamespaceType, assignment: Assignment): DeclaredNamespace | undefined {
  const path = assignment.value.text;
  if (hasSpecifier(path)) return undefined;
  const source = { kind: 'path', path: path.replaceAll('%%', '%') } as const;
  return entry(type, assignment, source, `The processes start in the namespace that ${path} refers to.`);
}

function fresh(
  type: NamespaceType,
  assignment: Assignment | undefined,
  meaning: string,
): DeclaredNamespace | undefined {
  return assignment === undefined ? undefined : entry(type, assignment, { kind: 'new' }, meaning);
}

function entry(
  type: NamespaceType,
  { span, value }: Assignment,
  from: NamespaceSource,
  meaning: string,
): DeclaredNamespace {
  return { type, from, span, sourceSpan: value.span.end > value.span.start ? value.span : span, meaning };
}

/** Keys that give a container a network namespace of its own. */
export const privateNetworkKeys = [
  'VirtualEthernet',
  'VirtualEthernetExtra',
  'Interface',
  'MACVLAN',
  'IPVLAN',
  'Bridge',
  'Zone',
];

function containerNamespaces(unit: Unit): readonly DeclaredNamespace[] {
  const path = lastOf(unit, 'NamespacePath');
  const own = ['Private', ...privateNetworkKeys].map((key) => onOf(unit, key)).find((found) => found !== undefined);
  const users = lastOf(unit, 'PrivateUsers');
  const usersOff = users !== undefined && booleanOf(users.value.text) === false;
  return [
    path === undefined ? fresh('net', own, 'The container starts in a new network namespace.') : joined('net', path),
    users === undefined
      ? undefined
      : usersOff
        ? entry(
            'user',
            users,
            { kind: 'host' },
            'The container stays in the user namespace of the host: its root is root of the host.',
          )
        : fresh('user', users, 'The container starts in a new user namespace.'),
  ].filter((declared) => declared !== undefined);
}

/** The types of namespaces that other settings make for the unit, as DelegateNamespaces= can hand them over. */
export function madeTypes(unit: Unit): ReadonlySet<string> {
  return new Set(
    unitNamespaces(unit)
      .filter(({ from }) => from.kind === 'new')
      .map(({ type }) => type),
  );
}

/** The types that RestrictNamespaces= or DelegateNamespaces= list, without those after a tilde. */
export function listedTypes({ value }: Assignment): readonly string[] {
  if (value.text.startsWith('~') || booleanOf(value.text) !== undefined) return [];
  return wordsOf(value).map(({ text }) => text);
}
