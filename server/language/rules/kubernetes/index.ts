import type { UnitRules } from '../../dialect.ts';
import type { KubernetesDocument, Pod } from '../../dialects/kubernetes/model.ts';
import { foundBy, inOrder, unitByUnit, type Found } from '../../order.ts';
import { hostnameRules } from './hostname.ts';
import { mountRules } from './mounts.ts';
import { networkRules } from './network.ts';
import { portabilityRules } from './portability.ts';
import { processRules } from './processes.ts';
import { structureRules } from './structure.ts';
import { isAbout, type ContainerRule, type PodRule } from './support.ts';
import { sysctlRules } from './sysctls.ts';
import { userRules } from './users.ts';
import { windowsRules } from './windows.ts';

const all: readonly (PodRule | ContainerRule)[] = [
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

/** What the API server, the kubelet and the pod security standards say of namespaces, by what it concerns. */
export const kubernetesRules: UnitRules<KubernetesDocument> = {
  rules: all,
  check: (document) => {
    const { pods } = document;
    // The documents without pods have not been read.
    if (pods.length === 0) return [];
    const about = all.filter((rule) => isAbout(rule, document.documents));
    return about.length === 0 ? [] : onceAPlace(findingsIn(pods, about));
  },
};

function* findingsIn(pods: readonly Pod[], rules: readonly (PodRule | ContainerRule)[]): Iterable<Found> {
  const ofPods = rules.filter((rule) => 'check' in rule);
  const ofContainers = rules.filter((rule) => 'checkContainer' in rule);
  for (const pod of pods) {
    const inContainers = unitByUnit(
      pod.containers,
      () => ofContainers,
      (rule, container) => rule.checkContainer(container, pod),
    );
    yield* inOrder([inContainers, ...ofPods.map((rule) => foundBy(rule, rule.check(pod)))]);
  }
}

/** What several pods share by an alias is said once. */
function* onceAPlace(found: Iterable<Found>): Generator<Found, void, undefined> {
  const said = new Set<string>();
  for (const each of found) {
    const [{ id }, { span, message }] = each;
    const place = `${id} ${span.start} ${span.end} ${message}`;
    if (said.has(place)) continue;
    said.add(place);
    yield each;
  }
}
