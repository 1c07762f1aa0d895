import { withArticle } from '../../../../extension/model/words.ts';
/** What has no namespace to happen in. */
import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import { typeNames, type OciDocument, type OciSysctl } from '../../dialects/oci/document.ts';
import { memberOf, membersOf, textOf, valueAt, type JsonMember } from '../../json.ts';
import { isIpcSysctl } from '../../kernel/sysctls.ts';
import type { Finding } from '../../rule.ts';
import {
  addNamespace,
  configSection,
  isNew,
  joinedPath,
  linuxSection,
  processPath,
  rule,
  runcSource,
  type OciRule,
} from './kit.ts';
import { manual } from '../../../../extension/model/manual.ts';

const validator = runcSource('libcontainer/configs/validate/validator.go');

function sysctlType({ key }: OciSysctl): NamespaceType | undefined {
  if (isIpcSysctl(key)) return 'ipc';
  if (key.startsWith('net.')) return 'net';
  if (key === 'kernel.hostname' || key === 'kernel.domainname') return 'uts';
  return key.startsWith('user.') ? 'user' : undefined;
}

/** A field that is there, is not empty, and needs a namespace that the container does not get. */
function* needs(
  document: OciDocument,
  member: JsonMember | undefined,
  type: NamespaceType,
  message: string,
): Iterable<Finding> {
  const empty = member === undefined || member.value === undefined || isEmpty(member.value);
  if (empty || document.entryOf.has(type)) return;
  yield {
    span: member.nameSpan,
    message,
    remedy: `Add ${withArticle(typeNames[type])} namespace or remove \`${member.name}\`.`,
    fixes: addNamespace(document, type),
  };
}

function isEmpty(value: NonNullable<JsonMember['value']>): boolean {
  if (value.kind === 'object') return value.members.length === 0;
  return value.kind === 'array' ? value.items.length === 0 : value.value === '' || value.value === null;
}

function sysctlWithout(type: 'ipc' | 'net', says: string): OciRule {
  const name = typeNames[type];
  return rule(
    `${name}-sysctl-without-${name}-namespace`,
    'error',
    `A sysctl of ${name} namespaces in a container that has the host's`,
    validator,
    function* (document) {
      if (document.entryOf.has(type)) return;
      for (const sysctl of document.sysctls) {
        if (sysctlType(sysctl) !== type) continue;
        yield {
          span: sysctl.nameSpan,
          message: `\`${sysctl.key}\` would change ${says} of the host: runc and crun refuse it without ${withArticle(name)} namespace.`,
          remedy: `Add ${withArticle(name)} namespace or remove the sysctl.`,
          fixes: addNamespace(document, type),
        };
      }
    },
  );
}

export const dependencyRules: readonly OciRule[] = [
  rule(
    'hostname-without-uts-namespace',
    'error',
    "A host name for a container that has the host's",
    configSection('hostname'),
    (document) =>
      needs(
        document,
        memberOf(document.root, 'hostname'),
        'uts',
        'The container has the UTS namespace of the host, whose name it would change: runc and crun refuse `hostname` without a `uts` entry.',
      ),
  ),
  rule(
    'domainname-without-uts-namespace',
    'warning',
    "A NIS domain name for a container that has the host's",
    configSection('domainname'),
    (document) =>
      needs(
        document,
        memberOf(document.root, 'domainname'),
        'uts',
        'The container has the UTS namespace of the host: runc from 1.2 on and crun refuse `domainname` without a `uts` entry, older runc does not read it.',
      ),
  ),
  rule(
    'mappings-without-user-namespace',
    'warning',
    'Mappings that no user namespace gets',
    linuxSection('user-namespace-mappings'),
    function* (document) {
      for (const kind of ['uid', 'gid']) {
        yield* needs(
          document,
          memberOf(document.linux, `${kind}Mappings`),
          'user',
          `There is no \`user\` entry, so that \`${kind}Mappings\` has no effect: runc and crun pass over it, and the ids of the container are those of the host.`,
        );
      }
    },
  ),
  rule(
    'mappings-with-joined-user-namespace',
    'warning',
    'Mappings for a user namespace that has its own already',
    linuxSection('user-namespace-mappings'),
    function* ({ entryOf, idMaps }) {
      const entry = entryOf.get('user');
      if (entry === undefined || joinedPath(entry) === undefined) return;
      for (const { kind, nameSpan } of idMaps) {
        yield {
          span: nameSpan,
          message: `A user namespace that is joined keeps its mappings: runc from 1.2 on refuses \`${kind}Mappings\` that differ from them.`,
          remedy: `Remove \`${kind}Mappings\`, or \`path\` to have a new user namespace.`,
          related: [{ span: entry.span, message: 'The user namespace that is joined' }],
        };
      }
    },
  ),
  rule(
    'time-offsets-without-time-namespace',
    'warning',
    'Clock offsets that no time namespace gets',
    linuxSection('offset-for-time-namespace'),
    (document) =>
      needs(
        document,
        memberOf(document.linux, 'timeOffsets'),
        'time',
        'The clocks of the host cannot be shifted: runc from 1.2 on refuses `timeOffsets` without a `time` entry, crun fails to write them, and older runc does not read them.',
      ),
  ),
  rule(
    'time-offsets-with-joined-time-namespace',
    'error',
    'Clock offsets for a time namespace that is joined',
    manual('time_namespaces', 7),
    function* ({ entryOf, linux }) {
      const entry = entryOf.get('time');
      const member = memberOf(linux, 'timeOffsets');
      if (entry === undefined || joinedPath(entry) === undefined || member === undefined) return;
      yield {
        span: member.nameSpan,
        message:
          'The offsets of a time namespace are fixed when its first process is in it: runc refuses `timeOffsets` beside a `path`, and crun fails to write them.',
        remedy: 'Remove `timeOffsets`, or `path` to have a new time namespace.',
        related: [{ span: entry.span, message: 'The time namespace that is joined' }],
      };
    },
  ),
  sysctlWithout('net', 'the network'),
  sysctlWithout('ipc', 'IPC'),
  rule('uts-sysctl', 'error', 'The name of the host or its domain as a sysctl', validator, function* (document) {
    const domain = textOf(valueAt(document.root, 'domainname'));
    for (const { key, nameSpan, member } of document.sysctls) {
      if (key === 'kernel.hostname') {
        yield {
          span: nameSpan,
          message: 'runc and crun refuse `kernel.hostname` as a sysctl.',
          remedy: 'Set `hostname` at the root of the file.',
        };
      } else if (key === 'kernel.domainname' && !document.entryOf.has('uts')) {
        yield {
          span: nameSpan,
          message: 'runc and crun refuse `kernel.domainname` without a `uts` entry.',
          remedy: 'Add a uts namespace or remove the sysctl.',
          fixes: addNamespace(document, 'uts'),
        };
      } else if (key === 'kernel.domainname' && domain && textOf(member.value) !== domain) {
        yield {
          span: nameSpan,
          severity: 'warning',
          message: `crun refuses \`kernel.domainname\` that differs from \`domainname\`, which is \`${domain}\`.`,
          remedy: 'Keep `domainname` alone.',
        };
      }
    }
  }),
  rule('user-sysctl', 'warning', 'A limit of namespaces as a sysctl', validator, function* (document) {
    const inside = document.entryOf.has('user');
    for (const sysctl of document.sysctls) {
      if (sysctlType(sysctl) !== 'user') continue;
      yield {
        span: sysctl.nameSpan,
        severity: inside ? 'warning' : 'error',
        message: inside
          ? `Only runc from 1.4 on sets \`${sysctl.key}\` in the user namespace of a container; older runc and crun refuse it.`
          : `\`${sysctl.key}\` would change the user namespace of the host: runc and crun refuse it.`,
        remedy: inside ? 'Remove the sysctl where other runtimes start the file.' : 'Remove the sysctl.',
      };
    }
  }),
  rule(
    'sysctl-not-namespaced',
    'error',
    'A sysctl that no namespace has a value of its own for',
    validator,
    function* (document) {
      for (const sysctl of document.sysctls) {
        if (sysctlType(sysctl) !== undefined) continue;
        yield {
          span: sysctl.nameSpan,
          message: `\`${sysctl.key}\` is not among the sysctls that belong to a namespace and would change the host: runc and crun refuse it.`,
          remedy: 'Set it on the host, with sysctl.d(5).',
        };
      }
    },
  ),
  rule(
    'net-sysctl-in-runtime-namespace',
    'warning',
    "A network sysctl in a network namespace that is the runtime's own",
    validator,
    function* (document) {
      const path = document.entryOf.get('net')?.path;
      if (path === undefined || processPath(path.value)?.whose !== 'runtime') return;
      for (const sysctl of document.sysctls) {
        if (sysctlType(sysctl) !== 'net') continue;
        yield {
          span: sysctl.nameSpan,
          message: `\`${path.value}\` is the network namespace of the runtime itself: runc refuses \`${sysctl.key}\` in it, crun sets it there.`,
          remedy: 'Leave `path` out to have a new network namespace.',
        };
      }
    },
  ),
  rule(
    'masked-paths-without-mount-namespace',
    'warning',
    'Paths to be hidden in the mount namespace of the host',
    linuxSection('masked-paths'),
    function* (document) {
      for (const name of ['maskedPaths', 'readonlyPaths']) {
        yield* needs(
          document,
          memberOf(document.linux, name),
          'mnt',
          `Without a \`mount\` entry runc refuses \`${name}\`, since the paths would change for the host too; crun makes a mount namespace unasked.`,
        );
      }
    },
  ),
  rule(
    'no-mount-namespace',
    'warning',
    'A container whose mounts are made for the host',
    linuxSection('namespaces'),
    function* (document) {
      const member = document.namespacesMember;
      if (member?.value?.kind !== 'array' || document.entryOf.has('mnt')) return;
      yield {
        span: member.nameSpan,
        message: isNew(document, 'user')
          ? 'Without a `mount` entry runc tries to mount in the mount namespace that it is in, which does not belong to the new user namespace, and fails (EPERM); crun makes a new one unasked.'
          : 'Without a `mount` entry runc makes `mounts` in the mount namespace that it is in, where they stay; crun makes a new one unasked.',
        remedy: 'Add a mount namespace.',
        fixes: addNamespace(document, 'mnt'),
      };
    },
  ),
  rule(
    'net-devices-without-network-namespace',
    'warning',
    'Network devices that have no namespace to be moved to',
    linuxSection('network-devices'),
    (document) =>
      needs(
        document,
        memberOf(document.linux, 'netDevices'),
        'net',
        'The container has the network namespace of the host, where the devices are already: runc from 1.4 on refuses `netDevices` without a `network` entry.',
      ),
  ),
  rule(
    'changes-joined-namespace',
    'information',
    'A setting that changes a namespace for all who are in it',
    linuxSection('namespaces'),
    function* (document) {
      const joins = (type: NamespaceType): string | undefined => {
        const entry = document.entryOf.get(type);
        return entry && joinedPath(entry);
      };
      const found = (member: JsonMember | undefined, type: NamespaceType): Finding[] => {
        const path = joins(type);
        if (member === undefined || path === undefined || textOf(member.value) === '') return [];
        return [
          {
            span: member.nameSpan,
            message: `It is set in the ${typeNames[type]} namespace that is joined, for every process in it.`,
            remedy: `Set it where the namespace is made, or leave \`path\` out to have a new one.`,
          },
        ];
      };
      yield* found(memberOf(document.root, 'hostname'), 'uts');
      yield* found(memberOf(document.root, 'domainname'), 'uts');
      for (const sysctl of document.sysctls) {
        const type = sysctlType(sysctl);
        if (type === 'net' || type === 'ipc') yield* found(sysctl.member, type);
      }
    },
  ),
  rule(
    'host-name-too-long',
    'error',
    'A name that is longer than the kernel takes',
    manual('sethostname', 2),
    function* ({ root, entryOf }) {
      if (!entryOf.has('uts')) return;
      for (const name of ['hostname', 'domainname'] as const) {
        const member = memberOf(root, name);
        const value = textOf(member?.value);
        const length = value === undefined ? 0 : new TextEncoder().encode(value).length;
        if (member?.value === undefined || length <= 64) continue;
        yield {
          span: member.value.span,
          // Runtimes of before version 1.1 of the specification do not read it.
          severity: name === 'hostname' ? 'error' : 'warning',
          message: `It has ${length} bytes, and the kernel takes 64 at most: set${name}(2) fails with EINVAL.`,
          remedy: 'Write a shorter name.',
        };
      }
    },
  ),
  rule(
    'unknown-clock',
    'warning',
    'An offset for a clock that time namespaces do not have',
    manual('time_namespaces', 7),
    function* (document) {
      if (!isNew(document, 'time')) return;
      for (const { name, nameSpan } of membersOf(valueAt(document.linux, 'timeOffsets'))) {
        if (name === 'monotonic' || name === 'boottime') continue;
        yield {
          span: nameSpan,
          message: `Time namespaces shift the clocks \`monotonic\` and \`boottime\` only: the kernel refuses \`${name}\` from runc with EINVAL, crun passes over it.`,
          remedy: 'Write `monotonic` or `boottime`.',
        };
      }
    },
  ),
  rule(
    'clock-offset-out-of-range',
    'error',
    'An offset that the kernel does not take',
    manual('time_namespaces', 7),
    function* (document) {
      if (!isNew(document, 'time')) return;
      for (const clock of membersOf(valueAt(document.linux, 'timeOffsets'))) {
        for (const { name, value } of membersOf(clock.value)) {
          const number = value?.kind === 'scalar' && typeof value.value === 'number' ? value.value : undefined;
          if (value === undefined || number === undefined) continue;
          // Half of KTIME_SEC_MAX, which is 2⁶³ ns in seconds: kernel/time/namespace.c.
          const message =
            name === 'nanosecs' && (number < 0 || number > 999_999_999)
              ? 'The kernel takes `nanosecs` from 0 to 999999999 (EINVAL).'
              : name === 'secs' && Math.abs(number) > 4_611_686_018
                ? 'The kernel takes no offset of more than 146 years (ERANGE).'
                : undefined;
          if (message !== undefined) yield { span: value.span, message, remedy: 'Write a smaller number.' };
        }
      }
    },
  ),
];
