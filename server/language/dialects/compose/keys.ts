/** The keys of a service that concern namespaces, as hovers and completion tell of them. */
export interface KnownKey {
  readonly about: string;
  readonly link: string;
  /** Value -> what it does; `service:` and `container:` are followed by a name. */
  readonly values: ReadonlyMap<string, string>;
}

const specification = 'https://github.com/compose-spec/compose-spec/blob/main/05-services.md';

function key(name: string, about: string, values: Readonly<Record<string, string>> = {}): [string, KnownKey] {
  return [name, { about, link: `${specification}#${name}`, values: new Map(Object.entries(values)) }];
}

const joins = (what: string): Readonly<Record<string, string>> => ({
  'service:': `share the ${what} of another service's container`,
  'container:': `share the ${what} of any container of the host`,
});

export const serviceKeys: ReadonlyMap<string, KnownKey> = new Map([
  key(
    'network_mode',
    'Network namespace of the container. Without it, and without `networks`, the container has its own, connected to the default network of the project. It does not go together with `networks`.',
    {
      none: 'own network namespace with a loopback device only',
      host: "the host's network namespace",
      bridge: "own network namespace on the Engine's default bridge",
      ...joins('network namespace'),
    },
  ),
  key('pid', 'PID namespace of the container. Without it, the container has its own.', {
    host: "the host's PID namespace: sees and may signal the host's processes",
    ...joins('PID namespace'),
  }),
  key(
    'ipc',
    'IPC namespace of the container: System V IPC, POSIX message queues, and with them /dev/shm. Without it, Docker Engine gives the container its own, which others cannot join unless the Engine is set otherwise.',
    {
      private: 'own IPC namespace that no other container can join',
      shareable: 'own IPC namespace that other containers can join',
      none: 'own IPC namespace without /dev/shm',
      host: "the host's IPC namespace and /dev/shm",
      ...joins('IPC namespace'),
    },
  ),
  key('uts', 'UTS namespace of the container: host name and domain name. Without it, the container has its own.', {
    host: "the host's UTS namespace; does not go together with `hostname`",
  }),
  key(
    'userns_mode',
    'User namespace of the container. `host` leaves the mapping of users out where the Engine has `userns-remap`; where it has not, nothing changes.',
    { host: "the Engine's own user namespace" },
  ),
  key(
    'cgroup',
    'Cgroup namespace of the container. Without it, Docker Engine gives the container its own on hosts with cgroup v2, and the host’s on those with cgroup v1.',
    { private: 'own cgroup namespace', host: "the host's cgroup namespace" },
  ),
  key(
    'cgroup_parent',
    "Cgroup beneath which the container's cgroup is made. Where the Engine uses the systemd driver it must be the name of a slice, such as `workers.slice`.",
  ),
  key(
    'sysctls',
    'Kernel parameters that are set as the container starts. Only those of its own namespaces are allowed: `net.*` with its own network namespace; `kernel.msg*`, `kernel.sem`, `kernel.shm*` and `fs.mqueue.*` with its own IPC namespace; `kernel.domainname` with its own UTS namespace.',
  ),
  key(
    'hostname',
    'Host name, set in the container’s own UTS namespace. It does not go together with `uts: host`, nor with the network namespace of another container.',
  ),
  key('domainname', 'NIS domain name (not the DNS one), set in the container’s own UTS namespace.'),
  key(
    'privileged',
    'Gives the container all capabilities and all devices, unmasks /proc and /sys, and leaves seccomp and AppArmor out. It still has its own namespaces, but can leave them.',
    { true: 'all capabilities and devices', false: 'the default' },
  ),
  key('cap_add', "Capabilities beside the Engine's default ones; those of the host unless the Engine maps users."),
  key('cap_drop', "Capabilities to take away from the Engine's default ones."),
  key(
    'shm_size',
    'Size of /dev/shm in the container’s own IPC namespace; 64 MiB by default. Without effect where the IPC namespace is shared.',
  ),
  key(
    'security_opt',
    'Seccomp, AppArmor, SELinux, no-new-privileges; `systempaths=unconfined` unmasks the paths of /proc and /sys.',
  ),
  key(
    'networks',
    'Networks on which the container’s own network namespace has an interface. It does not go together with `network_mode`.',
  ),
  key(
    'ports',
    'Ports of the host that lead into the container’s own network namespace. Without effect with `network_mode: host`, and refused with the network namespace of another container.',
  ),
]);

export const propagationValues: ReadonlyMap<string, string> = new Map([
  ['rprivate', 'mounts do not spread in either direction (the default)'],
  ['private', 'the same, for the mount itself only'],
  ['rslave', 'mounts that the host makes beneath it appear in the container'],
  ['slave', 'the same, for the mount itself only'],
  ['rshared', 'mounts spread in both directions: those of the container appear on the host'],
  ['shared', 'the same, for the mount itself only'],
]);
