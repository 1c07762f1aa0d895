import { isIpcSysctl } from '../../kernel/sysctls.ts';
import { given, isTrue, setting, sysctlsOf, targetOf, type Service } from '../../dialects/compose/model.ts';
import {
  engineNetworkChecks,
  removal,
  runcChecks,
  serviceRule,
  specification,
  unlessAssumed,
  type ServiceRule,
} from './support.ts';

const discardedPorts = serviceRule(
  {
    id: 'compose/ports-with-host-network',
    severity: 'warning',
    summary: 'Ports of a service in the network namespace of the host',
    link: `${specification}#ports`,
  },
  ['network_mode'],
  function* (service, document) {
    const mode = setting(service, 'network_mode');
    const ports = given(service, 'ports');
    if (mode === undefined || ports === undefined || (mode.text !== 'host' && mode.text !== 'none')) return;
    yield {
      span: ports.keySpan,
      message:
        mode.text === 'host'
          ? 'The Compose specification forbids `ports` with `network_mode: host`; Docker Engine discards them with a warning, as the container listens on the host itself.'
          : 'With `network_mode: none` the container has a loopback device only, and nothing leads from these ports to it.',
      remedy:
        mode.text === 'host'
          ? 'Remove `ports`, or the host network.'
          : 'Remove `ports`, or give the container a network.',
      related: [{ span: mode.entry.keySpan, message: 'The network mode.' }],
      ...removal(document, service, ports),
      ...unlessAssumed(mode),
    };
  },
);

const hostLinks = serviceRule(
  {
    id: 'compose/links-with-host-network',
    severity: 'error',
    summary: 'Links of a service in the network namespace of the host',
    link: 'https://github.com/moby/moby/blob/master/daemon/internal/runconfig/hostconfig_unix.go',
  },
  ['network_mode'],
  function* (service, document) {
    const mode = setting(service, 'network_mode');
    if (mode?.text !== 'host') return;
    for (const key of ['links', 'external_links']) {
      const links = given(service, key);
      if (links === undefined) continue;
      yield {
        span: links.keySpan,
        message: `Docker Engine refuses \`${key}\` with \`network_mode: host\`.`,
        remedy: 'Remove them, and reach the other service by a port that it publishes on the host.',
        ...removal(document, service, links),
        ...unlessAssumed(mode),
      };
    }
  },
);

const hostUtsName = serviceRule(
  {
    id: 'compose/hostname-with-host-uts',
    severity: 'error',
    summary: 'A host name in the UTS namespace of the host',
    link: engineNetworkChecks.replace('hostconfig.go', 'hostconfig_unix.go'),
  },
  ['uts'],
  function* (service, document) {
    const uts = setting(service, 'uts');
    if (uts?.text !== 'host') return;
    for (const key of ['hostname', 'domainname']) {
      const name = setting(service, key);
      if (name === undefined) continue;
      yield {
        span: name.entry.keySpan,
        message:
          key === 'hostname'
            ? "Docker Engine refuses `hostname` with `uts: host`, where it would be the host's own name."
            : "runc refuses `domainname` with `uts: host`, where it would be the host's own.",
        remedy: `Remove \`${key}\`, or \`uts: host\`.`,
        related: [{ span: uts.entry.keySpan, message: 'The UTS namespace is that of the host.' }],
        ...removal(document, service, name.entry),
        ...unlessAssumed(uts, name),
      };
    }
  },
);

/** Whether the container's namespace of this kind is the host's. */
function isHosts(service: Service, key: string): boolean {
  const mode = setting(service, key);
  return mode?.text === 'host' && !mode.assumed;
}

const foreignSysctl = serviceRule(
  {
    id: 'compose/sysctl-without-namespace',
    severity: 'error',
    summary: 'A sysctl of no namespace, which would change the host',
    link: runcChecks,
  },
  ['sysctls'],
  function* (service) {
    for (const { key, keySpan } of sysctlsOf(service)) {
      if (key.startsWith('net.') || isIpcSysctl(key) || key === 'kernel.domainname') continue;
      const why =
        key === 'kernel.hostname'
          ? 'runc refuses `kernel.hostname`, which is what `hostname` is for.'
          : key.startsWith('user.')
            ? `${key} counts in a user namespace, and runc refuses it in a container that has none of its own, which is how Docker Engine makes them unless it maps users.`
            : `${key} is the same for the whole host, and runc refuses what is not of a namespace.`;
      yield {
        span: keySpan,
        message: why,
        remedy: key === 'kernel.hostname' ? 'Write `hostname`.' : 'Set it on the host with sysctl(8).',
        ...(key.startsWith('user.') && { severity: 'warning' as const }),
      };
    }
  },
);

const hostSysctl = serviceRule(
  {
    id: 'compose/sysctl-of-host-namespace',
    severity: 'error',
    summary: 'A sysctl of a namespace that is shared with the host',
    link: runcChecks,
  },
  ['sysctls'],
  function* (service) {
    const hosts = {
      network_mode: isHosts(service, 'network_mode'),
      ipc: isHosts(service, 'ipc'),
      uts: isHosts(service, 'uts'),
    };
    for (const { key, keySpan } of sysctlsOf(service)) {
      const of = key.startsWith('net.')
        ? 'network_mode'
        : isIpcSysctl(key)
          ? 'ipc'
          : key === 'kernel.domainname'
            ? 'uts'
            : undefined;
      if (of === undefined || !hosts[of]) continue;
      yield {
        span: keySpan,
        message: `runc refuses ${key} with \`${of}: host\`, where it would change the host.`,
        remedy: `Set it on the host with sysctl(8), or remove \`${of}: host\`.`,
      };
    }
  },
);

const sharedSysctl = serviceRule(
  {
    id: 'compose/sysctl-of-joined-namespace',
    severity: 'information',
    summary: 'A sysctl of a namespace that another container owns',
    link: `${specification}#sysctls`,
  },
  ['sysctls'],
  function* (service) {
    for (const { key, keySpan } of sysctlsOf(service)) {
      const of = key.startsWith('net.') ? 'network_mode' : isIpcSysctl(key) ? 'ipc' : undefined;
      const mode = of && setting(service, of);
      if (mode === undefined || targetOf(mode) === undefined) continue;
      yield {
        span: keySpan,
        message: `${key} is set in the namespace of \`${mode.text}\`, and so for all containers that are in it.`,
        remedy: 'Set it in the service that owns the namespace.',
      };
    }
  },
);

const sharedMemory = serviceRule(
  {
    id: 'compose/shm-size-without-effect',
    severity: 'warning',
    summary: 'A size of /dev/shm that the IPC mode makes void',
    link: `${specification}#shm_size`,
  },
  ['shm_size'],
  function* (service, document) {
    const size = given(service, 'shm_size');
    const ipc = setting(service, 'ipc');
    if (size === undefined || ipc === undefined) return;
    const none = ipc.text === 'none';
    if (!none && ipc.text !== 'host' && targetOf(ipc) === undefined) return;
    yield {
      span: size.keySpan,
      message: none
        ? 'With `ipc: none` the container has no /dev/shm, so `shm_size` has no effect.'
        : `With \`ipc: ${ipc.text}\` the container's /dev/shm is a foreign one, so \`shm_size\` has no effect.`,
      remedy: none || ipc.text === 'host' ? 'Remove one of the two.' : 'Set it in the one that owns the IPC namespace.',
      ...removal(document, service, size),
      ...unlessAssumed(ipc),
    };
  },
);

const initElsewhere = serviceRule(
  {
    id: 'compose/init-without-own-pid',
    severity: 'warning',
    summary: 'An init that is not process 1',
    link: `${specification}#init`,
  },
  ['init'],
  function* (service, document) {
    const init = isTrue(service, 'init');
    const pid = setting(service, 'pid');
    if (init === undefined || pid === undefined) return;
    if (pid.text !== 'host' && targetOf(pid) === undefined) return;
    yield {
      span: init.entry.keySpan,
      message: `With \`pid: ${pid.text}\` the init is not process 1 of its PID namespace, so orphans are not handed to it and it does not reap them.`,
      remedy: 'Remove `init`, or give the container its own PID namespace.',
      ...removal(document, service, init.entry),
      ...unlessAssumed(pid, init),
    };
  },
);

const noSlice = serviceRule(
  {
    id: 'compose/cgroup-parent-without-slice',
    severity: 'information',
    summary: 'A cgroup parent that the systemd driver refuses',
    link: 'https://docs.docker.com/reference/cli/dockerd/#default-cgroup-parent',
  },
  ['cgroup_parent'],
  function* (service) {
    const parent = setting(service, 'cgroup_parent');
    if (parent === undefined || (parent.text.endsWith('.slice') && parent.text.length > 6)) return;
    yield {
      span: parent.span,
      message:
        'Docker Engine refuses a cgroup parent that is no slice where it uses the systemd cgroup driver, which is the default with cgroup v2 and systemd.',
      remedy: 'Write the name of a slice, such as `workers.slice`.',
    };
  },
);

export const namespaceRules: readonly ServiceRule[] = [
  discardedPorts,
  hostLinks,
  hostUtsName,
  foreignSysctl,
  hostSysctl,
  sharedSysctl,
  sharedMemory,
  initElsewhere,
  noSlice,
];
