import type { DeclaredNamespace, NamespaceSource, Workload } from '../../declared.ts';
import { setting, sysctlsOf, targetOf, type KeyedSetting, type Service } from './model.ts';

interface Kind {
  readonly key: string;
  readonly type: DeclaredNamespace['type'];
  /** What the container shares or has for itself. */
  readonly what: string;
  /** Values that give a fresh one, and what each is like. */
  readonly fresh: Readonly<Record<string, string>>;
  /** Where nothing is said; undefined where the host decides. */
  readonly unsaid: string | undefined;
}

const kinds: readonly Kind[] = [
  {
    key: 'network_mode',
    type: 'net',
    what: 'network devices, addresses, routes and ports',
    fresh: { none: 'The container has a network namespace with nothing but its loopback device.' },
    unsaid: 'The container has its own network namespace, with an interface on each of its networks.',
  },
  {
    key: 'pid',
    type: 'pid',
    what: 'processes',
    fresh: { private: 'The container has its own PID namespace, in which its first process is number 1.' },
    unsaid: 'The container has its own PID namespace, in which its first process is number 1.',
  },
  {
    key: 'ipc',
    type: 'ipc',
    what: 'System V IPC objects, POSIX message queues and /dev/shm',
    fresh: {
      private: 'The container has its own IPC namespace, which no other container can join.',
      shareable: 'The container has its own IPC namespace, which other containers can join.',
      none: 'The container has its own IPC namespace, without a /dev/shm.',
    },
    unsaid: 'The container has its own IPC namespace, which other containers can join only where the Engine is set so.',
  },
  {
    key: 'uts',
    type: 'uts',
    what: 'host name and domain name',
    fresh: {},
    unsaid: 'The container has its own UTS namespace, and so its own host name and domain name.',
  },
  {
    key: 'cgroup',
    type: 'cgroup',
    what: 'view of the cgroup tree',
    fresh: { private: 'The container has its own cgroup namespace: it sees its own cgroup as the root.' },
    unsaid: undefined,
  },
  { key: 'userns_mode', type: 'user', what: 'user namespace', fresh: {}, unsaid: undefined },
];

/** Values of `network_mode` that are no network's name. */
const notNetworks = new Set(['none', 'host']);

export function workloadsOf(services: readonly Service[]): Workload[] {
  return services.map((service) => ({
    name: service.name,
    span: service.span,
    namespaces: namespacesOf(service),
    mappings: [],
    sysctls: sysctlsOf(service).flatMap(({ value, ...sysctl }) => (value === undefined ? [] : [{ ...sysctl, value }])),
    runtimes: ['docker', 'podman', 'nerdctl'],
  }));
}

function namespacesOf(service: Service): DeclaredNamespace[] {
  if (service.fields.has('provider')) return [];
  const found: DeclaredNamespace[] = [
    {
      type: 'mnt',
      from: { kind: 'new' },
      span: service.span,
      sourceSpan: service.span,
      meaning: 'The container has its own mount namespace, with its image as the root and the mounts of `volumes`.',
    },
  ];
  for (const kind of kinds) {
    const written = setting(service, kind.key);
    if (written !== undefined) {
      const source = sourceOf(kind, written);
      if (source === undefined) continue;
      const span = { start: written.entry.keySpan.start, end: Math.max(written.entry.keySpan.end, written.span.end) };
      found.push({ type: kind.type, ...source, span, sourceSpan: written.span });
    } else if (kind.unsaid !== undefined && service.complete && !service.fields.has(kind.key)) {
      const { span } = service;
      found.push({ type: kind.type, from: { kind: 'new' }, span, sourceSpan: span, meaning: kind.unsaid });
    }
  }
  return found;
}

function sourceOf(
  { key, what, fresh }: Kind,
  written: KeyedSetting,
): { readonly from: NamespaceSource; readonly meaning: string } | undefined {
  const { text, assumed } = written;
  if (assumed) return undefined;
  if (text === 'host') {
    const meaning =
      key === 'userns_mode'
        ? "The container is in the Engine's own user namespace, even where the Engine maps its users (`userns-remap`)."
        : key === 'cgroup'
          ? "The container is in the Engine's own cgroup namespace and sees the host's whole cgroup tree."
          : `The container shares the host's ${what}.`;
    return { from: { kind: 'host' }, meaning };
  }
  const target = targetOf(written);
  if (target !== undefined) {
    if (target.name === '' || !['network_mode', 'pid', 'ipc'].includes(key)) return undefined;
    return target.kind === 'service'
      ? {
          from: { kind: 'workload', name: target.name },
          meaning: `The container shares the ${what} of service ${target.name}'s first container.`,
        }
      : {
          from: { kind: 'container', name: target.name },
          meaning: `The container shares the ${what} of container ${target.name}.`,
        };
  }
  const meaning = Object.hasOwn(fresh, text) ? fresh[text] : undefined;
  if (meaning !== undefined) return { from: { kind: 'new' }, meaning };
  if (key !== 'network_mode' || notNetworks.has(text) || text.includes(':')) return undefined;
  return {
    from: { kind: 'new' },
    meaning: `The container has its own network namespace, with an interface on the Engine's network ${text}.`,
  };
}
