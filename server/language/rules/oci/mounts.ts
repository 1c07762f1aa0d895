import { withArticle } from '../../../../extension/model/words.ts';
/** Mounts: what the kernel lets a namespace mount, idmapped mounts, and how mounts propagate. */
import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import { typeNames, type OciMount } from '../../dialects/oci/document.ts';
import { addition, memberOf, textOf, valueAt } from '../../json.ts';
import { addNamespace, configSection, isNew, linuxSection, mountAt, rule, runcSource, type OciRule } from './kit.ts';
import { manual } from '../../../../extension/model/manual.ts';

const mountOptions = configSection('linux-mount-options');
const rootfsSource = runcSource('libcontainer/rootfs_linux.go');

/** Below /proc runc lets these be covered, as lxcfs does; /proc/net/dev until 1.4: `checkProcMount`. */
const coverable = new Set(
  ['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo', 'net/dev']
    .map((name) => `/proc/${name}`)
    .concat('/proc/sys/kernel/ns_last_pid', '/proc/sys/crypto/fips_enabled'),
);

/** Options that are no file system's: the specification's table, runc's, crun's and Podman's own. */
const generalOptions = new Set(
  [
    'async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime noexec',
    'noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow rbind relatime remount ro rw silent',
    'strictatime suid symfollow sync tmpcopyup idmap ridmap copy-symlink src-nofollow dest-nofollow',
    'private rprivate shared rshared slave rslave unbindable runbindable acl noacl',
    'rro rrw rnosuid rsuid rnodev rdev rnoexec rexec rnodiratime rdiratime rrelatime rnorelatime rnoatime ratime',
    'rstrictatime rnostrictatime rnosymfollow rsymfollow rasync rsync rdirsync rdefaults rmand rnomand',
  ].flatMap((line) => line.split(' ')),
);

/** Runtimes take the recursive ones too. */
const propagations = new Set(['shared', 'slave', 'private', 'unbindable'].flatMap((name) => [name, `r${name}`]));

const has = ({ options }: OciMount, ...names: readonly string[]): boolean =>
  options.some(({ value }) => names.includes(value));

/** A file system that belongs to a namespace, which a new user namespace may mount only if it owns that one too. */
function ownedMount(
  id: string,
  severity: 'error' | 'warning',
  fileSystem: string,
  type: NamespaceType,
  whoRefuses: string,
): OciRule {
  return rule(
    id,
    severity,
    `Mounts ${fileSystem} in a new user namespace without ${withArticle(typeNames[type])} namespace of its own`,
    manual('user_namespaces', 7),
    function* (document) {
      if (!isNew(document, 'user') || document.entryOf.has(type)) return;
      for (const mount of document.mounts) {
        if (mount.bind || mount.type?.value !== fileSystem) continue;
        yield {
          span: mount.type.span,
          message: `A new user namespace may mount ${fileSystem} only with ${withArticle(typeNames[type])} namespace that it owns (EPERM): ${whoRefuses}.`,
          remedy: `Add ${withArticle(typeNames[type])} namespace, or bind-mount what the host has.`,
          fixes: addNamespace(document, type),
        };
      }
    },
  );
}

export const mountRules: readonly OciRule[] = [
  rule(
    'no-proc-mount',
    'warning',
    'A container without /proc',
    linuxSection('default-filesystems'),
    function* (document) {
      const root = textOf(valueAt(document.root, 'root', 'path'));
      const isWhole = document.entryOf.has('mnt') && valueAt(document.root, 'process') !== undefined;
      if (!isWhole || root === undefined || root === '/' || mountAt(document, '/proc') !== undefined) return;
      const member = memberOf(document.root, 'mounts');
      if (document.mounts.some(({ target }) => target === '/')) return;
      const piece = '{ "destination": "/proc", "type": "proc", "source": "proc" }';
      const list = member?.value?.kind === 'array' ? member.value : undefined;
      yield {
        span: member?.nameSpan ?? memberOf(document.root, 'root')?.nameSpan ?? { start: 0, end: 0 },
        message:
          'Nothing is mounted on /proc, where the specification wants proc: programs do not see the pid namespace, and runc 1.1 fails to start the process (it reads /proc/self/fd).',
        remedy: 'Mount proc on /proc.',
        fixes: list === undefined ? [] : [{ title: 'Mount proc', edits: [addition(document.text, list, piece)] }],
      };
    },
  ),
  rule(
    'proc-of-other-pid-namespace',
    'warning',
    "The host's /proc in a container with a pid namespace of its own",
    manual('pid_namespaces', 7),
    function* (document) {
      const mount = mountAt(document, '/proc');
      const isHosts = mount?.bind === true && mount.source?.value === '/proc';
      if (!isHosts || mount.source === undefined || !isNew(document, 'pid')) return;
      yield {
        span: mount.source.span,
        message:
          'A proc mount shows the pid namespace of whoever mounted it: here the processes of the host, and /proc/self of the container leads nowhere.',
        remedy: 'Mount a new proc with `"type": "proc"`.',
      };
    },
  ),
  ownedMount('proc-mount-without-pid-namespace', 'error', 'proc', 'pid', 'runc and crun fail'),
  ownedMount(
    'sysfs-mount-without-network-namespace',
    'warning',
    'sysfs',
    'net',
    'runc fails, and crun bind-mounts the /sys of the host instead where it may',
  ),
  ownedMount('mqueue-mount-without-ipc-namespace', 'error', 'mqueue', 'ipc', 'runc and crun fail'),
  rule('mount-inside-proc', 'warning', 'A mount below /proc, which runc refuses', rootfsSource, function* ({ mounts }) {
    for (const { target, destination, type, bind } of mounts) {
      if (destination === undefined || target?.startsWith('/proc/') !== true || coverable.has(target)) continue;
      if (!bind && (type?.value === 'proc' || type?.value === 'sysfs' || type?.value === 'mqueue')) continue;
      yield {
        span: destination.span,
        message: `runc refuses a mount on \`${target}\`, since what is below /proc confines the container; crun makes it.`,
        remedy: 'Use `maskedPaths` or `readonlyPaths` to hide or protect what is below /proc.',
      };
    }
  }),
  rule('mount-over-proc', 'warning', 'Another file system in the place of /proc', rootfsSource, function* ({ mounts }) {
    for (const { target, type, bind, source } of mounts) {
      if (target !== '/proc' || bind || type === undefined || type.value === 'proc' || source?.value === '/proc')
        continue;
      yield {
        span: type.span,
        message: `\`${type.value}\` on /proc hides proc: runc from 1.2 on refuses it, and older runc fails to start the process.`,
        remedy: 'Write `"type": "proc"`.',
        fixes: [{ title: 'Mount proc', edits: [{ span: type.span, text: '"proc"' }] }],
      };
    }
  }),
  rule(
    'bind-type-without-option',
    'warning',
    'A mount of type bind that is no bind mount',
    configSection('mounts'),
    function* ({ mounts }) {
      for (const { type, bind, options } of mounts) {
        if (type?.value !== 'bind' || bind || options.some(({ value }) => value === 'remount')) continue;
        yield {
          span: type.span,
          message:
            'Only the option `bind` or `rbind` makes a bind mount: runc asks the kernel for a file system `bind`, which fails with ENODEV; crun goes by the type.',
          remedy: 'Add `bind` or `rbind` to the options.',
        };
      }
    },
  ),
  rule(
    'bind-mount-with-data',
    'warning',
    'Options of a file system on a bind mount',
    mountOptions,
    function* ({ mounts }) {
      for (const { bind, options } of mounts) {
        if (!bind) continue;
        for (const { value, span } of options) {
          if (generalOptions.has(value) || /^r?idmap=|^[zZU]$/.test(value)) continue;
          yield {
            span,
            message: `\`${value}\` is an option of a file system, which a bind mount does not pass on: runc from 1.2 on refuses it, the kernel ignores it.`,
            remedy: 'Remove the option.',
          };
        }
      }
    },
  ),
  rule('idmap-without-mappings', 'warning', 'An idmapped mount without a map', mountOptions, function* (document) {
    for (const mount of document.mounts) {
      const option = mount.options.find(({ value }) => value === 'idmap' || value === 'ridmap');
      const own = mount.uidMappings !== undefined || mount.gidMappings !== undefined;
      if (option === undefined || own || document.entryOf.has('user')) continue;
      yield {
        span: option.span,
        message: `\`${option.value}\` without mappings and without a user namespace is an error by the specification: runc from 1.2 on refuses it, older runc mounts without a map.`,
        remedy: 'Give the mount `uidMappings` and `gidMappings`, or the container a user namespace.',
      };
    }
  }),
  rule(
    'mount-mapping-incomplete',
    'warning',
    'A mount with a map of one kind only',
    configSection('posix-platform-mounts'),
    function* ({ mounts }) {
      for (const { uidMappings, gidMappings } of mounts) {
        if ((uidMappings === undefined) === (gidMappings === undefined)) continue;
        const [there, missing] =
          uidMappings === undefined ? [gidMappings, 'uidMappings'] : [uidMappings, 'gidMappings'];
        if (there === undefined) continue;
        yield {
          span: there.nameSpan,
          message: `The specification requires \`${missing}\` beside it: runc from 1.2 on and crun refuse the mount, older runc mounts without a map.`,
          remedy: `Add \`${missing}\`.`,
        };
      }
    },
  ),
  rule(
    'mount-mapping-without-idmap',
    'warning',
    'A map of a mount that older runtimes pass over in silence',
    configSection('posix-platform-mounts'),
    function* ({ text, mounts }) {
      for (const mount of mounts) {
        const map = mount.uidMappings ?? mount.gidMappings;
        if (map === undefined || mount.options.some(({ value }) => /^r?idmap(?:=|$)/.test(value))) continue;
        const option = has(mount, 'rbind') ? 'ridmap' : 'idmap';
        const options = valueAt(mount.value, 'options');
        yield {
          span: map.nameSpan,
          message:
            'Without the option `idmap` or `ridmap` a runtime that does not know mappings of mounts makes the mount without them.',
          remedy: `Add \`${option}\` to the options.`,
          fixes:
            options?.kind === 'array'
              ? [{ title: `Add ${option}`, edits: [addition(text, options, `"${option}"`)] }]
              : [],
        };
      }
    },
  ),
  rule(
    'idmap-not-a-bind-mount',
    'warning',
    'An idmapped mount that is no bind mount',
    runcSource('libcontainer/configs/validate/validator.go'),
    function* ({ mounts }) {
      for (const mount of mounts) {
        const option = mount.options.find(({ value }) => value === 'idmap' || value === 'ridmap');
        const span = option?.span ?? (mount.uidMappings ?? mount.gidMappings)?.nameSpan;
        if (mount.bind || span === undefined) continue;
        yield {
          span,
          message: 'runc maps the ids of bind mounts only and refuses this one from 1.2 on; crun maps new mounts too.',
          remedy: 'Make it a bind mount, or leave the mapping out.',
        };
      }
    },
  ),
  rule(
    'relative-mount-destination',
    'warning',
    'A mount whose destination is not absolute',
    configSection('mounts'),
    function* ({ mounts }) {
      for (const { destination } of mounts) {
        if (destination === undefined || destination.value === '' || destination.value.startsWith('/')) continue;
        yield {
          span: destination.span,
          message: 'A destination that is not absolute is deprecated by the specification, and is taken from / on.',
          remedy: 'Begin it with `/`.',
          fixes: [
            {
              title: 'Begin it with /',
              edits: [{ span: { start: destination.span.start + 1, end: destination.span.start + 1 }, text: '/' }],
            },
          ],
        };
      }
    },
  ),
  rule(
    'relative-masked-path',
    'warning',
    'A masked or read-only path that is not absolute',
    linuxSection('masked-paths'),
    function* ({ linux }) {
      for (const name of ['maskedPaths', 'readonlyPaths']) {
        const list = valueAt(linux, name);
        for (const item of list?.kind === 'array' ? list.items : []) {
          const path = textOf(item);
          if (path === undefined || path.startsWith('/')) continue;
          yield {
            span: item.span,
            message: 'The specification requires an absolute path; what another one refers to depends on the runtime.',
            remedy: 'Write the whole path, as in the container.',
          };
        }
      }
    },
  ),
  rule(
    'unknown-rootfs-propagation',
    'error',
    'A propagation that does not exist',
    linuxSection('rootfs-mount-propagation'),
    function* ({ linux }) {
      const value = valueAt(linux, 'rootfsPropagation');
      const text = textOf(value);
      if (value === undefined || !text || propagations.has(text)) return;
      yield {
        span: value.span,
        message: `There is no propagation \`${text}\`: the specification has shared, slave, private and unbindable, and runc refuses the file.`,
        remedy: 'Write `private`, `slave`, `shared` or `unbindable`.',
      };
    },
  ),
  rule(
    'unbindable-rootfs',
    'warning',
    'A propagation of the root that older runc fails with',
    linuxSection('rootfs-mount-propagation'),
    function* ({ linux }) {
      const value = valueAt(linux, 'rootfsPropagation');
      const text = textOf(value);
      if (value === undefined || (text !== 'unbindable' && text !== 'runbindable')) return;
      yield {
        span: value.span,
        message: `runc before 1.3.1 makes all mounts unbindable first, and then fails to bind-mount the root (EINVAL).`,
        remedy: 'Write `private` where older runc starts the file.',
      };
    },
  ),
  rule(
    'shared-memory-not-shared',
    'information',
    'POSIX shared memory that a joined IPC namespace does not bring',
    manual('ipc_namespaces', 7),
    function* (document) {
      const entry = document.entryOf.get('ipc');
      const shm = mountAt(document, '/dev/shm');
      if (entry === undefined || isNew(document, 'ipc') || shm?.bind !== false || shm.type?.value !== 'tmpfs') return;
      yield {
        span: shm.destination?.span ?? shm.span,
        message:
          'POSIX shared memory is files in /dev/shm, which belongs to no IPC namespace: with a tmpfs of its own the container does not share that of the IPC namespace it joins.',
        remedy: 'Bind-mount the /dev/shm of the container whose IPC namespace it is.',
        related: [{ span: entry.span, message: 'The IPC namespace that is joined' }],
      };
    },
  ),
];
