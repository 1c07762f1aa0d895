import { withArticle } from '../../../../extension/model/words.ts';
/** What a container may see of the host, and do to it. */
import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import { typeNames } from '../../dialects/oci/document.ts';
import { itemsOf, memberOf, membersOf, numberOf, textOf, valueAt } from '../../json.ts';
import type { Severity } from '../../protocol.ts';
import { isSame, type Span } from '../../span.ts';
import {
  addNamespace,
  joinedPath,
  linuxSection,
  mountAt,
  placeOfNamespaces,
  processPath,
  rule,
  type OciRule,
} from './kit.ts';
import { manual } from '../../../../extension/model/manual.ts';

/** What the container then shares with all that is on the host. */
const shares: readonly (readonly [NamespaceType, Severity, string])[] = [
  ['pid', 'warning', 'it sees every process there, and may signal and trace those of its uid'],
  ['net', 'warning', 'it has its interfaces and ports, and reaches what listens on loopback or on an abstract socket'],
  ['ipc', 'warning', 'it reaches its System V IPC objects and POSIX message queues'],
  ['uts', 'information', 'a process with CAP_SYS_ADMIN may rename the host'],
  ['cgroup', 'hint', 'it sees where in the hierarchy it is, in /proc/self/cgroup'],
];

function sharesWithHost([type, severity, says]: (typeof shares)[number]): OciRule {
  const name = typeNames[type];
  return rule(
    `host-${name}`,
    severity,
    `The container is in the ${name} namespace of the host`,
    manual('namespaces', 7),
    function* (document) {
      const entry = document.entryOf.get(type);
      if (entry === undefined && document.namespacesMember?.value?.kind === 'array') {
        yield {
          span: placeOfNamespaces(document),
          message: `Without ${withArticle(`\`${name}\``)} entry the container has the ${name} namespace of the runtime, the host's as a rule: ${says}.`,
          remedy: `Add ${withArticle(name)} namespace, unless that is meant.`,
          fixes: addNamespace(document, type),
        };
      }
      const whose = entry?.path && processPath(entry.path.value);
      if (entry?.path === undefined || whose?.type !== type || whose.whose === 'process') return;
      yield {
        span: entry.path.span,
        message: `It is the ${name} namespace of ${whose.whose === 'init' ? 'pid 1' : 'the runtime'}, the host's as a rule: ${says}.`,
        remedy: 'Leave `path` out to have a new one, unless that is meant.',
      };
    },
  );
}

/** Files by which a container that has them is as good as the host. */
const gateways: readonly (readonly [RegExp, string])[] = [
  [/^\/$/, 'all files of the host'],
  [
    /^\/(?:var\/)?run\/(?:docker\.sock|containerd\/containerd\.sock|crio\/crio\.sock|podman\/podman\.sock)$/,
    'a container engine, which starts what it is asked to as root of the host',
  ],
  [/^\/(?:etc|boot|root|var\/lib\/(?:docker|containerd|kubelet))$/, 'what the host is configured with or runs from'],
  [/^\/dev$/, 'the devices of the host'],
  [/^\/proc$/, 'the processes and the sysctls of the host'],
];

export const securityRules: readonly OciRule[] = [
  ...shares.map(sharesWithHost),
  rule(
    'writable-proc-sys',
    'warning',
    'Sysctls of the host that root of the container may write',
    linuxSection('readonly-paths'),
    function* (document) {
      const proc = mountAt(document, '/proc');
      if (proc?.type?.value !== 'proc' || proc.bind || document.entryOf.has('user')) return;
      if (proc.options.some(({ value }) => value === 'ro')) return;
      if (numberOf(valueAt(document.root, 'process', 'user', 'uid')) !== 0) return;
      const paths = itemsOf(valueAt(document.linux, 'readonlyPaths')).map(textOf);
      const masked = itemsOf(valueAt(document.linux, 'maskedPaths')).map(textOf);
      const open = ['/proc/sys', '/proc/sysrq-trigger'].filter(
        (path) => !paths.includes(path) && !masked.includes(path),
      );
      if (open.length === 0) return;
      yield {
        span: memberOf(document.linux, 'readonlyPaths')?.nameSpan ?? proc.destination?.span ?? proc.span,
        message: `Without a user namespace root of the container may write ${open.join(' and ')}, since those files ask for uid 0 and no capability: most sysctls are the host's.`,
        remedy: `Add ${open.map((path) => `\`${path}\``).join(' and ')} to \`readonlyPaths\`.`,
      };
    },
  ),
  rule(
    'writable-sysfs',
    'warning',
    'A /sys that root of the container may write',
    linuxSection('default-filesystems'),
    function* (document) {
      if (document.entryOf.has('user')) return;
      for (const { type, bind, options, target } of document.mounts) {
        if (bind || type?.value !== 'sysfs' || target !== '/sys' || options.some(({ value }) => value === 'ro'))
          continue;
        yield {
          span: type.span,
          message:
            'Without `ro` and without a user namespace root of the container may write to /sys, which is of the devices and the kernel of the host.',
          remedy: 'Add `ro` to the options.',
        };
      }
    },
  ),
  rule(
    'writable-cgroup-without-cgroup-namespace',
    'warning',
    'A cgroup hierarchy that the container may change beyond its own part',
    manual('cgroup_namespaces', 7),
    function* (document) {
      if (document.entryOf.has('cgroup')) return;
      for (const { type, bind, options } of document.mounts) {
        const isCgroup = type?.value === 'cgroup' || type?.value === 'cgroup2';
        if (bind || !isCgroup || options.some(({ value }) => value === 'ro')) continue;
        yield {
          span: type.span,
          message:
            'Without `ro` and without a cgroup namespace the mount shows the whole hierarchy of the host on cgroup v2, and root of the container may change it.',
          remedy: 'Add `ro` to the options, or a cgroup namespace.',
          fixes: addNamespace(document, 'cgroup'),
        };
      }
    },
  ),
  rule(
    'host-files-mounted',
    'warning',
    'A bind mount that gives the container the host',
    manual('mount_namespaces', 7),
    function* ({ mounts }) {
      for (const { bind, source, options } of mounts) {
        const path = source?.value.replace(/(?<=.)\/$/, '');
        const [, says] = gateways.find(([pattern]) => path !== undefined && pattern.test(path)) ?? [];
        if (!bind || source === undefined || says === undefined) continue;
        const isReadonly = options.some(({ value }) => value === 'ro' || value === 'rro');
        yield {
          span: source.span,
          severity: isReadonly && path?.endsWith('.sock') === false ? 'information' : 'warning',
          message: `The mount gives the container ${says}, past every namespace that it has.`,
          remedy: 'Mount only what it needs, read-only where it can be.',
        };
      }
    },
  ),
  rule(
    'shared-rootfs-propagation',
    'warning',
    'Mounts of the container that may appear on the host',
    manual('mount_namespaces', 7),
    function* (document) {
      const value = valueAt(document.linux, 'rootfsPropagation');
      const text = textOf(value);
      if (value === undefined || (text !== 'shared' && text !== 'rshared') || document.entryOf.has('user')) return;
      yield {
        span: value.span,
        message:
          'The mounts of the container stay in the peer groups of the host where those are shared, so that what is mounted below them appears there too.',
        remedy: 'Write `slave` to receive mounts of the host only, or `private`.',
      };
    },
  ),
  rule(
    'shared-mount-propagation',
    'warning',
    'A bind mount in which mounts of the container appear on the host',
    manual('mount_namespaces', 7),
    function* (document) {
      const inUser = document.entryOf.has('user');
      for (const { bind, options } of document.mounts) {
        const option = options.find(({ value }) => value === 'shared' || value === 'rshared');
        if (!bind || option === undefined) continue;
        yield {
          span: option.span,
          severity: inUser ? 'information' : 'warning',
          message: inUser
            ? "In a mount namespace of another user namespace than the host's the mount only receives: mounts of the container do not get to the host."
            : 'What the container mounts below it appears on the host, where the source is on a shared mount.',
          remedy: inUser
            ? 'Write `rslave`, which is what it comes to.'
            : 'Write `rslave` to receive mounts of the host only.',
        };
      }
    },
  ),
  rule(
    'loopback-cannot-move',
    'warning',
    'A loopback interface as a device to be moved',
    linuxSection('network-devices'),
    function* ({ linux }) {
      for (const { name, nameSpan } of membersOf(valueAt(linux, 'netDevices'))) {
        if (name !== 'lo') continue;
        yield {
          span: nameSpan,
          message:
            '`lo` belongs to its network namespace for good, and the kernel refuses to move it (EINVAL); runc before 1.4 does not read `netDevices`.',
          remedy: 'Remove it: each network namespace has its own.',
        };
      }
    },
  ),
  rule(
    'invalid-net-device-name',
    'warning',
    'A name that no network device can have',
    linuxSection('network-devices'),
    function* ({ linux }) {
      for (const { name, nameSpan, value } of membersOf(valueAt(linux, 'netDevices'))) {
        const inside = valueAt(value, 'name');
        const both: readonly (readonly [string | undefined, Span | undefined])[] = [
          [name, nameSpan],
          [textOf(inside), inside?.span],
        ];
        for (const [given, span] of both) {
          if (given === undefined || span === undefined || (given === '' && !isSame(span, nameSpan))) continue;
          // dev_valid_name of the kernel: IFNAMSIZ is 16 with the byte that ends it.
          const bytes = new TextEncoder().encode(given).length;
          if (bytes > 0 && bytes <= 15 && given !== '.' && given !== '..' && !/[/:\s]/.test(given)) continue;
          yield {
            span,
            message: `\`${given}\` is no name of a network device: the kernel takes 1 to 15 bytes without \`/\`, \`:\` or blanks.`,
            remedy: 'Write another name.',
          };
        }
      }
    },
  ),
  rule(
    'join-and-new-user-namespace',
    'information',
    'A new user namespace beside namespaces that it does not own',
    manual('user_namespaces', 7),
    function* (document) {
      const user = document.entryOf.get('user');
      if (user === undefined || joinedPath(user) !== undefined) return;
      for (const type of ['net', 'uts', 'ipc'] as const) {
        const entry = document.entryOf.get(type);
        if (entry?.path === undefined || joinedPath(entry) === undefined) continue;
        yield {
          span: entry.path.span,
          message: `The ${typeNames[type]} namespace that is joined belongs to a user namespace outside of the new one: capabilities of the container do not count in it.`,
          remedy: 'Join the user namespace that owns it too, where the container is to change it.',
          related: [{ span: user.span, message: 'The new user namespace' }],
        };
      }
    },
  ),
];
