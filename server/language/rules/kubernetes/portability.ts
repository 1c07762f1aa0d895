import { fieldOf, spanOf, textField } from '../../dialects/kubernetes/fields.ts';
import { containerRule, links, podRule } from './support.ts';

const userNamespace = podRule({
  id: 'kubernetes/user-namespace-support',
  severity: 'hint',
  summary: 'What a user namespace for a pod needs',
  link: `${links.userNamespaces}#before-you-begin`,
  about: ['hostUsers'],
  *check({ hostUsers: { value, span } }) {
    if (value !== false || span === undefined) return;
    yield {
      span,
      message:
        'It needs Kubernetes 1.33, or from 1.30 on the feature gate UserNamespacesSupport, Linux 6.3 for ID-mapped tmpfs, containerd 2.0 or CRI-O 1.25, and runc 1.2 or crun 1.9: without the gate the API server drops the field, and the pod is in the user namespace of the node.',
    };
  },
});

const hostnameOverride = podRule({
  id: 'kubernetes/hostname-override-support',
  severity: 'hint',
  summary: 'From which release hostnameOverride is there',
  link: `${links.hostname}#hostname-with-pod-s-hostnameoverride`,
  about: ['hostnameOverride'],
  *check({ spec }) {
    const entry = fieldOf(spec, 'hostnameOverride');
    if (entry === undefined) return;
    yield {
      span: spanOf(entry),
      message:
        'It is there by default from Kubernetes 1.35, and in 1.34 with the feature gate HostnameOverride: without the gate the API server drops the field.',
    };
  },
});

const unmasked = containerRule({
  id: 'kubernetes/unmasked-proc-support',
  severity: 'hint',
  summary: 'From which release procMount: Unmasked is there',
  link: `${links.securityContext}#proc-access`,
  about: ['procMount'],
  *check({ securityContext }) {
    const field = textField(securityContext, 'procMount');
    if (field?.text !== 'Unmasked') return;
    yield {
      span: spanOf(field.entry),
      message:
        'It is there by default from Kubernetes 1.33, and before with the feature gate ProcMountType; the Baseline pod security standard allows it with `hostUsers: false` from its version 1.35 on, the Restricted one does not.',
    };
  },
});

export const portabilityRules = [userNamespace, hostnameOverride, unmasked];
