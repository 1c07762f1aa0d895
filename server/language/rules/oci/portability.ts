/** What older kernels, runtimes and versions of the specification do not have, and hooks. */
import type { OciDocument } from '../../dialects/oci/document.ts';
import { itemsOf, memberOf, membersOf, numberOf, textOf, valueAt } from '../../json.ts';
import type { Span } from '../../span.ts';
import { configSection, rule, type OciRule } from './kit.ts';
import { manual } from '../../../../extension/model/manual.ts';

interface Feature {
  readonly what: string;
  /** Version of the specification that has it first, by its ChangeLog. */
  readonly since: readonly [number, number];
  readonly find: (document: OciDocument) => Span | undefined;
}

const features: readonly Feature[] = [
  { what: 'time namespaces', since: [1, 1], find: ({ entryOf }) => entryOf.get('time')?.typeText?.span },
  { what: '`domainname`', since: [1, 1], find: ({ root }) => memberOf(root, 'domainname')?.nameSpan },
  {
    what: 'mappings of mounts',
    since: [1, 1],
    find: ({ mounts }) => mounts.map((one) => (one.uidMappings ?? one.gidMappings)?.nameSpan).find((span) => span),
  },
  {
    what: 'the options `idmap` and `ridmap`',
    since: [1, 2],
    find: ({ mounts }) => {
      for (const { options } of mounts) {
        const found = options.find(({ value }) => value === 'idmap' || value === 'ridmap');
        if (found !== undefined) return found.span;
      }
      return undefined;
    },
  },
  { what: '`netDevices`', since: [1, 3], find: ({ linux }) => memberOf(linux, 'netDevices')?.nameSpan },
];

/** Hooks and the namespaces that they run in, by the specification. */
const hookKinds = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const;

const recursive = new Set(
  ['ro', 'rw', 'nosuid', 'suid', 'nodev', 'dev', 'noexec', 'exec', 'nosymfollow', 'symfollow'].map(
    (name) => `r${name}`,
  ),
);

export const portabilityRules: readonly OciRule[] = [
  rule(
    'newer-than-its-version',
    'information',
    'Something that the stated version of the specification does not have',
    configSection('specification-version'),
    function* (document) {
      const [, major, minor] = /^([0-9]+)\.([0-9]+)\./.exec(textOf(valueAt(document.root, 'ociVersion')) ?? '') ?? [];
      if (Number(major) !== 1) return;
      for (const { what, since, find } of features) {
        const span = find(document);
        if (span === undefined || Number(minor) >= since[1]) continue;
        yield {
          span,
          message: `\`ociVersion\` says 1.${minor}, and the specification has ${what} from ${since.join('.')} on: a runtime of that version need not know them.`,
          remedy: `Say \`"ociVersion": "${since.join('.')}.0"\`.`,
        };
      }
    },
  ),
  rule(
    'time-namespace-support',
    'hint',
    'A time namespace, which older kernels and runtimes lack',
    manual('time_namespaces', 7),
    function* ({ entryOf }) {
      const entry = entryOf.get('time');
      if (entry === undefined) return;
      yield {
        span: entry.span,
        message:
          'Time namespaces need Linux 5.6 with CONFIG_TIME_NS; runc knows them from 1.2 on and refuses the file before.',
      };
    },
  ),
  rule(
    'idmapped-mount-support',
    'hint',
    'An idmapped mount, which older kernels and runtimes lack',
    manual('mount_setattr', 2),
    function* ({ mounts }) {
      for (const { options, uidMappings } of mounts) {
        const span =
          options.find(({ value }) => value === 'idmap' || value === 'ridmap')?.span ?? uidMappings?.nameSpan;
        if (span === undefined) continue;
        yield {
          span,
          message: 'Idmapped mounts need Linux 5.12 and a file system that has them; runc makes them from 1.2 on.',
        };
      }
    },
  ),
  rule(
    'recursive-option-support',
    'hint',
    'A recursive mount option, which older kernels lack',
    configSection('linux-mount-options'),
    function* ({ mounts }) {
      for (const { options } of mounts) {
        for (const option of options) {
          const { value } = option;
          if (!recursive.has(value)) continue;
          yield {
            span: option.span,
            message: `\`${value}\` needs mount_setattr(2), which is in Linux 5.12; runc knows it from 1.1 on.`,
          };
        }
      }
    },
  ),
  rule(
    'prestart-hook',
    'hint',
    'Prestart hooks, which are deprecated',
    configSection('prestart'),
    function* ({ root }) {
      const member = memberOf(valueAt(root, 'hooks'), 'prestart');
      if (member === undefined || itemsOf(member.value).length === 0) return;
      yield {
        span: member.nameSpan,
        message:
          'Prestart hooks are deprecated: `createRuntime` hooks run at the same time, in the namespaces of the runtime too.',
        remedy:
          'Call the list `createRuntime`, where each runtime that starts the file has version 1.0.2 of the specification.',
      };
    },
  ),
  rule(
    'relative-hook-path',
    'warning',
    'A hook whose path is not absolute',
    configSection('posix-platform-hooks'),
    function* ({ root }) {
      for (const kind of hookKinds) {
        for (const hook of itemsOf(valueAt(root, 'hooks', kind))) {
          const path = valueAt(hook, 'path');
          const value = textOf(path);
          if (path === undefined || value === undefined || value.startsWith('/')) continue;
          const inside = kind === 'startContainer';
          yield {
            span: path.span,
            message: `The specification requires an absolute path, which is looked up in the mount namespace of the ${inside ? 'container' : 'runtime'}.`,
            remedy: 'Write the whole path.',
          };
        }
      }
    },
  ),
  rule('hook-timeout', 'error', 'A hook that has no time', configSection('posix-platform-hooks'), function* ({ root }) {
    for (const kind of hookKinds) {
      for (const hook of itemsOf(valueAt(root, 'hooks', kind))) {
        const value = valueAt(hook, 'timeout');
        const timeout = numberOf(value);
        if (value === undefined || timeout === undefined || timeout > 0) continue;
        yield {
          span: value.span,
          message:
            'The specification requires a timeout greater than zero: runc ends the hook at once, and the container does not start.',
          remedy: 'Write a number of seconds, or leave it out to wait without end.',
        };
      }
    }
  }),
  rule(
    'hook-of-container-with-host-mounts',
    'hint',
    'Hooks of the container that run in namespaces of the host',
    configSection('posix-platform-hooks'),
    function* (document) {
      if (document.namespacesMember?.value?.kind !== 'array' || document.entryOf.has('mnt')) return;
      for (const member of membersOf(valueAt(document.root, 'hooks'))) {
        const inContainer = member.name === 'createContainer' || member.name === 'startContainer';
        if (!inContainer || itemsOf(member.value).length === 0) continue;
        yield {
          span: member.nameSpan,
          message: `\`${member.name}\` hooks run in the namespaces of the container, and without a \`mount\` entry it has the mount namespace of the host.`,
          remedy: 'Add a mount namespace.',
        };
      }
    },
  ),
];
