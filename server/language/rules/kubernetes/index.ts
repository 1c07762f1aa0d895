import type { KubernetesDocument } from '../../dialects/kubernetes/model.ts';
import type { Rule } from '../../rule.ts';
import { hostnameRules } from './hostname.ts';
import { mountRules } from './mounts.ts';
import { networkRules } from './network.ts';
import { portabilityRules } from './portability.ts';
import { processRules } from './processes.ts';
import { structureRules } from './structure.ts';
import { sysctlRules } from './sysctls.ts';
import { userRules } from './users.ts';
import { windowsRules } from './windows.ts';

/** What the API server, the kubelet and the pod security standards say of namespaces, by what it concerns. */
export const kubernetesRules: readonly Rule<KubernetesDocument>[] = [
  ...structureRules,
  ...networkRules,
  ...hostnameRules,
  ...processRules,
  ...userRules,
  ...sysctlRules,
  ...mountRules,
  ...windowsRules,
  ...portabilityRules,
];
