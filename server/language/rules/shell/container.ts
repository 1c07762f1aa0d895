import { containerNamespaces, sysctlOf } from '../../dialects/shell/declare.ts';
import { literalValue, option, type OptionInvocation } from '../../dialects/shell/invocation.ts';
import type { Given } from '../../dialects/shell/options.ts';
import { podmanOptions } from '../../dialects/shell/tools.ts';
import type { Finding } from '../../rule.ts';
import { optionRule, remove, type ShellRule } from './rule.ts';

const engines = ['docker', 'podman'] as const;
const dockerRun = 'https://docs.docker.com/reference/cli/docker/container/run/';
const daemon = 'https://github.com/moby/moby/blob/master/daemon/internal/runconfig/hostconfig.go';

type Mode = 'host' | 'none' | 'container' | 'path' | 'other';

/** Whose network namespace the container is in, as far as it is known; the first --network counts. */
function networkMode(invocation: OptionInvocation): Mode | undefined {
  const given = invocation.options.find(({ name }) => name === 'network' || name === 'net');
  const text = given?.value?.text ?? '';
  if (text.startsWith('container:')) return 'container';
  if (text.startsWith('ns:')) return 'path';
  const network = literalValue(given);
  if (network === undefined) return undefined;
  return network === 'host' || network === 'none' ? network : 'other';
}

function isDocker({ tool }: OptionInvocation): boolean {
  return tool === 'docker';
}

const modeWords: Readonly<Record<Mode, string>> = {
  host: "the host's network namespace",
  none: 'a network namespace without networks',
  container: "another container's network namespace",
  path: 'a network namespace given by its path',
  other: 'a network',
};

/** What may be published at no port, with or without a word about it. */
const publishes = ['publish', 'publish-all'] as const;

/** Options that are refused with a network mode, by moby's runconfig and libpod's specgen. */
function refused(invocation: OptionInvocation, mode: Mode | undefined): ReadonlyMap<string, string> {
  const docker = isDocker(invocation);
  const found = new Map<string, string>();
  const add = (who: string, ...names: readonly string[]): void => {
    for (const name of names) found.set(name, who);
  };
  if (mode === undefined || mode === 'other' || (docker && mode === 'path')) return found;
  add(docker ? 'The docker command' : 'podman', 'network-alias', 'net-alias');
  add(docker ? "Docker's daemon" : 'podman', 'ip', 'ip6');
  if (!docker) add('podman', 'mac-address');
  if (docker && mode !== 'none') add("Docker's daemon", 'link');
  if (docker && mode === 'container') {
    add("Docker's daemon", 'publish', 'publish-all', 'expose', 'hostname', 'dns', 'add-host', 'mac-address');
  }
  if (!docker && mode === 'container') add('podman', 'dns', 'dns-opt', 'dns-option', 'dns-search', 'add-host');
  if (!docker && mode === 'none') add('podman', 'dns', 'dns-opt', 'dns-option', 'dns-search');
  return found;
}

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

/** Sysctls that have a value for each namespace, as docker and podman know them. */
const ipcSysctls = /^(?:kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\..*)$/;

export const containerRules: readonly ShellRule[] = [
  optionRule(
    engines,
    {
      id: 'shell/container-ports-ignored',
      severity: 'warning',
      summary: 'Ports are published of a network namespace that publishes none',
      link: `${dockerRun}#publish`,
    },
    function* ports(invocation): Iterable<Finding> {
      const mode = networkMode(invocation);
      if (mode === undefined || mode === 'other' || (isDocker(invocation) && mode !== 'host' && mode !== 'none'))
        return;
      for (const given of publications(invocation)) {
        yield {
          span: given.whole ?? given.key,
          message:
            mode === 'host'
              ? `The container uses ${modeWords[mode]}, where its ports are reached as they are: ${invocation.tool} discards --${given.name}.`
              : `The container uses ${modeWords[mode]}: ${invocation.tool} publishes nothing for it.`,
          remedy: 'Leave it out, or give the container a network.',
          ...remove(`Remove --${given.name}`, given),
        };
      }
    },
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-network-conflict',
      severity: 'error',
      summary: 'An option that is refused with the network mode',
      link: daemon,
    },
    function* conflicts(invocation): Iterable<Finding> {
      const mode = networkMode(invocation);
      const who = refused(invocation, mode);
      if (mode === undefined) return;
      for (const given of invocation.options) {
        const refuses = who.get(given.name);
        if (refuses === undefined) continue;
        yield {
          span: given.whole ?? given.key,
          message: `${refuses} refuses --${given.name} with ${modeWords[mode]}.`,
          remedy: 'Leave it out, or give the container a network of its own.',
          ...remove(`Remove --${given.name}`, given),
        };
      }
    },
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-joins-itself',
      severity: 'error',
      summary: 'A container that is to join its own namespace',
      link: `${dockerRun}#network`,
    },
    function* joins(invocation): Iterable<Finding> {
      const own = literalValue(option(invocation, 'name'));
      if (own === undefined) return;
      for (const given of invocation.options) {
        if (!containerNamespaces.has(given.name) || given.value === undefined) continue;
        if (literalValue(given) !== `container:${own}`) continue;
        yield {
          span: given.value.span,
          message: 'A container cannot join the namespace of itself, which is not there before it starts.',
          remedy: 'Name the other container.',
        };
      }
    },
  ),
  optionRule(
    ['podman'],
    {
      id: 'shell/container-pod-conflict',
      severity: 'warning',
      summary: 'An option that belongs to the pod of a container',
      link: 'https://docs.podman.io/en/stable/markdown/podman-run.1.html#pod-name',
    },
    function* pods(invocation): Iterable<Finding> {
      const pod = option(invocation, 'pod');
      // Ports of a new pod are published for it.
      if (pod?.value === undefined || pod.value.text.startsWith('new:')) return;
      for (const given of invocation.options) {
        const namespaces = podNamespaces.get(given.name);
        if (namespaces === undefined) continue;
        if (namespaces !== 'user' && option(invocation, namespaces === 'net' ? 'network' : namespaces) !== undefined)
          continue;
        yield {
          span: given.whole ?? given.key,
          message: `podman refuses --${given.name} for a container of a pod that has an infra container and shares its ${namespaces} namespace, as pods do by default.`,
          remedy: 'Give it to podman pod create.',
        };
      }
    },
  ),
  optionRule(
    engines,
    {
      id: 'shell/container-two-networks',
      severity: 'error',
      summary: "Networks besides the host's, none, or another container's",
      link: `${dockerRun}#network`,
    },
    (invocation) => {
      const networks = invocation.options.filter(({ name }) => name === 'network' || name === 'net');
      const special = networks.find((each) => /^(?:host|none|container:.*)$/.test(literalValue(each) ?? ''));
      const other = networks.find((each) => each !== special && /^[\w.-]+$/.test(literalValue(each) ?? ''));
      // The docker command leaves two of the predefined ones to the daemon.
      if (special?.value === undefined || other === undefined) return undefined;
      if (isDocker(invocation) && /^(?:host|none|bridge|default)$/.test(literalValue(other) ?? '')) return undefined;
      return {
        span: special.value.span,
        message: `${isDocker(invocation) ? 'The docker command' : 'podman'} refuses ${special.value.text} together with another network.`,
        remedy: 'Leave out one of the two.',
        related: [{ span: other.value?.span ?? other.key, message: 'The other network.' }],
      };
    },
  ),
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
        if (sysctl.key.startsWith('net.') || ipcSysctls.test(sysctl.key)) continue;
        yield {
          span: sysctl.keySpan,
          message: `${isDocker(invocation) ? 'The docker command' : 'podman'} refuses ${sysctl.key}: it is of neither the ipc nor the network namespace.`,
          remedy: /^kernel\.(?:host|domain)name$/.test(sysctl.key)
            ? 'Give the name with the option for it.'
            : 'Set it on the host, for all.',
        };
      }
    },
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
        const type = sysctl.key.startsWith('net.') ? 'network' : ipcSysctls.test(sysctl.key) ? 'ipc' : undefined;
        if (type === undefined || !(type === 'network' ? networkMode(invocation) === 'host' : shares('ipc'))) continue;
        yield {
          span: sysctl.keySpan,
          message: `The container shares the ${type} namespace of the host, where the runtime refuses to set ${sysctl.key}.`,
          remedy: `Set it on the host, or leave out --${type}=host.`,
        };
      }
    },
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

/** Options whose namespace a pod's containers share. */
const podNamespaces: ReadonlyMap<string, 'net' | 'uts' | 'user'> = new Map([
  ['publish', 'net'],
  ['publish-all', 'net'],
  ['ip', 'net'],
  ['ip6', 'net'],
  ['mac-address', 'net'],
  ['add-host', 'net'],
  ['hostname', 'uts'],
  ['userns', 'user'],
  ['uidmap', 'user'],
  ['gidmap', 'user'],
]);

function publications({ options }: OptionInvocation): readonly Given[] {
  return options.filter(({ name }) => publishes.some((each) => each === name));
}

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
