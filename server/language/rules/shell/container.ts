import { isIpcSysctl } from '../../kernel/sysctls.ts';
import { containerNamespaces, sysctlOf } from '../../dialects/shell/declare.ts';
import { literalValue, option, type OptionInvocation } from '../../dialects/shell/invocation.ts';
import { podmanOptions } from '../../dialects/shell/tools.ts';
import type { Finding } from '../../rule.ts';
import { isDocker, networkMode } from './network.ts';
import { optionRule, remove, type ShellRule } from './rule.ts';

const engines = ['docker', 'podman'] as const;
const dockerRun = 'https://docs.docker.com/reference/cli/docker/container/run/';

/** Modes that are words; others have a name or a path behind a colon. */
const modes: Readonly<Record<'docker' | 'podman', Readonly<Record<string, RegExp>>>> = {
  docker: {
    pid: /^(?:|host|container:.+)$/,
    ipc: /^(?:|none|private|host|shareable|container:.*)$/,
    uts: /^(?:|host)$/,
    userns: /^(?:|host)$/,
    cgroupns: /^(?:|host|private)$/,
  },
  podman: {
    pid: /^(?:|host|private|pod|container:.+|ns:.+)$/,
    ipc: /^(?:|none|private|host|shareable|pod|container:.+|ns:.+)$/,
    uts: /^(?:|host|private|pod|container:.+|ns:.+)$/,
    userns: /^(?:|host|private|pod|nomap|auto(?::.+)?|keep-id(?::.+)?|container:.+|ns:.+)$/,
    cgroupns: /^(?:|host|private|pod|container:.+|ns:.+)$/,
  },
};

export const containerRules: readonly ShellRule[] = [
  optionRule(
    engines,
    {
      id: 'shell/container-hostname-of-host',
      severity: 'error',
      summary: "A host name for a container in the host's uts namespace",
      link: `${dockerRun}#uts`,
    },
    (invocation) => {
      const hostname = option(invocation, 'hostname');
      if (hostname === undefined || literalValue(option(invocation, 'uts')) !== 'host') return undefined;
      return {
        span: hostname.whole ?? hostname.key,
        message: `${isDocker(invocation) ? "Docker's daemon" : 'podman'} refuses a host name in the host's uts namespace.`,
        remedy: 'Leave out --hostname, or --uts=host.',
        ...remove('Remove --hostname', hostname),
      };
    },
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-namespace-mode',
      severity: 'error',
      summary: 'A namespace mode that there is not',
      link: `${dockerRun}#options`,
    },
    function* wrong(invocation): Iterable<Finding> {
      const known = modes[isDocker(invocation) ? 'docker' : 'podman'];
      for (const given of invocation.options) {
        const mode = literalValue(given);
        const pattern = Object.hasOwn(known, given.name) ? known[given.name] : undefined;
        if (mode === undefined || pattern === undefined || given.value === undefined || pattern.test(mode)) continue;
        const ofPodman = isDocker(invocation) && modes.podman[given.name]?.test(mode) === true;
        yield {
          span: given.value.span,
          message: ofPodman
            ? `Docker refuses this mode of --${given.name}: it is podman's.`
            : `${isDocker(invocation) ? 'Docker' : 'podman'} has no such mode of --${given.name} and refuses it.`,
          remedy: ofPodman
            ? given.name === 'userns'
              ? 'Leave it out: Docker maps ids for all containers alike, with userns-remap of the daemon.'
              : 'Leave it out: a namespace of its own is what a container has by default.'
            : `Take ${choices(invocation, given.name)}.`,
        };
      }
    },
    Object.keys(modes.docker),
  ),
  optionRule(
    ['docker'],
    {
      id: 'shell/container-option-of-podman',
      severity: 'error',
      summary: "An option of podman's that the docker command lacks",
      link: `${dockerRun}#options`,
    },
    (invocation) => {
      const { unknown } = invocation;
      const name = unknown?.text.replace(/^--/, '') ?? '';
      if (unknown === undefined || !namespaceOptionsOfPodman.has(name) || !podmanOptions.has(name)) return undefined;
      return {
        span: unknown.span,
        message: `The docker command has no option --${name}: it is podman's.`,
        remedy: 'Use podman, or leave it out.',
      };
    },
  ),
  optionRule(
    ['podman'],
    {
      id: 'shell/container-userns-with-map',
      severity: 'error',
      summary: 'podman --userns with maps of its own',
      link: 'https://docs.podman.io/en/stable/markdown/podman-run.1.html#uidmap-flags-container-uid-from-uid-amount',
    },
    (invocation) => {
      const userns = option(invocation, 'userns');
      const map = option(invocation, 'uidmap', 'gidmap', 'subuidname', 'subgidname');
      if (userns === undefined || map === undefined) return undefined;
      return {
        span: userns.whole ?? userns.key,
        message: `podman refuses --userns together with --${map.name}.`,
        remedy: 'Leave out one of the two: maps imply a new user namespace.',
        related: [{ span: map.whole ?? map.key, message: 'The map.' }],
        ...remove('Remove --userns', userns),
      };
    },
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-sysctl-not-namespaced',
      severity: 'error',
      summary: 'A sysctl that a container cannot have of its own',
      link: `${dockerRun}#sysctl`,
    },
    function* sysctls(invocation): Iterable<Finding> {
      for (const sysctl of invocation.options.flatMap(sysctlOf)) {
        if (sysctl.key.startsWith('net.') || isIpcSysctl(sysctl.key)) continue;
        yield {
          span: sysctl.keySpan,
          message: `${isDocker(invocation) ? 'The docker command' : 'podman'} refuses ${sysctl.key}: it is of neither the ipc nor the network namespace.`,
          remedy: /^kernel\.(?:host|domain)name$/.test(sysctl.key)
            ? 'Give the name with the option for it.'
            : 'Set it on the host, for all.',
        };
      }
    },
    ['sysctl'],
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-sysctl-of-host',
      severity: 'error',
      summary: 'A sysctl of a namespace that the container shares with the host',
      link: 'https://github.com/opencontainers/runc/blob/main/libcontainer/configs/validate/validator.go',
    },
    function* sysctls(invocation): Iterable<Finding> {
      const shares = (name: string): boolean => literalValue(option(invocation, name)) === 'host';
      for (const sysctl of invocation.options.flatMap(sysctlOf)) {
        const type = sysctl.key.startsWith('net.') ? 'network' : isIpcSysctl(sysctl.key) ? 'ipc' : undefined;
        if (type === undefined || !(type === 'network' ? networkMode(invocation) === 'host' : shares('ipc'))) continue;
        yield {
          span: sysctl.keySpan,
          message: `The container shares the ${type} namespace of the host, where the runtime refuses to set ${sysctl.key}.`,
          remedy: `Set it on the host, or leave out --${type}=host.`,
        };
      }
    },
    ['sysctl'],
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-shm-size-ignored',
      severity: 'warning',
      summary: 'A size for /dev/shm that is not mounted for the container',
      link: `${dockerRun}#ipc`,
    },
    (invocation) => {
      const size = option(invocation, 'shm-size');
      const mode = literalValue(option(invocation, 'ipc'));
      if (size === undefined || mode === undefined || !/^(?:host|none|container:)/.test(mode)) return undefined;
      const podman = !isDocker(invocation) && !mode.startsWith('container:');
      return {
        span: size.whole ?? size.key,
        severity: podman ? 'error' : 'warning',
        message: podman
          ? `podman refuses --shm-size with --ipc=${mode}.`
          : `With --ipc=${mode} no /dev/shm is mounted for the container, and --shm-size has no effect.`,
        remedy: 'Leave it out, or give the container an ipc namespace of its own.',
        ...remove('Remove --shm-size', size),
      };
    },
  ),
];

/** What concerns namespaces among the options of podman that docker lacks. */
const namespaceOptionsOfPodman: ReadonlySet<string> = new Set([
  'uidmap',
  'gidmap',
  'subuidname',
  'subgidname',
  'pod',
  'pod-id-file',
  'rootfs',
  'hostuser',
]);

function choices(invocation: OptionInvocation, name: string): string {
  const type = containerNamespaces.get(name);
  if (isDocker(invocation)) {
    if (type === 'pid') return 'host or container:NAME';
    if (type === 'ipc') return 'none, private, shareable, host or container:NAME';
    return type === 'cgroup' ? 'private or host' : 'host, or leave it out';
  }
  if (type === 'user') return 'auto, keep-id, nomap, private, host, container:NAME or ns:PATH';
  return type === 'ipc'
    ? 'none, private, shareable, host, container:NAME or ns:PATH'
    : 'private, host, container:NAME or ns:PATH';
}
