import { fieldOf, mapsIn, numberField, spanOf, textField } from '../../dialects/kubernetes/fields.ts';
import { containerLists } from '../../dialects/kubernetes/model.ts';
import type { ContainerList, Pod } from '../../dialects/kubernetes/model.ts';
import type { Span } from '../../span.ts';
import { valueOf } from '../../yaml.ts';
import type { YamlNode } from '../../yaml.ts';
import { containerRule, links, podRule, quoted, replacement } from './support.ts';

interface Port {
  readonly protocol: string;
  readonly hostIp: string;
  readonly container: number | undefined;
  readonly host: number | undefined;
  readonly hostSpan: Span | undefined;
  readonly hostValueSpan: Span | undefined;
  readonly containerSpan: Span | undefined;
}

/** The API server compares those of the ordinary containers, which run at the same time. */
function* portsOf({ containers }: Pod, lists: readonly ContainerList[] = ['containers']): Iterable<Port> {
  for (const { list, node } of containers) {
    if (!lists.includes(list)) continue;
    for (const port of mapsIn(node, 'ports')) {
      const host = numberField(port, 'hostPort');
      const container = numberField(port, 'containerPort');
      // What cannot be read, such as a placeholder, may be any port.
      if (host === undefined && fieldOf(port, 'hostPort') !== undefined) continue;
      yield {
        protocol: textField(port, 'protocol')?.text ?? 'TCP',
        hostIp: textField(port, 'hostIP')?.text ?? '',
        container: container?.number,
        host: host?.number === 0 ? undefined : host?.number,
        hostSpan: host === undefined ? undefined : spanOf(host.entry),
        hostValueSpan: host?.valueSpan,
        containerSpan: container === undefined ? undefined : spanOf(container.entry),
      };
    }
  }
}

const portMismatch = podRule({
  id: 'kubernetes/host-port-mismatch',
  severity: 'error',
  summary: 'hostPort differs from containerPort in a pod with the host network',
  link: links.pod,
  about: ['hostPort'],
  *check(pod) {
    if (pod.hostNetwork.value !== true || pod.hostNetwork.span === undefined) return;
    for (const { host, container, hostSpan, hostValueSpan } of portsOf(pod)) {
      if (host === undefined || container === undefined || hostSpan === undefined || hostValueSpan === undefined)
        continue;
      if (host === container) continue;
      yield {
        span: hostSpan,
        message:
          'The API server refuses a `hostPort` that is not `containerPort` where `hostNetwork` is true: the container listens in the network namespace of the node itself.',
        remedy: 'Remove `hostPort`, which then is the same by itself, or remove `hostNetwork`.',
        related: [{ span: pod.hostNetwork.span, message: 'The host network is asked for here.' }],
        fixes: [replacement(`Set hostPort to ${container}`, hostValueSpan, String(container))],
      };
    }
  },
});

const portInvalid = podRule({
  id: 'kubernetes/host-port-invalid',
  severity: 'error',
  summary: 'A port of the node beyond 65535',
  link: links.pod,
  about: ['hostPort'],
  *check(pod) {
    for (const { host, hostValueSpan } of portsOf(pod, containerLists)) {
      if (host === undefined || hostValueSpan === undefined || (host > 0 && host <= 65535)) continue;
      yield {
        span: hostValueSpan,
        message: 'The API server refuses this `hostPort`: ports are from 1 to 65535.',
        remedy: 'Choose a port in that range.',
      };
    }
  },
});

const portTwice = podRule({
  id: 'kubernetes/host-port-twice',
  severity: 'error',
  summary: 'Two ports of a pod are the same port of the node',
  link: links.pod,
  about: ['hostPort', 'hostNetwork'],
  *check(pod) {
    const onHost = pod.hostNetwork.value === true;
    const seen = new Map<string, Span>();
    for (const { host, container, hostSpan, containerSpan, protocol, hostIp } of portsOf(pod)) {
      // With the host network a port that is not given is the container's.
      const port = host ?? (onHost ? container : undefined);
      const span = host === undefined ? containerSpan : hostSpan;
      if (port === undefined || span === undefined) continue;
      const key = `${protocol}/${hostIp}/${port}`;
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, span);
        continue;
      }
      const why = host === undefined ? ', which `hostNetwork` makes a port of the node' : '';
      yield {
        span,
        message: `The API server refuses ${protocol} port ${port} a second time${why}.`,
        remedy: 'Remove one of the two ports, or give it another number, protocol or `hostIP`.',
        related: [{ span: first, message: 'The port is taken here.' }],
      };
    }
  },
});

const dnsOfNode = podRule({
  id: 'kubernetes/cluster-dns-with-host-network',
  severity: 'hint',
  summary: "A pod with the host network uses the node's DNS settings instead of the cluster's",
  link: links.dnsPolicy,
  about: ['hostNetwork'],
  *check({ hostNetwork, spec, complete, windows }) {
    if (hostNetwork.value !== true || hostNetwork.span === undefined || !complete || windows) return;
    const policy = fieldOf(spec, 'dnsPolicy');
    const asked = textField(spec, 'dnsPolicy')?.text;
    if (policy !== undefined && asked !== 'ClusterFirst') return;
    const remedy =
      'Write `dnsPolicy: ClusterFirstWithHostNet` for names of services, or `dnsPolicy: Default` to say that it is meant.';
    yield policy === undefined
      ? {
          span: hostNetwork.span,
          message:
            "Without `dnsPolicy: ClusterFirstWithHostNet` a pod with the host network has the node's DNS settings and does not resolve the names of the cluster's services.",
          remedy,
        }
      : {
          span: spanOf(policy),
          severity: 'warning',
          message:
            "With `hostNetwork: true` the kubelet treats `ClusterFirst` as `Default`: the pod has the node's DNS settings and does not resolve the names of the cluster's services.",
          remedy,
          related: [{ span: hostNetwork.span, message: 'The host network is asked for here.' }],
          fixes: [replacement('Use ClusterFirstWithHostNet', contentOf(policy.value), 'ClusterFirstWithHostNet')],
        };
  },
});

function contentOf(node: YamlNode): Span {
  return node.kind === 'scalar' ? node.content : node.span;
}

const dnsPolicyForHostNetwork = podRule({
  id: 'kubernetes/host-network-dns-without-host-network',
  severity: 'hint',
  summary: 'A DNS policy for the host network in a pod with a network namespace of its own',
  link: links.dnsPolicy,
  about: ['dnsPolicy'],
  *check({ hostNetwork, spec, complete }) {
    const policy = textField(spec, 'dnsPolicy');
    if (policy?.text !== 'ClusterFirstWithHostNet' || hostNetwork.value !== false || !complete) return;
    yield {
      span: spanOf(policy.entry),
      message: 'Without `hostNetwork: true` this policy is the same as `ClusterFirst`, the default.',
      remedy: 'Remove it, or ask for the host network if that is meant.',
    };
  },
});

const hostPort = podRule({
  id: 'kubernetes/host-port',
  severity: 'information',
  summary: 'A port of the node leads to the pod',
  link: links.baseline,
  about: ['hostPort'],
  *check(pod) {
    if (pod.hostNetwork.value !== false) return;
    for (const { host, hostSpan } of portsOf(pod, containerLists)) {
      if (host === undefined || hostSpan === undefined) continue;
      yield {
        span: hostSpan,
        message: `Port ${host} of the node leads into the pod's network namespace: a node runs one such pod only, and the Baseline pod security standard refuses it.`,
        remedy: 'Use a service instead, unless the port of the node is what is meant.',
      };
    }
  },
});

const hostNetwork = podRule({
  id: 'kubernetes/host-network',
  severity: 'information',
  summary: 'A pod is in the network namespace of the node',
  link: links.hostNamespaces,
  about: ['hostNetwork'],
  *check({ hostNetwork: { value, span }, windows }) {
    if (value !== true || span === undefined || windows) return;
    yield {
      span,
      message: `The pod is in the node's network namespace: it reaches what listens on the node's loopback addresses and abstract sockets, network policies mostly do not hold for it, and the Baseline pod security standard refuses it (${quoted('hostNetwork')}).`,
      remedy: 'Remove it unless the pod serves the network of the node.',
    };
  },
});

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'];
const hooks = ['postStart', 'preStop'];
const loopback = /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/i;

const probeOfNode = containerRule({
  id: 'kubernetes/probe-of-node-loopback',
  severity: 'warning',
  summary: "A probe asks the node's loopback address instead of the pod's",
  link: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes',
  about: ['host'],
  *check({ node }, pod) {
    if (pod.hostNetwork.value !== false || !pod.complete) return;
    const handlers = [
      ...probes.map((key) => valueOf(node, key)),
      ...hooks.map((key) => valueOf(valueOf(node, 'lifecycle'), key)),
    ];
    for (const handler of handlers) {
      for (const kind of ['httpGet', 'tcpSocket']) {
        const host = textField(valueOf(handler, kind), 'host');
        if (host === undefined || !loopback.test(host.text)) continue;
        yield {
          span: spanOf(host.entry),
          message: `The kubelet connects from the node's network namespace: ${quoted(host.text)} is the node itself, not the pod.`,
          remedy: 'Remove `host`, which is the address of the pod then.',
        };
      }
    }
  },
});

export const networkRules = [
  portMismatch,
  portInvalid,
  portTwice,
  dnsOfNode,
  dnsPolicyForHostNetwork,
  hostPort,
  hostNetwork,
  probeOfNode,
];
