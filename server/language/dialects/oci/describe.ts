import { namespaceTypes } from '../../../../extension/helper/protocol.ts';
import type { Description } from '../../dialect.ts';
import { placeAt } from '../../json.ts';
import { typeNames, type OciDocument } from './document.ts';

const specification = 'https://github.com/opencontainers/runtime-spec/blob/v1.3.0';

/** Path of the key, `*` for any index -> what it does to namespaces, and where the specification says so. */
const keys = new Map<string, readonly [string, string]>([
  [
    'linux/uidMappings',
    [
      'Lines of /proc/PID/uid_map of the new user namespace: `size` ids from `containerID` on in the container are those from `hostID` on outside. What is not mapped shows as the overflow id, 65534.',
      'config-linux.md#user-namespace-mappings',
    ],
  ],
  [
    'linux/gidMappings',
    [
      'Lines of /proc/PID/gid_map of the new user namespace: `size` ids from `containerID` on in the container are those from `hostID` on outside. What is not mapped shows as the overflow id, 65534.',
      'config-linux.md#user-namespace-mappings',
    ],
  ],
  [
    'linux/timeOffsets',
    [
      "What is added to the clocks `monotonic` and `boottime` in the new time namespace, written to /proc/PID/timens_offsets before its first process is in it. The wall clock is the host's in every time namespace.",
      'config-linux.md#offset-for-time-namespace',
    ],
  ],
  [
    'linux/sysctl',
    [
      'Files below /proc/sys that the runtime writes in the namespaces of the container. Runtimes allow those only that belong to a namespace: net.* to the network namespace, fs.mqueue.*, kernel.shm*, kernel.msg* and kernel.sem to the IPC namespace, kernel.domainname to the UTS namespace.',
      'config-linux.md#sysctl',
    ],
  ],
  [
    'linux/rootfsPropagation',
    [
      'How mounts propagate between the root of the container and where it comes from. runc sets it on all mounts of the new mount namespace before it mounts the root, and takes rslave when it is left out.',
      'config-linux.md#rootfs-mount-propagation',
    ],
  ],
  [
    'linux/maskedPaths',
    [
      'Paths that the runtime covers in the mount namespace of the container: files with /dev/null, directories with an empty read-only tmpfs.',
      'config-linux.md#masked-paths',
    ],
  ],
  [
    'linux/readonlyPaths',
    [
      'Paths that the runtime bind-mounts on themselves, read-only, in the mount namespace of the container.',
      'config-linux.md#readonly-paths',
    ],
  ],
  [
    'linux/cgroupsPath',
    [
      'The cgroup that the container is put in, which a new cgroup namespace has as its root.',
      'config-linux.md#cgroups-path',
    ],
  ],
  [
    'linux/netDevices',
    [
      "Network interfaces of the runtime's network namespace that are moved to that of the container, by their names. Physical ones return to the initial network namespace when that of the container ends, virtual ones are destroyed.",
      'config-linux.md#network-devices',
    ],
  ],
  ['hostname', ['Set by sethostname(2) in the UTS namespace of the container.', 'config.md#hostname']],
  [
    'domainname',
    [
      'The NIS domain name, set by setdomainname(2) in the UTS namespace of the container. It is not the domain of DNS.',
      'config.md#domainname',
    ],
  ],
  ['process/user/uid', ['A uid in the user namespace of the container.', 'config.md#posix-platform-user']],
  ['process/user/gid', ['A gid in the user namespace of the container.', 'config.md#posix-platform-user']],
  ['process/user/additionalGids', ['Gids in the user namespace of the container.', 'config.md#posix-platform-user']],
  [
    'process/capabilities',
    [
      "Capabilities count in the user namespace of the container and in the namespaces that it owns. Without a new user namespace that is the host's.",
      'config.md#linux-process',
    ],
  ],
  [
    'mounts/*/uidMappings',
    [
      'The map of an idmapped mount: files of uid `containerID` on the file system are those of uid `hostID` at the mount. Linux 5.12.',
      'config.md#posix-platform-mounts',
    ],
  ],
  [
    'mounts/*/gidMappings',
    [
      'The map of an idmapped mount: files of gid `containerID` on the file system are those of gid `hostID` at the mount. Linux 5.12.',
      'config.md#posix-platform-mounts',
    ],
  ],
  [
    'hooks/prestart',
    [
      'Run in the namespaces of the runtime when those of the container have been made, before pivot_root(2). Deprecated.',
      'config.md#prestart',
    ],
  ],
  [
    'hooks/createRuntime',
    [
      'Run in the namespaces of the runtime when those of the container have been made, before pivot_root(2).',
      'config.md#createruntime-hooks',
    ],
  ],
  [
    'hooks/createContainer',
    [
      'Looked up in the mount namespace of the runtime and run in the namespaces of the container, before pivot_root(2).',
      'config.md#createcontainer-hooks',
    ],
  ],
  [
    'hooks/startContainer',
    [
      'Looked up and run in the namespaces of the container, before its process is started.',
      'config.md#startcontainer-hooks',
    ],
  ],
  [
    'hooks/poststart',
    ['Run in the namespaces of the runtime when the process of the container has been started.', 'config.md#poststart'],
  ],
  [
    'hooks/poststop',
    ['Run in the namespaces of the runtime when the container has been deleted.', 'config.md#poststop'],
  ],
]);

export function describeOci(document: OciDocument, _text: string, offset: number): Description | undefined {
  const place = placeAt(document.root, offset);
  if (place?.member === undefined || !place.inName) return undefined;
  const at = place.path.map((part) => (typeof part === 'number' ? '*' : part)).join('/');
  const span = place.member.nameSpan;
  if (at === 'linux/namespaces') {
    const shared = namespaceTypes.filter((type) => !document.entryOf.has(type)).map((type) => typeNames[type]);
    const own = 'An entry makes a new namespace of its type, or joins the one that its `path` refers to.';
    const others =
      shared.length === 0
        ? 'The container shares none with the runtime.'
        : `No entry: ${shared.join(', ')}. Of these the container has the namespaces of the runtime, the host's as a rule.`;
    return { span, paragraphs: [own, others], link: `${specification}/config-linux.md#namespaces` };
  }
  const [says, section] = keys.get(at) ?? [];
  return says === undefined ? undefined : { span, paragraphs: [says], link: `${specification}/${section ?? ''}` };
}
