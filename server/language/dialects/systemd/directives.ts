import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import { nspawnDirectives } from './nspawn-directives.ts';

/** Where a directive may stand: in the section of a unit that starts processes, in [Unit], or in one of an nspawn file. */
export type Place = 'exec' | 'Unit' | 'Exec' | 'Network' | 'Files';

export interface Choice {
  readonly word: string;
  /** First version that knows this value, where it is younger than the directive. */
  readonly since?: number;
  readonly meaning: string;
}

export type Grammar =
  /** `fatal`: systemd refuses the whole unit for a wrong value, where it ignores the line elsewhere. */
  | { readonly kind: 'boolean'; readonly fatal?: true }
  | { readonly kind: 'choice'; readonly boolean: boolean; readonly choices: readonly Choice[] }
  | { readonly kind: 'hostname'; readonly choices: readonly Choice[] }
  | { readonly kind: 'namespace path'; readonly type: NamespaceType }
  | { readonly kind: 'root' }
  | { readonly kind: 'types'; readonly known: readonly NamespaceType[] }
  | { readonly kind: 'binds' }
  | { readonly kind: 'units' }
  | { readonly kind: 'ids' }
  | { readonly kind: 'free' };

export interface Directive {
  readonly key: string;
  readonly places: readonly Place[];
  /** First version of systemd that knows it; left out for what is older than 232. */
  readonly since?: number;
  readonly grammar: Grammar;
  /** An empty value takes back what was set before; without it systemd ignores the line. */
  readonly resets: boolean;
  /** What it does to namespaces: sentences of plain text. */
  readonly summary: string;
}

const boolean: Grammar = { kind: 'boolean' };
const allTypes: readonly NamespaceType[] = ['cgroup', 'ipc', 'net', 'mnt', 'pid', 'user', 'uts', 'time'];

function exec(key: string, since: number | undefined, grammar: Grammar, resets: boolean, summary: string): Directive {
  return { key, places: ['exec'], ...(since === undefined ? {} : { since }), grammar, resets, summary };
}

const unitDirectives: readonly Directive[] = [
  {
    key: 'JoinsNamespaceOf',
    places: ['Unit'],
    grammar: { kind: 'units' },
    resets: false,
    summary:
      'Runs this unit in the network and IPC namespaces and with the /tmp and /var/tmp of one of the listed units that runs already. It shares only what both units make private with PrivateNetwork=, PrivateIPC= or PrivateTmp= or join with a namespace path; mount namespaces are never shared.',
  },
  exec(
    'PrivateNetwork',
    undefined,
    boolean,
    false,
    'Starts the processes in a new network namespace that has only the loopback device. Sockets in the abstract AF_UNIX namespace of the host cannot be reached any more. Since systemd 254 it implies PrivateMounts=, so that /sys shows the new namespace.',
  ),
  exec(
    'NetworkNamespacePath',
    242,
    { kind: 'namespace path', type: 'net' },
    true,
    'Starts the processes in the network namespace that this file refers to, such as /run/netns/blue. The file must exist when they are started. PrivateNetwork= has no effect beside it.',
  ),
  exec(
    'PrivateIPC',
    248,
    boolean,
    false,
    'Starts the processes in a new IPC namespace, with System V IPC objects and POSIX message queues of its own. AF_UNIX sockets and POSIX shared memory are not part of it.',
  ),
  exec(
    'IPCNamespacePath',
    248,
    { kind: 'namespace path', type: 'ipc' },
    true,
    'Starts the processes in the IPC namespace that this file refers to. The file must exist when they are started. PrivateIPC= has no effect beside it.',
  ),
  exec(
    'PrivatePIDs',
    257,
    boolean,
    false,
    'Starts each process of the unit as process 1 of a new pid namespace, with a /proc that shows only this namespace. Only for services, and not for Type=forking.',
  ),
  exec(
    'PrivateUsers',
    232,
    {
      kind: 'choice',
      boolean: true,
      choices: [
        {
          word: 'self',
          since: 257,
          meaning: 'Maps root and the user of the unit to themselves, all others to nobody; the same as yes.',
        },
        { word: 'identity', since: 257, meaning: 'Maps the ids 0 to 65535 to themselves, all others to nobody.' },
        { word: 'full', since: 258, meaning: 'Maps all ids to themselves.' },
        {
          word: 'managed',
          since: 260,
          meaning: 'Maps 65536 ids to a range that systemd-nsresourced chooses for as long as the unit runs.',
        },
      ],
    },
    false,
    'Starts the processes in a new user namespace: they have no capabilities in the user namespace of the host, whatever their user is.',
  ),
  exec(
    'UserNamespacePath',
    259,
    { kind: 'namespace path', type: 'user' },
    true,
    'Starts the processes in the user namespace that this file refers to. Only for system services. Systemd 260 and later refuse it together with PrivateUsers=.',
  ),
  exec(
    'PrivateMounts',
    239,
    boolean,
    true,
    'Starts each process in a new mount namespace: mounts that it makes stay in there, mounts of the host still arrive.',
  ),
  exec(
    'MountFlags',
    undefined,
    {
      kind: 'choice',
      boolean: false,
      choices: [
        {
          word: 'shared',
          meaning: 'The default; other settings that need a mount namespace make it a slave of the host first.',
        },
        { word: 'slave', meaning: 'Mounts of the host arrive in the unit, those of the unit do not leave it.' },
        { word: 'private', meaning: 'Mounts and unmounts pass in neither direction.' },
      ],
    },
    true,
    'Sets the propagation of all mount points in the mount namespace of the unit. The values slave and private make such a namespace, shared does not.',
  ),
  exec(
    'PrivateTmp',
    undefined,
    {
      kind: 'choice',
      boolean: true,
      choices: [{ word: 'disconnected', since: 257, meaning: 'New tmpfs file systems that no other unit can share.' }],
    },
    false,
    'Gives the processes a /tmp and a /var/tmp of their own, in a new mount namespace. With yes, units that are joined by JoinsNamespaceOf= can share them.',
  ),
  exec(
    'ProtectHostname',
    242,
    {
      kind: 'hostname',
      choices: [{ word: 'private', since: 258, meaning: 'A new UTS namespace in which the names may be changed.' }],
    },
    true,
    'Starts the processes in a new UTS namespace and keeps them from changing host name and domain name; with private they may change them there. Since systemd 258 a host name may follow after a colon.',
  ),
  exec(
    'ProtectClock',
    245,
    boolean,
    false,
    'Keeps the processes from setting the clocks: it takes CAP_SYS_TIME and CAP_WAKE_ALARM away and filters system calls. It makes no time namespace.',
  ),
  exec(
    'ProtectProc',
    247,
    {
      kind: 'choice',
      boolean: false,
      choices: [
        { word: 'noaccess', meaning: 'Most of what /proc says of the processes of other users cannot be read.' },
        { word: 'invisible', meaning: 'Processes of other users are not to be seen.' },
        { word: 'ptraceable', meaning: 'Processes that cannot be traced are not to be seen.' },
        { word: 'default', meaning: 'No restriction.' },
      ],
    },
    false,
    'Mounts a new /proc with hidepid= in a mount namespace of the unit. It makes no pid namespace, and root is not affected.',
  ),
  exec(
    'ProcSubset',
    247,
    {
      kind: 'choice',
      boolean: false,
      choices: [
        { word: 'all', meaning: 'All of /proc.' },
        { word: 'pid', meaning: 'Only the directories of processes, without /proc/sys, /proc/meminfo and the like.' },
      ],
    },
    false,
    'Mounts a new /proc with subset= in a mount namespace of the unit.',
  ),
  exec(
    'ProtectKernelTunables',
    232,
    boolean,
    false,
    'Makes /proc/sys, /sys and the like read-only for the processes, in a new mount namespace.',
  ),
  exec(
    'ProtectKernelModules',
    232,
    boolean,
    false,
    'Keeps the processes from loading kernel modules and hides /usr/lib/modules, in a new mount namespace.',
  ),
  exec(
    'ProtectKernelLogs',
    244,
    boolean,
    false,
    'Keeps the processes from the log of the kernel and hides /proc/kmsg and /dev/kmsg, in a new mount namespace.',
  ),
  exec(
    'ProtectControlGroups',
    232,
    {
      kind: 'choice',
      boolean: true,
      choices: [
        { word: 'private', since: 257, meaning: 'A new cgroup namespace with a writable /sys/fs/cgroup of its own.' },
        { word: 'strict', since: 257, meaning: 'A new cgroup namespace with a read-only /sys/fs/cgroup of its own.' },
      ],
    },
    false,
    'Makes /sys/fs/cgroup read-only for the processes; with private or strict they are in a new cgroup namespace.',
  ),
  exec(
    'RestrictNamespaces',
    233,
    { kind: 'types', known: allTypes },
    true,
    'Filters unshare(2), clone(2) and setns(2) so that the processes can make and enter only the listed types of namespaces; after ~ all but the listed ones. What systemd itself sets up for the unit is not restricted.',
  ),
  exec(
    'DelegateNamespaces',
    258,
    { kind: 'types', known: allTypes.filter((type) => type !== 'user') },
    true,
    'Lets the user namespace of the unit own the listed types of namespaces that other settings make, so that the processes have capabilities over them. It implies PrivateUsers=self and makes no namespace of the listed types itself.',
  ),
  exec(
    'MountAPIVFS',
    233,
    boolean,
    true,
    'Mounts /proc, /sys, /dev and /run below the root directory of the unit where they are not mounted yet, in a new mount namespace. Without RootDirectory= or RootImage= it changes nothing.',
  ),
  exec(
    'DynamicUser',
    232,
    { kind: 'boolean', fatal: true },
    false,
    'Runs the processes as a user that exists only while the unit runs. It implies PrivateTmp=, ProtectSystem=strict and ProtectHome=read-only, and with them a mount namespace. Only for system services.',
  ),
  exec('RootDirectory', undefined, { kind: 'root' }, true, 'Makes this directory the root directory of the processes.'),
  exec(
    'RootImage',
    233,
    { kind: 'root' },
    true,
    'Mounts this image in a new mount namespace and makes it the root directory of the processes.',
  ),
  exec(
    'BindPaths',
    233,
    { kind: 'binds' },
    true,
    'Bind-mounts files and directories of the host in the mount namespace of the unit: SOURCE[:DESTINATION[:OPTIONS]].',
  ),
  exec(
    'BindReadOnlyPaths',
    233,
    { kind: 'binds' },
    true,
    'Bind-mounts files and directories of the host read-only in the mount namespace of the unit: SOURCE[:DESTINATION[:OPTIONS]].',
  ),
  exec(
    'TemporaryFileSystem',
    238,
    { kind: 'free' },
    true,
    'Mounts new tmpfs file systems in the mount namespace of the unit.',
  ),
  exec(
    'PrivateDevices',
    undefined,
    boolean,
    false,
    'Gives the processes a /dev with only pseudo devices, in a new mount namespace.',
  ),
  exec(
    'SystemCallFilter',
    undefined,
    { kind: 'free' },
    true,
    'Filters the system calls of the processes. The filter comes last: it does not hinder what systemd itself sets up.',
  ),
];

const all = [...unitDirectives, ...nspawnDirectives];

/** By key; a key of nspawn files may be one of units, too. */
export function directivesOf(key: string): readonly Directive[] {
  return byKey.get(key) ?? none;
}

const none: readonly Directive[] = [];

const byKey = new Map<string, Directive[]>();
for (const directive of all) byKey.set(directive.key, [...(byKey.get(directive.key) ?? []), directive]);

export const directives: readonly Directive[] = all;

export function linkOf({ key, places: [place] }: Directive): string {
  const page = place === 'exec' ? 'exec' : place === 'Unit' ? 'unit' : 'nspawn';
  return `https://www.freedesktop.org/software/systemd/man/latest/systemd.${page}.html#${key}=`;
}

/** Directives of systemd.exec(5) that need a mount namespace with any value but the named ones. */
const mountDirectives: ReadonlyMap<string, RegExp> = new Map([
  ...[
    'RootImage',
    'ReadWritePaths',
    'ReadOnlyPaths',
    'InaccessiblePaths',
    'ExecPaths',
    'NoExecPaths',
    'BindPaths',
    'BindReadOnlyPaths',
    'TemporaryFileSystem',
    'MountImages',
    'ExtensionImages',
    'ExtensionDirectories',
  ].map((key) => [key, /^$/] as const),
  ...[
    'PrivateTmp',
    'PrivateDevices',
    'PrivateMounts',
    'PrivatePIDs',
    'ProtectSystem',
    'ProtectHome',
    'ProtectKernelTunables',
    'ProtectKernelModules',
    'ProtectKernelLogs',
    'ProtectControlGroups',
    'DynamicUser',
  ].map((key) => [key, /^(?:|0|no?|false|f|off)$/i] as const),
  ['ProtectProc', /^(?:|default)$/],
  ['ProcSubset', /^(?:|all)$/],
  ['MountFlags', /^(?:|shared)$/],
]);

export function needsMountNamespace(key: string, value: string): boolean {
  const without = mountDirectives.get(key);
  return without !== undefined && !without.test(value);
}

export const mountKeys: readonly string[] = [...mountDirectives.keys()];
