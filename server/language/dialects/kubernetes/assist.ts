import type { Completion, Description } from '../../dialect.ts';
import { contains, isSame } from '../../span.ts';
import type { Span } from '../../span.ts';
import { stepsTo } from '../../yaml.ts';
import type { YamlEntry, YamlMap, YamlNode, YamlStep } from '../../yaml.ts';
import { shortSpan } from './fields.ts';
import { containerSecurityKeys, mountKeys, podKeys, podSecurityKeys } from './keys.ts';
import type { KnownKey } from './keys.ts';
import type { KubernetesDocument, Pod } from './model.ts';
import { safeSysctls } from './sysctls.ts';

type Keys = ReadonlyMap<string, KnownKey>;

/** The fields that are known in a part of a pod. */
function keysOf(pods: readonly Pod[], map: YamlMap): Keys | undefined {
  for (const pod of pods) {
    if (map === pod.spec) return podKeys;
    if (map === pod.securityContext) return podSecurityKeys;
    for (const { securityContext, mounts } of pod.containers) {
      if (map === securityContext) return containerSecurityKeys;
      if (mounts.some(({ node }) => node === map)) return mountKeys;
    }
  }
  return undefined;
}

function lastMap(steps: readonly YamlStep[]): { readonly map: YamlMap; readonly entry: YamlEntry } | undefined {
  const step = steps.at(-1);
  return step !== undefined && 'map' in step ? step : undefined;
}

function stepsAt({ documents }: KubernetesDocument, offset: number): YamlStep[] {
  const document = documents.findLast(({ root }) => root.span.start <= offset);
  return document === undefined ? [] : stepsTo(document, offset);
}

export function describeKubernetes(
  document: KubernetesDocument,
  _text: string,
  offset: number,
): Description | undefined {
  for (const step of stepsAt(document, offset).toReversed()) {
    if (!('map' in step)) continue;
    const { map, entry } = step;
    const span = shortSpan(entry);
    if (!contains(span, offset)) continue;
    const known = keysOf(document.pods, map)?.get(entry.key);
    if (known !== undefined) return { span, paragraphs: known.about, link: known.link };
  }
  return undefined;
}

export function completeKubernetes(document: KubernetesDocument, text: string, offset: number): readonly Completion[] {
  const steps = stepsAt(document, offset);
  const step = lastMap(steps);
  if (step === undefined) return [];
  const { map, entry } = step;
  const keys = keysOf(document.pods, map);
  if (entry.unfinished && contains(entry.keySpan, offset)) return keyCompletions(keys, map, entry.keySpan);
  if (offset <= entry.keySpan.end) return [];
  const values = keys?.get(entry.key)?.values;
  const span = valueSpan(entry.value, text, offset);
  if (span === undefined) return [];
  if (values !== undefined) {
    return values.map(([label, detail]) => ({ label, detail, span, kind: 'value' }));
  }
  const inSysctls = document.pods.some(({ sysctls }) =>
    sysctls.some(({ nameSpan }) => isSame(nameSpan, entry.value.span)),
  );
  return entry.key === 'name' && (inSysctls || isSysctlName(steps))
    ? [...safeSysctls].map(([label, { kubernetes }]) => ({
        label,
        detail: kubernetes === undefined ? 'safe' : `safe from Kubernetes ${kubernetes}`,
        span,
        kind: 'value',
      }))
    : [];
}

function isSysctlName(steps: readonly YamlStep[]): boolean {
  const holder = steps.at(-3);
  return holder !== undefined && 'map' in holder && holder.entry.key === 'sysctls';
}

function keyCompletions(keys: Keys | undefined, map: YamlMap, span: Span): Completion[] {
  const there = new Set(map.entries.map(({ key }) => key));
  return [...(keys ?? [])]
    .filter(([label]) => !there.has(label))
    .map(([label, { about }]) => ({ label, text: `${label}: `, span, kind: 'key', documentation: about.join('\n\n') }));
}

/** The value that is there, or the place for one in the line of its key. */
function valueSpan({ kind, span }: YamlNode, text: string, offset: number): Span | undefined {
  if (kind === 'map' || kind === 'list') return undefined;
  if (span.start === span.end) {
    return text.slice(span.end, offset).trim() === '' && !/[\r\n]/.test(text.slice(span.end, offset))
      ? { start: offset, end: offset }
      : undefined;
  }
  return contains(span, offset) ? span : undefined;
}
