import { fieldOf, isPlaceholder, numberField, spanOf, textField } from '../../dialects/kubernetes/fields.ts';
import type { Pod } from '../../dialects/kubernetes/model.ts';
import { links, podRule, quoted } from './support.ts';

/** IsDNS1123Label of the API machinery. */
const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** `nodename` of struct utsname has room for 64 bytes. */
const longest = 64;

const hostnameInvalid = podRule({
  id: 'kubernetes/hostname-invalid',
  severity: 'error',
  summary: 'hostname or subdomain is no DNS label',
  link: links.hostname,
  about: ['hostname', 'subdomain'],
  *check({ spec }) {
    for (const key of ['hostname', 'subdomain']) {
      const field = textField(spec, key);
      if (field === undefined || field.text === '' || label.test(field.text)) continue;
      const dotted = field.text.includes('.');
      yield {
        span: field.valueSpan,
        message: `The API server refuses ${quoted(key)}: it must be a DNS label of at most 63 characters from a–z, 0–9 and \`-\`, with a letter or a digit at both ends.`,
        remedy: dotted
          ? 'Write one label; a whole domain name may stand in `hostnameOverride`, from Kubernetes 1.34.'
          : 'Write it in lower case, without other characters.',
      };
    }
  },
});

const overrideInvalid = podRule({
  id: 'kubernetes/hostname-override-invalid',
  severity: 'error',
  summary: 'hostnameOverride is no DNS name of at most 64 characters',
  link: `${links.hostname}#hostname-with-pod-s-hostnameoverride`,
  about: ['hostnameOverride'],
  *check({ spec }) {
    const field = textField(spec, 'hostnameOverride');
    if (field === undefined || field.text === '') return;
    if (field.text.length <= longest && field.text.split('.').every((part) => label.test(part))) return;
    yield {
      span: field.valueSpan,
      message:
        'The API server refuses `hostnameOverride`: it must be a DNS subdomain in lower case of at most 64 characters, as many as the kernel has room for.',
      remedy: 'Write labels of a–z, 0–9 and `-`, separated by dots.',
    };
  },
});

const overrideConflict = podRule({
  id: 'kubernetes/hostname-override-conflict',
  severity: 'error',
  summary: 'hostnameOverride stands with hostNetwork or setHostnameAsFQDN',
  link: `${links.hostname}#hostname-with-pod-s-hostnameoverride`,
  about: ['hostnameOverride'],
  *check({ spec, hostNetwork, setHostnameAsFqdn }) {
    const field = textField(spec, 'hostnameOverride');
    if (field === undefined || field.text === '') return;
    for (const [name, { value, span }] of [
      ['hostNetwork', hostNetwork],
      ['setHostnameAsFQDN', setHostnameAsFqdn],
    ] as const) {
      if (value !== true || span === undefined) continue;
      yield {
        span: spanOf(field.entry),
        message: `The API server refuses \`hostnameOverride\` together with ${quoted(`${name}: true`)}.`,
        remedy: `Remove one of the two.`,
        related: [{ span, message: `${name} is set here.` }],
      };
    }
  },
});

const hostnameOnHostNetwork = podRule({
  id: 'kubernetes/hostname-with-host-network',
  severity: 'warning',
  summary: 'A host name is given to a pod that is in the network and UTS namespaces of the node',
  link: links.hostNamespaces,
  about: ['hostNetwork'],
  *check({ spec, hostNetwork, setHostnameAsFqdn }) {
    if (hostNetwork.value !== true || hostNetwork.span === undefined) return;
    const entry = fieldOf(spec, 'hostname');
    const spans = [
      // With a subdomain it still makes the name in the cluster's DNS.
      entry !== undefined && fieldOf(spec, 'subdomain') === undefined ? spanOf(entry) : undefined,
      setHostnameAsFqdn.value === true ? setHostnameAsFqdn.span : undefined,
    ];
    for (const span of spans) {
      if (span === undefined) continue;
      yield {
        span,
        message:
          "The kubelet sets no host name for a pod with `hostNetwork: true`: its containers have the node's host name.",
        remedy: 'Remove it, or remove `hostNetwork`.',
        related: [{ span: hostNetwork.span, message: 'The host network is asked for here.' }],
      };
    }
  },
});

const fqdnWithoutSubdomain = podRule({
  id: 'kubernetes/fqdn-without-subdomain',
  severity: 'information',
  summary: 'setHostnameAsFQDN has no effect without a subdomain',
  link: `${links.hostname}#hostname-with-pod-s-sethostnameasfqdn-fields`,
  about: ['setHostnameAsFQDN'],
  *check({ spec, setHostnameAsFqdn, complete, kind }) {
    if (setHostnameAsFqdn.value !== true || setHostnameAsFqdn.span === undefined || !complete) return;
    // Its controller puts the subdomain in.
    if (kind === 'StatefulSet' || fieldOf(spec, 'subdomain') !== undefined) return;
    yield {
      span: setHostnameAsFqdn.span,
      message: 'Without `subdomain` the pod has no fully qualified name, and the kubelet sets the short host name.',
      remedy: 'Add `subdomain` with the name of a headless service, or remove `setHostnameAsFQDN`.',
    };
  },
});

/** The shortest fully qualified name that the pod can get, without the cluster's domain. */
function qualified({ spec, kind, name, kubernetesNamespace }: Pod): string | undefined {
  const subdomain = textField(spec, 'subdomain')?.text;
  const hostname = fieldOf(spec, 'hostname') === undefined && kind === 'Pod' ? name : textField(spec, 'hostname')?.text;
  if (subdomain === undefined || hostname === undefined || isPlaceholder(hostname)) return undefined;
  if (kubernetesNamespace !== undefined && isPlaceholder(kubernetesNamespace)) return undefined;
  // A pod's name is cut to be a host name.
  return `${hostname.slice(0, 63)}.${subdomain}.${kubernetesNamespace ?? ''}.svc.`;
}

const fqdnTooLong = podRule({
  id: 'kubernetes/fqdn-too-long',
  severity: 'error',
  summary: 'The fully qualified name is longer than a host name of the kernel can be',
  link: `${links.hostname}#hostname-with-pod-s-sethostnameasfqdn-fields`,
  about: ['setHostnameAsFQDN'],
  *check(pod) {
    const { setHostnameAsFqdn, hostNetwork } = pod;
    if (setHostnameAsFqdn.value !== true || setHostnameAsFqdn.span === undefined || hostNetwork.value !== false) return;
    const name = qualified(pod);
    if (name === undefined || name.length + 'cluster.local'.length <= longest) return;
    const certain = name.length >= longest;
    const domain = certain
      ? 'whatever the domain of the cluster is'
      : 'where the domain of the cluster is cluster.local';
    yield {
      span: setHostnameAsFqdn.span,
      message: `${quoted(name)} is too long ${domain}: the kernel takes 64 bytes as a host name, and the kubelet does not start the pod.`,
      remedy: 'Shorten `hostname` or `subdomain`.',
      severity: certain ? 'error' : 'warning',
    };
  },
});

const overwritten = podRule({
  id: 'kubernetes/hostname-in-stateful-set',
  severity: 'warning',
  summary: "hostname or subdomain in a StatefulSet's template, which its controller overwrites",
  link: 'https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id',
  about: ['hostname', 'subdomain'],
  *check({ kind, spec }) {
    if (kind !== 'StatefulSet') return;
    for (const key of ['hostname', 'subdomain']) {
      const entry = fieldOf(spec, key);
      if (entry === undefined) continue;
      const by = key === 'hostname' ? "the pod's own name" : '`serviceName`';
      yield {
        span: spanOf(entry),
        message: `The StatefulSet controller overwrites ${quoted(key)} with ${by} in every pod that it makes.`,
        remedy: key === 'hostname' ? 'Remove it.' : 'Remove it and set `serviceName` of the StatefulSet.',
      };
    }
  },
});

const sharedHostname = podRule({
  id: 'kubernetes/hostname-of-several-pods',
  severity: 'hint',
  summary: 'All pods of a controller are given the same host name',
  link: links.hostname,
  about: ['hostname'],
  *check({ kind, spec, around, hostNetwork }) {
    const entry = fieldOf(spec, 'hostname');
    if (entry === undefined || hostNetwork.value === true) return;
    const replicas = around
      .map((part) => numberField(part, 'replicas')?.number ?? 1)
      .reduce((one, two) => one * two, 1);
    const several =
      kind === 'DaemonSet' || (/^(?:Deployment|ReplicaSet|ReplicationController)$/.test(kind) && replicas > 1);
    if (!several) return;
    yield {
      span: spanOf(entry),
      message: `Every pod of this ${kind} gets the same host name in its own UTS namespace, instead of the pod's name.`,
      remedy: 'Remove `hostname` to tell the pods apart by their host names.',
    };
  },
});

export const hostnameRules = [
  hostnameInvalid,
  overrideInvalid,
  overrideConflict,
  hostnameOnHostNetwork,
  fqdnWithoutSubdomain,
  fqdnTooLong,
  overwritten,
  sharedHostname,
];
