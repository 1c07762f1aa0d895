import type { Container, Pod } from '../../dialects/kubernetes/model.ts';
import type { Finding, Fix, RuleInfo } from '../../rule.ts';
import type { Span } from '../../span.ts';
import type { YamlDocument } from '../../yaml.ts';

export const links = {
  validation: 'https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go',
  pod: 'https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodSpec',
  hostNamespaces: 'https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#hosts-namespaces',
  securityContext: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/',
  userNamespaces: 'https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/',
  userNamespaceLimits: 'https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/#limitations',
  sysctls: 'https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#setting-sysctls-for-a-pod',
  safeSysctls: 'https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls',
  hostname: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-hostname/',
  propagation: 'https://kubernetes.io/docs/concepts/storage/volumes/#mount-propagation',
  recursiveReadOnly: 'https://kubernetes.io/docs/concepts/storage/volumes/#recursive-read-only-mounts',
  hostPath: 'https://kubernetes.io/docs/concepts/storage/volumes/#hostpath',
  sharing: 'https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/',
  baseline: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline',
  dnsPolicy: 'https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy',
  hostProcess: 'https://kubernetes.io/docs/tasks/configure-pod-container/create-hostprocess-pod/#limitations',
  podOs: 'https://kubernetes.io/docs/concepts/workloads/pods/#pod-os',
  ephemeral: 'https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/#what-is-an-ephemeral-container',
} as const;

/** Keys without one of which anywhere in a document a rule has nothing to say of it, or how to see that from all of its keys. */
type About = readonly string[] | ((keys: ReadonlySet<string>) => boolean);

export interface PodRule extends RuleInfo {
  readonly about: About;
  readonly check: (pod: Pod) => Iterable<Finding>;
}

export interface ContainerRule extends RuleInfo {
  readonly about: About;
  readonly checkContainer: (container: Container, pod: Pod) => Iterable<Finding>;
}

/** A rule that looks at one pod at a time. What several pods share by an alias is reported once. */
export function podRule(rule: PodRule): PodRule {
  return rule;
}

export function containerRule({
  check,
  ...rule
}: Omit<ContainerRule, 'checkContainer'> & { readonly check: ContainerRule['checkContainer'] }): ContainerRule {
  return { ...rule, checkContainer: check };
}

/** All rules of pods are asked at every key that is typed: most have nothing to say, and are not even begun. */
export function isAbout({ about }: PodRule | ContainerRule, documents: readonly YamlDocument[]): boolean {
  return documents.some(({ keys }) => (typeof about === 'function' ? about(keys) : about.some((key) => keys.has(key))));
}

export function replacement(title: string, span: Span, text: string): Fix {
  return { title, edits: [{ span, text }] };
}

/** In a message. */
export function quoted(text: string): string {
  return `\`${text.length > 60 ? `${text.slice(0, 59)}…` : text}\``;
}

/** Not in a user namespace of its own, as far as the manifest tells. */
export function inNodeUserNamespace({ hostUsers, windows }: Pod): boolean {
  return hostUsers.value === true && !windows;
}
