import { given, isTrue, listed, setting } from '../../dialects/compose/model.ts';
import type { RuleInfo } from '../../rule.ts';
import { capabilities } from '../../kernel/capabilities.ts';
import { engineManual, removal, serviceRule, specification, unlessAssumed, type ServiceRule } from './support.ts';

interface Hosts {
  readonly key: string;
  readonly info: RuleInfo;
  readonly message: string;
  readonly remedy: string;
}

const hosts: readonly Hosts[] = [
  {
    key: 'pid',
    info: {
      id: 'compose/host-pid',
      severity: 'warning',
      summary: 'Shares the PID namespace of the host',
      link: `${engineManual}#pid`,
    },
    message:
      "The container sees all processes of the host, may signal those of its user ids, and as root reaches the host's files through /proc/PID/root where ptrace(2) is allowed to it.",
    remedy: 'Leave `pid` out unless the service looks after the host.',
  },
  {
    key: 'network_mode',
    info: {
      id: 'compose/host-network',
      severity: 'information',
      summary: 'Shares the network namespace of the host',
      link: `${engineManual}#network`,
    },
    message:
      "The container reaches all that listens on the host's loopback device and abstract Unix sockets, and listens on the host itself.",
    remedy: 'Use a network and `ports` unless the service needs the devices of the host.',
  },
  {
    key: 'ipc',
    info: {
      id: 'compose/host-ipc',
      severity: 'warning',
      summary: 'Shares the IPC namespace of the host',
      link: `${engineManual}#ipc`,
    },
    message: "The container reaches the host's System V IPC objects, POSIX message queues and /dev/shm.",
    remedy: 'Use `shm_size` for more shared memory, or `ipc: shareable` and `ipc: service:NAME` between services.',
  },
  {
    key: 'uts',
    info: {
      id: 'compose/host-uts',
      severity: 'information',
      summary: 'Shares the UTS namespace of the host',
      link: `${engineManual}#uts`,
    },
    message: 'The container follows the host name of the host, and with CAP_SYS_ADMIN it can change it.',
    remedy: 'Leave `uts` out unless the service must follow the host name.',
  },
  {
    key: 'userns_mode',
    info: {
      id: 'compose/host-user',
      severity: 'information',
      summary: 'Leaves out the mapping of users',
      link: 'https://docs.docker.com/engine/security/userns-remap/#disable-namespace-remapping-for-a-container',
    },
    message:
      'Where the Engine maps users (`userns-remap`), this container is exempt, and its root is root of the host; elsewhere nothing changes.',
    remedy: 'Leave `userns_mode` out unless the service cannot work with mapped users.',
  },
  {
    key: 'cgroup',
    info: {
      id: 'compose/host-cgroup',
      severity: 'information',
      summary: 'Shares the cgroup namespace of the host',
      link: `${specification}#cgroup`,
    },
    message: "The container sees the names of the host's cgroups in /proc/self/cgroup and /sys/fs/cgroup.",
    remedy: 'Leave `cgroup` out unless the service looks after the cgroups of the host.',
  },
];

const hostRules = hosts.map(({ key, info, message, remedy }) =>
  serviceRule(info, [key], function* (service) {
    const mode = setting(service, key);
    if (mode?.text !== 'host') return;
    yield { span: mode.span, message, remedy, ...unlessAssumed(mode) };
  }),
);

const privileged = serviceRule(
  {
    id: 'compose/privileged',
    severity: 'warning',
    summary: 'A container with all capabilities and devices',
    link: `${engineManual}#privileged`,
  },
  ['privileged'],
  function* (service) {
    const on = isTrue(service, 'privileged');
    if (on === undefined) return;
    yield {
      span: on.span,
      message: 'The container has all capabilities and all devices of the host, so its namespaces do not hold it.',
      remedy: 'Add the capabilities (`cap_add`) and devices (`devices`) that it needs instead.',
      ...unlessAssumed(on),
    };
  },
);

const pointless = serviceRule(
  {
    id: 'compose/capabilities-with-privileged',
    severity: 'warning',
    summary: 'Capabilities added to or dropped from a privileged container',
    link: 'https://github.com/moby/moby/blob/master/daemon/pkg/oci/caps/utils.go',
  },
  ['privileged'],
  function* (service, document) {
    const on = isTrue(service, 'privileged');
    if (on === undefined || on.assumed) return;
    for (const key of ['cap_add', 'cap_drop']) {
      const entry = given(service, key);
      if (entry === undefined) continue;
      const drops = key === 'cap_drop';
      yield {
        span: entry.keySpan,
        message: drops
          ? 'Docker Engine gives a privileged container all capabilities and ignores `cap_drop`.'
          : 'A privileged container has all capabilities already, so `cap_add` adds nothing.',
        remedy: drops ? 'Remove `privileged`.' : 'Remove one of the two.',
        related: [{ span: on.entry.keySpan, message: 'The container is privileged.' }],
        ...(drops ? {} : { severity: 'hint' as const, ...removal(document, service, entry) }),
      };
    }
  },
);

function plainName(capability: string): string {
  return capability.toUpperCase().replace(/^CAP_/, '');
}

const unknownCapability = serviceRule(
  {
    id: 'compose/unknown-capability',
    severity: 'error',
    summary: 'A capability that does not exist',
    link: 'https://man7.org/linux/man-pages/man7/capabilities.7.html',
  },
  ['cap_add', 'cap_drop'],
  function* (service) {
    for (const key of ['cap_add', 'cap_drop']) {
      for (const { text, span, ...rest } of listed(service, key)) {
        const name = plainName(text);
        if (name === 'ALL' || capabilities.has(name)) continue;
        yield {
          span,
          message: `Linux has no capability ${text}, and Docker Engine refuses it.`,
          remedy: 'Write a name of capabilities(7), with or without `CAP_`, or `ALL`.',
          ...unlessAssumed(rest),
        };
      }
    }
  },
);

const powers: ReadonlyMap<string, string> = new Map([
  ['ALL', 'All capabilities include those that lead out of a container, such as CAP_SYS_ADMIN and CAP_SYS_MODULE.'],
  [
    'SYS_ADMIN',
    "CAP_SYS_ADMIN lets the container mount file systems and join namespaces in the host's user namespace: it can leave its own unless the Engine maps users.",
  ],
  ['SYS_MODULE', 'CAP_SYS_MODULE lets the container load modules into the kernel that it shares with the host.'],
]);

const power = serviceRule(
  {
    id: 'compose/capability-of-the-host',
    severity: 'warning',
    summary: 'A capability with which a container can leave its namespaces',
    link: 'https://man7.org/linux/man-pages/man7/capabilities.7.html',
  },
  ['cap_add'],
  function* (service) {
    if (isTrue(service, 'privileged') !== undefined) return;
    const pid = setting(service, 'pid');
    for (const { text, span, ...rest } of listed(service, 'cap_add')) {
      const name = plainName(text);
      const message =
        name === 'SYS_PTRACE' && pid?.text === 'host'
          ? 'With `pid: host`, CAP_SYS_PTRACE lets the container trace processes of the host and run code in them.'
          : powers.get(name);
      if (message === undefined) continue;
      yield { span, message, remedy: 'Leave it out, or add a narrower one.', ...unlessAssumed(rest) };
    }
  },
);

const unconfined: ReadonlyMap<string, string> = new Map([
  ['systempaths', 'All of /proc and /sys is unmasked, and /proc/sys can be written by root.'],
  [
    'seccomp',
    'Without a seccomp filter the container may create user namespaces and call what the default profile keeps from it, such as keyctl(2).',
  ],
  [
    'apparmor',
    'Without an AppArmor profile the container may mount file systems and write to /proc/sys as far as its capabilities go.',
  ],
]);

const confinement = serviceRule(
  {
    id: 'compose/unconfined',
    severity: 'information',
    summary: 'Takes a container’s confinement away',
    link: 'https://docs.docker.com/engine/security/seccomp/#run-without-the-default-seccomp-profile',
  },
  ['security_opt'],
  function* (service) {
    if (isTrue(service, 'privileged') !== undefined) return;
    for (const { text, span } of listed(service, 'security_opt')) {
      const [, name = '', separator] = /^(\w+)([=:])unconfined$/.exec(text) ?? [];
      const message = name === 'systempaths' && separator === ':' ? undefined : unconfined.get(name);
      if (message === undefined) continue;
      yield { span, message, remedy: 'Use a profile that allows what the service needs.' };
    }
  },
);

export const securityRules: readonly ServiceRule[] = [
  ...hostRules,
  privileged,
  pointless,
  unknownCapability,
  power,
  confinement,
];
