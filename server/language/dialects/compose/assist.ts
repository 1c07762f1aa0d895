import type { Completion, Description } from '../../dialect.ts';
import type { Host } from '../../host.ts';
import { contains, type Span } from '../../span.ts';
import { stepsTo, type YamlEntry, type YamlStep } from '../../yaml.ts';
import { propagationValues, serviceKeys } from './keys.ts';
import type { ComposeDocument } from './model.ts';

/** `services`, the name, and what is written in the service. */
const depthInService = 3;

function stepsAt({ documents }: ComposeDocument, offset: number): YamlStep[] {
  const document = documents.findLast(({ root }) => root.span.start <= offset);
  return document === undefined ? [] : stepsTo(document, offset);
}

function entryAt(steps: readonly YamlStep[], index: number): YamlEntry | undefined {
  const step = steps[index];
  return step !== undefined && 'map' in step ? step.entry : undefined;
}

export function describeCompose(document: ComposeDocument, _: string, offset: number): Description | undefined {
  const steps = stepsAt(document, offset);
  if (entryAt(steps, 0)?.key !== 'services') return undefined;
  const entry = entryAt(steps, 2);
  const known = entry && serviceKeys.get(entry.key);
  if (entry === undefined || known === undefined) return undefined;
  // Over the key, or over a value beside it; what is within a list or map is not about the key.
  const { keySpan, value } = entry;
  const scalar = value.kind === 'scalar' && value.style !== 'block' ? value : undefined;
  const span = { start: keySpan.start, end: Math.max(keySpan.end, scalar?.span.end ?? 0) };
  if (!contains(span, offset)) return undefined;
  const meaning = scalar && known.values.get(scalar.value);
  const paragraphs = [known.about, ...(meaning === undefined ? [] : [`${scalar?.value ?? ''}: ${meaning}.`])];
  return { span, paragraphs, link: known.link };
}

export function completeCompose(
  document: ComposeDocument,
  text: string,
  offset: number,
  host: Host | undefined,
): readonly Completion[] {
  const steps = stepsAt(document, offset);
  if (entryAt(steps, 0)?.key !== 'services') return [];
  const onBlank = blankLineCompletions(steps, text, offset);
  if (onBlank !== undefined) return onBlank;
  const last = entryAt(steps, steps.length - 1);
  if (last === undefined) return [];
  if (offset <= last.keySpan.end) {
    return steps.length === depthInService ? keyCompletions(steps, last.keySpan) : [];
  }
  // A word that is alone under a service's name is a key that is being written.
  if (steps.length === 2) return wordCompletions(last, offset);
  const line = text.slice(last.keySpan.end, offset);
  if (line.includes('\n')) return [];
  // `key:` has a value only behind a space.
  if (!/^["']?\s*:\s/.test(line)) return [];
  const { value } = last;
  const written = value.kind === 'scalar' && value.span.end > value.span.start && contains(value.span, offset);
  const span = written && value.kind === 'scalar' ? value.content : { start: offset, end: offset };
  if (steps.length === depthInService) return valueCompletions(document, entryAt(steps, 1)?.key, last.key, span, host);
  if (last.key === 'propagation' && entryAt(steps, 2)?.key === 'volumes') return fromValues(propagationValues, span);
  return [];
}

/** Keys at the indentation of a service's others; undefined where something is written in the line. */
function blankLineCompletions(steps: readonly YamlStep[], text: string, offset: number): Completion[] | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  if (text.slice(start, end < 0 ? undefined : end).trim() !== '') return undefined;
  const service = entryAt(steps, 1);
  if (service === undefined) return [];
  const column = (at: number): number => at - (text.lastIndexOf('\n', at - 1) + 1);
  const entries = service.value.kind === 'map' ? service.value.entries : [];
  const [first] = entries;
  const fits =
    first === undefined
      ? offset - start > column(service.keySpan.start)
      : offset - start === column(first.keySpan.start);
  if (!fits || (first === undefined && service.value.span.end > service.value.span.start)) return [];
  return fromKeys(new Set(entries.map(({ key }) => key)), { start: offset, end: offset });
}

function fromValues(values: ReadonlyMap<string, string>, span: Span): Completion[] {
  return [...values].map(([label, detail]) => ({ label, span, detail, kind: 'value' }));
}

function keyCompletions(steps: readonly YamlStep[], span: Span): Completion[] {
  const step = steps[2];
  const written = new Set(step !== undefined && 'map' in step ? step.map.entries.map(({ key }) => key) : []);
  return fromKeys(written, span);
}

function wordCompletions({ value }: YamlEntry, offset: number): Completion[] {
  if (value.kind !== 'scalar' || value.style !== 'plain' || !contains(value.span, offset)) return [];
  return fromKeys(new Set(), value.span);
}

function fromKeys(written: ReadonlySet<string>, span: Span): Completion[] {
  return [...serviceKeys]
    .filter(([key]) => !written.has(key))
    .map(([key, { about }]) => ({ label: key, text: `${key}:`, span, documentation: about, kind: 'key' }));
}

function valueCompletions(
  { services }: ComposeDocument,
  own: string | undefined,
  key: string,
  span: Span,
  host: Host | undefined,
): Completion[] {
  const found: Completion[] = [];
  for (const [value, detail] of serviceKeys.get(key)?.values ?? []) {
    if (value === 'service:') {
      const others = services.filter(({ name }) => name !== own);
      found.push(...others.map(({ name }): Completion => ({ label: `service:${name}`, span, detail, kind: 'value' })));
    } else if (value === 'container:') found.push(...containerCompletions(host, key, span));
    else found.push({ label: value, span, detail, kind: 'value' });
  }
  return found;
}

const typeOf: ReadonlyMap<string, string> = new Map([
  ['network_mode', 'net'],
  ['pid', 'pid'],
  ['ipc', 'ipc'],
]);

/** What the host knows of containers, by name; ids, which are long, and units are left out. */
function containerCompletions(host: Host | undefined, key: string, span: Span): Completion[] {
  const type = typeOf.get(key);
  if (host === undefined || type === undefined) return [];
  const names = new Set(host.named.filter((known) => known.type === type).flatMap(({ workloads }) => workloads));
  return [...names]
    .filter((name) => !/^[0-9a-f]{12,}$|\.[a-z]+$/.test(name))
    .map((name) => ({ label: `container:${name}`, span, detail: `runs on ${host.name}`, kind: 'value' }));
}
