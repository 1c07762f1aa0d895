import { containerNamespaces } from '../../dialects/shell/declare.ts';
import { literalValue, option, type OptionInvocation } from '../../dialects/shell/invocation.ts';
import type { Given } from '../../dialects/shell/options.ts';
import type { Finding } from '../../rule.ts';
import { optionRule, remove, type ShellRule } from './rule.ts';

const engines = ['docker', 'podman'] as const;
const dockerRun = 'https://docs.docker.com/reference/cli/docker/container/run/';
const daemon = 'https://github.com/moby/moby/blob/master/daemon/internal/runconfig/hostconfig.go';

const modes = ['host', 'none', 'container', 'path', 'bridge', 'other'] as const;
export type Mode = (typeof modes)[number];

/** Whose network namespace the container is in, as far as it is known; the first --network counts. */
export function networkMode(invocation: OptionInvocation): Mode | undefined {
  const given = invocation.options.find(({ name }) => name === 'network' || name === 'net');
  const text = given?.value?.text ?? '';
  if (text.startsWith('container:')) return 'container';
  if (text.startsWith('ns:')) return 'path';
  if (given === undefined && isDocker(invocation) && !invocation.open) return 'bridge';
  const network = literalValue(given);
  if (network === undefined) return undefined;
  if (isDocker(invocation) && (network === 'bridge' || network === 'default')) return 'bridge';
  return network === 'host' || network === 'none' ? network : 'other';
}

export function isDocker({ tool }: OptionInvocation): boolean {
  return tool === 'docker';
}

const modeWords: Readonly<Record<Mode, string>> = {
  host: "the host's network namespace",
  none: 'a network namespace without networks',
  container: "another container's network namespace",
  path: 'a network namespace given by its path',
  bridge: "Docker's default bridge network",
  other: 'a network',
};

/** What may be published at no port, with or without a word about it. */
const publishes = ['publish', 'publish-all'] as const;

/** Options that are refused with a network mode, with who refuses them: by moby's runconfig and libpod's specgen. */
function refusedWith(docker: boolean, mode: Mode): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const add = (who: string, ...names: readonly string[]): void => {
    for (const name of names) found.set(name, who);
  };
  if (mode === 'other' || (docker && mode === 'path')) return found;
  add(docker ? 'The docker command' : 'podman', 'network-alias', 'net-alias');
  add(docker ? "Docker's daemon" : 'podman', 'ip', 'ip6');
  if (!docker) add('podman', 'mac-address');
  if (mode === 'bridge') return found;
  if (docker && mode !== 'none') add("Docker's daemon", 'link');
  if (docker && mode === 'container') {
    add("Docker's daemon", 'publish', 'publish-all', 'expose', 'hostname', 'dns', 'add-host', 'mac-address');
  }
  if (!docker && mode === 'container') add('podman', 'dns', 'dns-opt', 'dns-option', 'dns-search', 'add-host');
  if (!docker && mode === 'none') add('podman', 'dns', 'dns-opt', 'dns-option', 'dns-search');
  return found;
}

const refused: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  [true, false].flatMap((docker) => modes.map((mode) => [`${docker} ${mode}`, refusedWith(docker, mode)] as const)),
);

/** The network of a container, and what it rules out. */
export const networkRules: readonly ShellRule[] = [
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
      if (
        mode === undefined ||
        mode === 'other' ||
        mode === 'bridge' ||
        (isDocker(invocation) && mode !== 'host' && mode !== 'none')
      )
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
    publishes,
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
      const who = refused.get(`${isDocker(invocation)} ${mode}`);
      if (mode === undefined || who === undefined || who.size === 0) return;
      for (const given of invocation.options) {
        const refuses = who.get(given.name);
        if (refuses === undefined) continue;
        yield {
          span: given.whole ?? given.key,
          message: `${refuses} refuses --${given.name} with ${modeWords[mode]}.`,
          remedy:
            mode === 'bridge'
              ? 'Make a network with docker network create, and give that one.'
              : 'Leave it out, or give the container a network of its own.',
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
    containerNamespaces.keys(),
  ),
  optionRule(
    ['podman'],
    {
      id: 'shell/container-pod-conflict',
      severity: 'information',
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
        if (given.name === 'userns' && /^(?:host$|pod$|container:)/.test(given.value?.text ?? '')) continue;
        if (
          namespaces !== 'user' &&
          option(invocation, ...(namespaces === 'net' ? ['network', 'net'] : [namespaces])) !== undefined
        )
          continue;
        yield {
          span: given.whole ?? given.key,
          message:
            namespaces === 'user'
              ? `podman refuses --${given.name} for a container of a pod that has an infra container, as pods have by default.`
              : `podman refuses --${given.name} for a container of a pod whose ${namespaces} namespace it shares, as it does by default.`,
          remedy: 'Give it to podman pod create.',
        };
      }
    },
    ['pod'],
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
      if (option(invocation, 'network', 'net') === undefined) return undefined;
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
];

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
