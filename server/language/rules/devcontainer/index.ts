/** Development containers: what `docker run` makes of `runArgs` and of the members that stand for its options. */
import { isIpcSysctl } from '../../kernel/sysctls.ts';
import { namespaceOptions, sysctlsOf, type DevcontainerDocument, type RunOption } from '../../dialects/devcontainer.ts';
import { isTrue, itemsOf, memberOf, textOf, valueAt } from '../../json.ts';
import type { Severity } from '../../protocol.ts';
import type { Rule } from '../../rule.ts';
import { isSame, type Span } from '../../span.ts';

type DevcontainerRule = Rule<DevcontainerDocument>;

const reference = 'https://containers.dev/implementors/json_reference/';
const dockerRun = 'https://docs.docker.com/reference/cli/docker/container/run/';
const daemon = 'https://github.com/moby/moby/blob/v28.0.0/runconfig/hostconfig.go';

/** What cannot be read before a variable of the file has its value. */
const isKnown = (value: string | undefined): value is string => value !== undefined && !value.includes('${');

const named = ({ options }: DevcontainerDocument, ...names: readonly string[]): RunOption[] =>
  options.filter(({ name }) => names.includes(name));

/** The value that counts where an option is there twice: the last. */
const valueOf = (document: DevcontainerDocument, name: string): string | undefined =>
  named(document, name).at(-1)?.value;

/** What Docker takes, and what Podman's `docker` takes beside it: docker-run(1), podman-run(1). */
const modes = new Map([
  ['pid', [/^(?:|host|container:.+)$/, /^(?:private|ns:.+)$/]],
  ['ipc', [/^(?:|none|host|private|shareable|container:.+)$/, /^ns:.+$/]],
  ['uts', [/^(?:|host)$/, /^(?:private|container:.+|ns:.+)$/]],
  ['userns', [/^(?:|host)$/, /^(?:auto|keep-id|nomap|private|container:.+|ns:.+)(?::.*)?$/]],
  ['cgroupns', [/^(?:|host|private)$/, /^(?:container:.+|ns:.+)$/]],
]);

const shared: ReadonlyMap<string, readonly [Severity, string]> = new Map([
  ['pid', ['warning', 'it sees every process there, and may signal those of its uid']],
  ['ipc', ['warning', 'it reaches the System V IPC objects, message queues and /dev/shm there']],
  ['network', ['information', 'it has the interfaces and ports there, also those on loopback']],
  ['uts', ['information', 'it has the host name there']],
  ['userns', ['information', 'its root is the root there']],
  ['cgroupns', ['information', 'it sees where in the hierarchy it is']],
]);

interface Named {
  readonly name: string;
  readonly span: Span;
}

function* capabilities({ root, options }: DevcontainerDocument): Iterable<Named> {
  for (const item of itemsOf(valueAt(root, 'capAdd'))) {
    const name = textOf(item);
    if (isKnown(name)) yield { name: plainName(name), span: item.span };
  }
  for (const { name, value, valueSpan } of options) {
    if (name === 'cap-add' && isKnown(value)) yield { name: plainName(value), span: valueSpan };
  }
}

function plainName(capability: string): string {
  return capability.toUpperCase().replace(/^CAP_/, '');
}

function privileged(document: DevcontainerDocument): Span | undefined {
  const member = memberOf(document.root, 'privileged');
  return isTrue(member?.value) ? member?.span : named(document, 'privileged')[0]?.span;
}

/** Mounts of the members and of the options, as they are written. */
function mounts({ root, options }: DevcontainerDocument): readonly { readonly text: string; readonly span: Span }[] {
  const listed = [...itemsOf(valueAt(root, 'mounts')), valueAt(root, 'workspaceMount')].flatMap((item) => {
    const text = textOf(item) ?? textOf(valueAt(item, 'source'));
    return text === undefined || item === undefined ? [] : [{ text, span: item.span }];
  });
  const given = options.flatMap(({ name, value, valueSpan }) =>
    (name === 'mount' || name === 'volume') && value !== undefined ? [{ text: value, span: valueSpan }] : [],
  );
  return [...listed, ...given];
}

const powers = new Map([
  ['ALL', 'all of them, CAP_SYS_ADMIN and CAP_SYS_MODULE with the others'],
  ['SYS_ADMIN', 'CAP_SYS_ADMIN, by which it mounts file systems, joins namespaces and can leave the container'],
  ['SYS_MODULE', 'CAP_SYS_MODULE, by which it loads kernel modules'],
  ['SYS_RAWIO', 'CAP_SYS_RAWIO, by which it reaches I/O ports and memory of the host'],
  ['DAC_READ_SEARCH', 'CAP_DAC_READ_SEARCH, by which it opens files outside of its root by their handles'],
]);

export const devcontainerRules: readonly DevcontainerRule[] = [
  {
    id: 'devcontainer/namespace-of-host',
    severity: 'warning',
    summary: 'The container is in a namespace of the host',
    link: dockerRun,
    *check({ options }) {
      for (const { name, value, span } of options) {
        const known = value === 'host' ? shared.get(name) : undefined;
        if (known === undefined) continue;
        const [severity, says] = known;
        yield {
          span,
          severity,
          message: `With --${name}=host the container is in that namespace of the host of the engine: ${says}.`,
          remedy: 'Leave the option out, unless that is meant.',
        };
      }
    },
  },
  {
    id: 'devcontainer/invalid-namespace-mode',
    severity: 'error',
    summary: 'A value that a namespace option does not have',
    link: dockerRun,
    *check({ options }) {
      for (const { name, value, valueSpan } of options) {
        const [docker, podman] = modes.get(name) ?? [];
        if (!isKnown(value) || docker === undefined || docker.test(value)) continue;
        const onlyPodman = podman?.test(value) === true;
        yield {
          span: valueSpan,
          severity: onlyPodman ? 'information' : 'error',
          message: onlyPodman
            ? `Podman takes \`${value}\` for --${name}, Docker refuses it.`
            : `Neither Docker nor Podman takes \`${value}\` for --${name}.`,
          remedy: onlyPodman
            ? 'Leave it out where Docker starts the container.'
            : `Write --${name}=host or leave the option out.`,
        };
      }
    },
  },
  {
    id: 'devcontainer/namespace-option-twice',
    severity: 'warning',
    summary: 'A namespace option that is there twice',
    link: dockerRun,
    *check({ options }) {
      const last = new Map(options.map((option) => [option.name, option]));
      for (const { name, span } of options) {
        // Several networks are attached one after the other.
        if (name === 'network' || !namespaceOptions.has(name)) continue;
        const later = last.get(name);
        if (later === undefined || isSame(later.span, span)) continue;
        yield {
          span,
          message: `--${name} is there again, and the last one counts.`,
          remedy: 'Keep one of the two.',
          related: [{ span: later.span, message: 'The one that counts' }],
        };
      }
    },
  },
  {
    id: 'devcontainer/hostname-of-host',
    severity: 'error',
    summary: "A host name for a container that has the host's",
    link: daemon,
    *check(document) {
      if (valueOf(document, 'uts') !== 'host') return;
      for (const { span } of named(document, 'hostname')) {
        yield {
          span,
          message: 'With --uts=host the name would be that of the host: Docker and Podman refuse --hostname.',
          remedy: 'Remove one of the two.',
        };
      }
    },
  },
  {
    id: 'devcontainer/option-of-joined-network',
    severity: 'warning',
    summary: "A network setting of a container that joins another one's network namespace",
    link: daemon,
    *check(document) {
      if (valueOf(document, 'network')?.startsWith('container:') !== true) return;
      for (const { name, span } of named(document, 'hostname', 'publish', 'dns', 'add-host', 'link', 'mac-address')) {
        yield {
          span,
          message: `The container has the network namespace of another one, which settles that: Docker refuses --${name} with it.`,
          remedy: 'Set it for the container whose network it is.',
        };
      }
    },
  },
  {
    id: 'devcontainer/ports-with-host-network',
    severity: 'warning',
    summary: "Published ports of a container that is in the host's network namespace",
    link: dockerRun,
    *check(document) {
      if (valueOf(document, 'network') !== 'host') return;
      const port = memberOf(document.root, 'appPort');
      const spans = [
        ...named(document, 'publish').map(({ span }) => span),
        ...(port === undefined ? [] : [port.nameSpan]),
      ];
      for (const span of spans) {
        yield {
          span,
          message:
            'With --network=host there is nothing to publish, since the ports are those of the host: Docker discards it with a warning.',
          remedy: 'Remove the ports, or --network=host.',
        };
      }
    },
  },
  {
    id: 'devcontainer/sysctl-not-namespaced',
    severity: 'error',
    summary: 'A sysctl that no namespace has a value of its own for',
    link: 'https://docs.docker.com/reference/cli/docker/container/run/#sysctl',
    *check({ options }) {
      for (const { key, keySpan } of sysctlsOf(options)) {
        if (isIpcSysctl(key) || /^net[./]/.test(key) || key.includes('${') || /^kernel\.domainname$/.test(key))
          continue;
        yield {
          span: keySpan,
          message: `\`${key}\` is not among the sysctls that belong to a namespace: Docker and Podman refuse it.`,
          remedy: 'Set it on the host.',
        };
      }
    },
  },
  {
    id: 'devcontainer/sysctl-of-host',
    severity: 'error',
    summary: "A sysctl of a namespace that is the host's",
    link: 'https://docs.docker.com/reference/cli/docker/container/run/#sysctl',
    *check(document) {
      const hosts = { network: valueOf(document, 'network') === 'host', ipc: valueOf(document, 'ipc') === 'host' };
      for (const { key, keySpan } of sysctlsOf(document.options)) {
        const option = /^net[./]/.test(key)
          ? 'network'
          : /^(?:kernel\.(?:msg|sem|shm)|fs\.mqueue\.)/.test(key)
            ? 'ipc'
            : undefined;
        if (option === undefined || !hosts[option]) continue;
        yield {
          span: keySpan,
          message: `With --${option}=host the sysctl would be that of the host: Docker and Podman refuse \`${key}\`.`,
          remedy: `Remove the sysctl, or --${option}=host.`,
        };
      }
    },
  },
  {
    id: 'devcontainer/privileged',
    severity: 'warning',
    summary: 'A privileged container',
    link: reference,
    *check(document) {
      const span = privileged(document);
      if (span === undefined) return;
      yield {
        span,
        message:
          'A privileged container has every capability and device, and neither seccomp nor masked paths: with a rootful engine its root can do all that root of the host can.',
        remedy: 'Add only the capabilities that are needed, with `capAdd`.',
      };
    },
  },
  {
    id: 'devcontainer/capability-of-privileged',
    severity: 'hint',
    summary: 'Capabilities of a container that has all of them',
    link: reference,
    *check(document) {
      if (privileged(document) === undefined) return;
      for (const { span } of capabilities(document)) {
        yield {
          span,
          message: 'A privileged container has every capability already.',
          remedy: 'Remove one of the two.',
        };
      }
    },
  },
  {
    id: 'devcontainer/powerful-capability',
    severity: 'warning',
    summary: 'A capability that reaches the host',
    link: 'https://man7.org/linux/man-pages/man7/capabilities.7.html',
    *check(document) {
      for (const { name, span } of capabilities(document)) {
        const says = powers.get(name);
        if (says === undefined) continue;
        yield {
          span,
          message: `With a rootful engine that does not remap users the container has, in the user namespace of the host, ${says}.`,
          remedy: 'Take it away, unless that is meant.',
        };
      }
    },
  },
  {
    id: 'devcontainer/unconfined-system-paths',
    severity: 'warning',
    summary: 'Neither masked nor read-only paths below /proc',
    link: dockerRun,
    *check({ root, options }) {
      const listed = itemsOf(valueAt(root, 'securityOpt')).map((item) => ({ value: textOf(item), span: item.span }));
      const given = options
        .filter(({ name }) => name === 'security-opt')
        .map(({ value, valueSpan }) => ({ value, span: valueSpan }));
      for (const { value, span } of [...listed, ...given]) {
        if (value === undefined || !/^systempaths[=:]unconfined$/.test(value)) continue;
        yield {
          span,
          message:
            "Root of the container may then write to /proc/sys and /proc/sysrq-trigger, which are the host's for the most part.",
          remedy: 'Remove the option.',
        };
      }
    },
  },
  {
    id: 'devcontainer/container-engine-mounted',
    severity: 'information',
    summary: 'The socket of a container engine in the container',
    link: 'https://docs.docker.com/engine/security/#docker-daemon-attack-surface',
    *check(document) {
      for (const { text, span } of mounts(document)) {
        if (!/(?:^|[=,/])(?:docker\.sock|containerd\.sock|podman\.sock)(?=[:,]|$)/.test(text)) continue;
        yield {
          span,
          message:
            'Who reaches the socket starts containers in any namespace of the host, past those of this container.',
          remedy: 'Use an engine of its own, such as the docker-in-docker feature, where that matters.',
        };
      }
    },
  },
  {
    id: 'devcontainer/shared-mount-propagation',
    severity: 'warning',
    summary: 'A mount in which mounts of the container appear on the host',
    link: 'https://docs.docker.com/engine/storage/bind-mounts/#configure-bind-propagation',
    *check(document) {
      for (const { text, span } of mounts(document)) {
        if (!/(?:[,:]|bind-propagation=)r?shared(?=[,:]|$)/.test(text)) continue;
        yield {
          span,
          message: 'What the container mounts below it appears on the host too, where the source is on a shared mount.',
          remedy: 'Write `rslave` to receive mounts of the host only.',
        };
      }
    },
  },
  {
    id: 'devcontainer/not-used-with-compose',
    severity: 'warning',
    summary: 'A member that a container of a Compose file does not get',
    link: reference,
    *check({ root }) {
      if (memberOf(root, 'dockerComposeFile') === undefined) return;
      for (const name of ['runArgs', 'workspaceMount', 'appPort']) {
        const member = memberOf(root, name);
        if (member === undefined) continue;
        yield {
          span: member.nameSpan,
          message: `\`${name}\` is for containers of an image or a Dockerfile: with \`dockerComposeFile\` it has no effect.`,
          remedy: 'Say it in the Compose file.',
        };
      }
    },
  },
];
