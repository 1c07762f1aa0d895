import type { Container, KubernetesDocument, Pod } from '../../dialects/kubernetes/model.ts';
import type { Finding, Fix, Rule, RuleInfo } from '../../rule.ts';
import type { Span } from '../../span.ts';

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

/** A rule that looks at one pod at a time. What several pods share by an alias is reported once. */
export function podRule(
  rule: RuleInfo & { readonly check: (pod: Pod) => Iterable<Finding> },
): Rule<KubernetesDocument> {
  return {
    ...rule,
    check: ({ pods }) => {
      const found = new DistinctFindings();
      for (const pod of pods) found.add(rule.check(pod));
      return found.all;
    },
  };
}

export function containerRule(
  rule: RuleInfo & { readonly check: (container: Container, pod: Pod) => Iterable<Finding> },
): Rule<KubernetesDocument> {
  return {
    ...rule,
    check: ({ pods }) => {
      const found = new DistinctFindings();
      for (const pod of pods) for (const container of pod.containers) found.add(rule.check(container, pod));
      return found.all;
    },
  };
}

/** Nothing but two words where there are none: most rules find nothing in most pods, and all are asked at every key. */
class DistinctFindings {
  #all: Finding[] | undefined;
  #seen: Set<string> | undefined;

  add(findings: Iterable<Finding>): void {
    for (const finding of findings) {
      this.#all ??= [];
      this.#seen ??= new Set();
      const place = `${finding.span.start} ${finding.span.end} ${finding.message}`;
      if (this.#seen.has(place)) continue;
      this.#seen.add(place);
      this.#all.push(finding);
    }
  }

  get all(): readonly Finding[] {
    return this.#all ?? [];
  }
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
