import { fieldOf, flagOf, shortSpan, spanOf, textField } from '../../dialects/kubernetes/fields.ts';
import type { Mount, Pod } from '../../dialects/kubernetes/model.ts';
import type { Finding } from '../../rule.ts';
import { containerRule, links, podRule, quoted } from './support.ts';

const propagations = ['None', 'HostToContainer', 'Bidirectional'];

const propagationUnknown = containerRule({
  id: 'kubernetes/mount-propagation-unknown',
  severity: 'error',
  summary: 'mountPropagation is none of its three values',
  link: links.propagation,
  about: ['mountPropagation'],
  *check({ mounts }) {
    for (const { node } of mounts) {
      const field = textField(node, 'mountPropagation');
      if (field === undefined || propagations.includes(field.text)) continue;
      yield {
        span: field.valueSpan,
        message:
          'The API server refuses this `mountPropagation`: it knows `None`, `HostToContainer` (rslave) and `Bidirectional` (rshared).',
        remedy: 'Write one of the three, in this case of letters.',
      };
    }
  },
});

/** Where a container asks that its own mounts come out of it. */
function propagating(mounts: readonly Mount[]): Finding['span'][] {
  return mounts.flatMap(({ node }) => {
    const field = textField(node, 'mountPropagation');
    return field?.text === 'Bidirectional' ? [spanOf(field.entry)] : [];
  });
}

const bidirectionalRefused = containerRule({
  id: 'kubernetes/bidirectional-without-privilege',
  severity: 'error',
  summary: 'Bidirectional mount propagation in a container that is not privileged',
  link: links.propagation,
  about: ['mountPropagation'],
  *check({ mounts, securityContext }, { complete }) {
    if (!complete || flagOf(securityContext, 'privileged').value !== false) return;
    for (const span of propagating(mounts)) {
      yield {
        span,
        message:
          'The API server refuses `Bidirectional` unless the container is privileged: its mounts would appear in the mount namespace of the node.',
        remedy: 'Use `HostToContainer` if the container need only see mounts, or make it privileged.',
      };
    }
  },
});

const bidirectional = containerRule({
  id: 'kubernetes/mounts-reach-the-node',
  severity: 'information',
  summary: 'Mounts of a container appear in the mount namespace of the node',
  link: links.propagation,
  about: ['mountPropagation'],
  *check({ mounts, securityContext }) {
    if (flagOf(securityContext, 'privileged').value !== true) return;
    for (const span of propagating(mounts)) {
      yield {
        span,
        message:
          "What the container mounts below this place appears in the node's mount namespace and in other containers with the volume, and stays when the container ends without unmounting it.",
        remedy: 'Let the container unmount what it mounts, or use `HostToContainer`.',
      };
    }
  },
});

const recursiveReadOnly = containerRule({
  id: 'kubernetes/recursive-read-only-refused',
  severity: 'error',
  summary: 'recursiveReadOnly without readOnly, or with mount propagation',
  link: links.recursiveReadOnly,
  about: ['recursiveReadOnly'],
  *check({ mounts }) {
    for (const { node, readOnly } of mounts) {
      const field = textField(node, 'recursiveReadOnly');
      if (field === undefined || !/^(?:Enabled|IfPossible)$/.test(field.text)) continue;
      const propagation = textField(node, 'mountPropagation');
      const wrong = [
        readOnly.value === false ? '`readOnly` is not true' : undefined,
        propagation !== undefined && /^(?:HostToContainer|Bidirectional)$/.test(propagation.text)
          ? `\`mountPropagation\` is ${quoted(propagation.text)}`
          : undefined,
      ].filter((reason) => reason !== undefined);
      if (wrong.length === 0) continue;
      yield {
        span: spanOf(field.entry),
        message: `The API server refuses ${quoted(`recursiveReadOnly: ${field.text}`)} where ${wrong.join(' and ')}.`,
        remedy: 'Set `readOnly: true` and leave `mountPropagation` out.',
      };
    }
  },
});

/** Places of the node that its namespaces or its container runtime can be reached by. */
const sockets =
  /^\/(?:var\/)?run\/(?:docker\.sock|docker\/.*\.sock|containerd\/containerd\.sock|k3s\/containerd\/containerd\.sock|crio\/crio\.sock|podman\/podman\.sock|cri-dockerd\.sock|dockershim\.sock|containerd|crio|docker)$/;
const exposing: readonly { readonly path: RegExp; readonly what: string; readonly readable: string }[] = [
  {
    path: /^\/$/,
    what: 'The container can change every file of the node, which is as much as root of the node',
    readable: 'The container can read every file of the node, with its secrets, as far as its user may',
  },
  {
    path: /^\/proc(?:\/1|\/sys)?$/,
    what: "The node's `/proc` shows every process of the node and, through `/proc/PID/root` and `/proc/sys`, its files and settings",
    readable:
      "The node's `/proc` shows every process of the node and, through `/proc/PID/root`, its files as far as its user may read them",
  },
  {
    path: /^\/sys(?:\/fs\/cgroup)?$/,
    what: "The node's `/sys` has its control groups, devices and network interfaces, whatever the pod's own namespaces are",
    readable: '',
  },
  {
    path: /^\/dev$/,
    what: "The node's `/dev` leads to its disks, terminals and shared memory, as far as the container's device rules allow",
    readable: '',
  },
  {
    path: /^\/(?:var\/)?run\/(?:docker\/)?netns(?:\/.*)?$/,
    what: 'The container can join the network namespaces that are kept here, if it may call setns(2), and remove their names',
    readable: 'The container can join the network namespaces that are kept here, if it may call setns(2)',
  },
  {
    path: /^\/(?:var\/)?run$/,
    what: "The node's `/run` has the sockets of its container runtime and service manager and the names of its namespaces",
    readable:
      "The node's `/run` has the sockets of its container runtime and service manager, which a read-only mount does not close",
  },
];

interface Exposed {
  readonly path: string;
  readonly span: Finding['span'];
  readonly mounts: readonly Mount[];
}

/** Volumes of the pod that are paths of the node and mounted in some container. */
function* exposed({ volumes, containers }: Pod): Iterable<Exposed> {
  const byVolume = new Map<string, Mount[]>();
  for (const mount of containers.flatMap(({ mounts }) => mounts)) {
    const list = byVolume.get(mount.volume ?? '');
    if (list === undefined) byVolume.set(mount.volume ?? '', [mount]);
    else list.push(mount);
  }
  for (const { name, node } of volumes.values()) {
    const mounts = byVolume.get(name);
    const field = textField(fieldOf(node, 'hostPath')?.value, 'path');
    if (field === undefined || mounts === undefined) continue;
    yield { path: normal(field.text), span: shortSpan(field.entry), mounts };
  }
}

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

const runtimeSocket = podRule({
  id: 'kubernetes/runtime-socket',
  severity: 'warning',
  summary: "A container gets the socket of the node's container runtime",
  link: links.hostPath,
  about: ['hostPath'],
  *check(pod) {
    for (const { path, span } of exposed(pod)) {
      if (!sockets.test(path)) continue;
      yield {
        span,
        message: `Who can write to ${quoted(path)} can start containers in the namespaces of the node, with all its privileges: a read-only mount does not prevent that.`,
        remedy: 'Remove the volume, or give it only to what manages the node.',
      };
    }
  },
});

const hostPath = podRule({
  id: 'kubernetes/host-path-exposes-node',
  severity: 'warning',
  summary: 'A container gets a directory of the node that undoes its isolation',
  link: links.hostPath,
  about: ['hostPath'],
  *check(pod) {
    if (pod.windows) return;
    for (const { path, span, mounts } of exposed(pod)) {
      const found = exposing.find(({ path: pattern }) => pattern.test(path));
      if (found === undefined) continue;
      // A piece of it only, which may be harmless.
      const whole = mounts.filter(
        ({ node }) => fieldOf(node, 'subPath') === undefined && fieldOf(node, 'subPathExpr') === undefined,
      );
      if (whole.length === 0) continue;
      const readable = whole.every((mount) => mount.readOnly.value === true);
      if (readable && found.readable === '') continue;
      yield {
        span,
        message: `${readable ? found.readable : found.what}.`,
        severity: readable ? 'information' : 'warning',
        remedy: readable
          ? 'Mount what is needed of it only.'
          : 'Mount what is needed of it only, with `readOnly: true`.',
      };
    }
  },
});

export const mountRules = [
  propagationUnknown,
  bidirectionalRefused,
  bidirectional,
  recursiveReadOnly,
  runtimeSocket,
  hostPath,
];
