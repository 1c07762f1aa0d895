import { fieldOf, mapsIn, shortSpan, textsIn } from '../../dialects/kubernetes/fields.ts';
import type { Pod } from '../../dialects/kubernetes/model.ts';
import type { Finding } from '../../rule.ts';
import type { Span } from '../../span.ts';
import { eachEntry, entriesOf, scalarOf } from '../../yaml.ts';
import type { YamlMap } from '../../yaml.ts';
import { containerRule, links, podRule, quoted, replacement } from './support.ts';

const podFlags = ['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers', 'shareProcessNamespace', 'setHostnameAsFQDN'];
const containerFlags = ['privileged', 'allowPrivilegeEscalation'];
const podNames = [...podFlags, 'hostname', 'subdomain', 'hostnameOverride', 'dnsPolicy'];
const containerSecurity = ['privileged', 'allowPrivilegeEscalation', 'capabilities', 'procMount'];
const podSecurity = ['sysctls', 'fsGroup', 'supplementalGroups'];
const bothSecurity = ['runAsUser', 'runAsGroup', 'runAsNonRoot', 'seLinuxOptions', 'windowsOptions'];

/** A part of a pod, the fields that are often written there, and where they belong. */
interface Misplaced {
  readonly where: string;
  readonly parts: (pod: Pod) => readonly (YamlMap | undefined)[];
  /** Field -> place. */
  readonly belongs: ReadonlyMap<string, string>;
}

function places(...belongs: readonly (readonly [fields: readonly string[], place: string])[]): Misplaced['belongs'] {
  return new Map(belongs.flatMap(([fields, place]) => fields.map((field) => [field, place] as const)));
}

const inPodSpec = 'the spec of the pod';
const inContainerSecurity = 'the `securityContext` of a container';
const inPodSecurity = 'the `securityContext` of the pod';
const inEitherSecurity = 'a `securityContext`';
const misplaced: readonly Misplaced[] = [
  {
    where: 'the spec of the controller',
    parts: ({ around }) => around,
    belongs: places(
      [podNames, "the spec of the pod's template"],
      [['securityContext'], "the spec of the pod's template"],
    ),
  },
  {
    where: inPodSpec,
    parts: ({ spec }) => [spec],
    belongs: places(
      [containerSecurity, inContainerSecurity],
      [podSecurity, inPodSecurity],
      [bothSecurity, inEitherSecurity],
    ),
  },
  {
    where: inPodSecurity,
    parts: ({ securityContext }) => [securityContext],
    belongs: places([podNames, inPodSpec], [containerSecurity, inContainerSecurity]),
  },
  {
    where: 'a container',
    parts: ({ containers }) => containers.map(({ node }) => node),
    belongs: places(
      [podNames, inPodSpec],
      [containerSecurity, 'its `securityContext`'],
      [podSecurity, inPodSecurity],
      [bothSecurity, 'its `securityContext`'],
    ),
  },
  {
    where: inContainerSecurity,
    parts: ({ containers }) => containers.map(({ securityContext }) => securityContext),
    belongs: places([podNames, inPodSpec], [podSecurity, inPodSecurity]),
  },
];
const dropped =
  'the API server drops it, unless strict validation is asked for as kubectl does, which refuses the object';

const fieldInWrongPlace = podRule({
  id: 'kubernetes/field-in-wrong-place',
  severity: 'warning',
  summary: 'A field about namespaces or privileges stands where the API has no such field',
  link: links.pod,
  about: misplaced.flatMap(({ belongs }) => [...belongs.keys()]),
  *check(pod) {
    for (const { where, parts, belongs } of misplaced) {
      for (const part of parts(pod)) {
        for (const entry of eachEntry(part)) {
          const { key } = entry;
          const place = belongs.get(key);
          if (place === undefined) continue;
          yield {
            span: entry.keySpan,
            message: `${quoted(key)} is no field of ${where}: ${dropped}.`,
            remedy: `Move it to ${place}.`,
          };
        }
      }
    }
  },
});

/** How the fields of a part are often written -> how they are. */
type Spellings = ReadonlyMap<string, string>;

function spellings(names: readonly string[], others: Readonly<Record<string, string>> = {}): Spellings {
  return new Map([...names.map((name) => [name.toLowerCase(), name] as const), ...Object.entries(others)]);
}

const podSpellings = spellings(podNames, {
  hostuser: 'hostUsers',
  hostnetworking: 'hostNetwork',
  shareprocessnamespaces: 'shareProcessNamespace',
});
const podSecuritySpellings = spellings([...podSecurity, ...bothSecurity], { sysctl: 'sysctls' });
const containerSpellings = spellings([...containerSecurity, ...bothSecurity], { privilege: 'privileged' });
const mountSpellings = spellings(['mountPropagation', 'recursiveReadOnly', 'readOnly']);

const allSpellings = [podSpellings, podSecuritySpellings, containerSpellings, mountSpellings];

/** Longer keys need not be looked at, however long. */
const longestName = 30;

const spelt = new Set(allSpellings.flatMap((known) => [...known.keys()]));

function isMisspelt(key: string): boolean {
  if (key.length > longestName || !spelt.has(key.toLowerCase())) return false;
  return allSpellings.some((known) => meantBy(key, known) !== undefined);
}

function meantBy(key: string, known: Spellings): string | undefined {
  const meant = key.length > longestName ? undefined : known.get(key.toLowerCase());
  return meant === key ? undefined : meant;
}

function* misspeltIn(part: YamlMap | undefined, known: Spellings): Iterable<Finding> {
  for (const entry of part?.entries ?? []) {
    const { key } = entry;
    const meant = meantBy(key, known);
    if (meant === undefined) continue;
    const { keySpan } = entry;
    yield {
      span: keySpan,
      message: `${quoted(key)} is no field here: ${dropped}.`,
      remedy: `Write it ${quoted(meant)}.`,
      fixes: [replacement(`Write ${meant}`, withoutQuotes(keySpan, key), meant)],
    };
  }
}

function withoutQuotes({ start, end }: Span, key: string): Span {
  return end - start === key.length + 2 ? { start: start + 1, end: end - 1 } : { start, end };
}

const fieldMisspelt = podRule({
  id: 'kubernetes/field-misspelt',
  severity: 'warning',
  summary: 'A field about namespaces or privileges is not spelt as the API spells it',
  link: links.pod,
  about: (keys) => {
    for (const key of keys) if (isMisspelt(key)) return true;
    return false;
  },
  *check(pod) {
    yield* misspeltIn(pod.spec, podSpellings);
    yield* misspeltIn(pod.securityContext, podSecuritySpellings);
    for (const { securityContext, mounts } of pod.containers) {
      yield* misspeltIn(securityContext, containerSpellings);
      for (const { node } of mounts) yield* misspeltIn(node, mountSpellings);
    }
  },
});

function* textFlags(part: YamlMap | undefined, names: readonly string[]): Iterable<Finding> {
  for (const name of names) {
    const entry = fieldOf(part, name);
    const scalar = scalarOf(entry?.value);
    if (entry === undefined || scalar === undefined) continue;
    const isText = scalar.style !== 'plain' && /^(?:true|false)$/i.test(scalar.value);
    const isNumber = scalar.style === 'plain' && /^[01]$/.test(scalar.value);
    if (!isText && !isNumber) continue;
    const value = scalar.value === '1' ? 'true' : scalar.value === '0' ? 'false' : scalar.value.toLowerCase();
    const what = isText ? 'a text' : 'a number';
    yield {
      span: entry.value.span,
      message: `${quoted(name)} is ${what} here, where the API server takes a boolean only and refuses the object.`,
      remedy: isText ? 'Leave out the quotes.' : `Write ${quoted(value)}.`,
      fixes: [replacement(`Write ${value}`, scalar.span, value)],
    };
  }
}

const flagNotBoolean = podRule({
  id: 'kubernetes/flag-not-boolean',
  severity: 'error',
  summary: 'A boolean field about namespaces or privileges is a text or a number',
  link: links.pod,
  about: [...podFlags, ...containerFlags],
  *check({ spec, containers }) {
    yield* textFlags(spec, podFlags);
    for (const { securityContext } of containers) yield* textFlags(securityContext, containerFlags);
  },
});

const obsolete: ReadonlyMap<string, string> = new Map([
  ['security.alpha.kubernetes.io/sysctls', 'securityContext.sysctls'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'securityContext.sysctls'],
  ['pod.beta.kubernetes.io/hostname', 'hostname'],
  ['pod.beta.kubernetes.io/subdomain', 'subdomain'],
]);

const obsoleteAnnotation = podRule({
  id: 'kubernetes/obsolete-annotation',
  severity: 'warning',
  summary: 'Sysctls or a host name are given by an annotation that is read no longer',
  link: links.sysctls,
  about: [...obsolete.keys()],
  *check({ metadata }) {
    for (const { key, keySpan } of entriesOf(fieldOf(metadata, 'annotations')?.value).values()) {
      const field = obsolete.get(key);
      if (field === undefined) continue;
      yield {
        span: keySpan,
        message: `Kubernetes reads the annotation ${quoted(key)} no longer: a field of the pod's spec took its place.`,
        remedy: `Use ${quoted(field)} in the spec of the pod.`,
      };
    }
  },
});

const ephemeralDeclared = podRule({
  id: 'kubernetes/ephemeral-container-declared',
  severity: 'error',
  summary: 'A manifest declares ephemeral containers, which only a running pod can be given',
  link: links.ephemeral,
  about: ['ephemeralContainers'],
  *check({ spec, kind }) {
    const entry = fieldOf(spec, 'ephemeralContainers');
    if (entry === undefined || mapsIn(spec, 'ephemeralContainers').length === 0) return;
    // What `kubectl get` prints of a running pod may have them.
    if (kind === 'Pod' && fieldOf(spec, 'nodeName') !== undefined) return;
    yield {
      span: entry.keySpan,
      message: `The API server refuses \`ephemeralContainers\` in ${kind === 'Pod' ? 'a new pod' : "a pod's template"}.`,
      remedy: 'Add them to the running pod with `kubectl debug`, or make them containers.',
    };
  },
});

const capabilityPrefixed = containerRule({
  id: 'kubernetes/capability-with-prefix',
  severity: 'warning',
  summary: 'A capability is written with CAP_, which Kubernetes leaves out',
  link: `${links.securityContext}#set-capabilities-for-a-container`,
  about: ['capabilities'],
  *check({ securityContext }) {
    const capabilities = fieldOf(securityContext, 'capabilities')?.value;
    for (const { text, span, content } of [...textsIn(capabilities, 'add'), ...textsIn(capabilities, 'drop')]) {
      if (!/^CAP_\w/i.test(text)) continue;
      const prefix = { start: content.start, end: content.start + 4 };
      yield {
        span,
        message: `Kubernetes names capabilities without \`CAP_\`: containerd puts it in front once more and looks for ${quoted(`CAP_${text.toUpperCase()}`)}, which does not exist.`,
        remedy: `Write ${quoted(text.slice(4))}.`,
        fixes: [replacement('Leave out CAP_', prefix, '')],
      };
    }
  },
});

const capabilitiesForm = containerRule({
  id: 'kubernetes/capabilities-not-a-map',
  severity: 'error',
  summary: 'Capabilities are a list instead of what to add and what to drop',
  link: `${links.securityContext}#set-capabilities-for-a-container`,
  about: ['capabilities'],
  *check({ securityContext }) {
    const entry = fieldOf(securityContext, 'capabilities');
    if (entry?.value.kind !== 'list') return;
    yield {
      span: shortSpan(entry),
      message: 'The API server refuses a list here: `capabilities` has the fields `add` and `drop`.',
      remedy: 'Put the list under `add` or `drop`.',
    };
  },
});

export const structureRules = [
  fieldInWrongPlace,
  fieldMisspelt,
  flagNotBoolean,
  obsoleteAnnotation,
  ephemeralDeclared,
  capabilityPrefixed,
  capabilitiesForm,
];
