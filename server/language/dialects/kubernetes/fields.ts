import type { Span } from '../../span.ts';
import { asMap, booleanOf, entryOf, integerOf, isNull, itemsOf, resolved, textOf } from '../../yaml.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../../yaml.ts';
import type { Flag } from './model.ts';

export function spanOf({ keySpan, value }: YamlEntry): Span {
  return { start: keySpan.start, end: Math.max(keySpan.end, endOf(value)) };
}

/** A field of one line is marked with its value, one of several lines by its key. */
export function shortSpan(entry: YamlEntry): Span {
  const kind = entry.value.kind;
  return kind === 'scalar' || kind === 'alias' ? spanOf(entry) : entry.keySpan;
}

function endOf({ span }: YamlNode): number {
  return span.end;
}

/** The entry of a field that is set: null is the same as not there. */
export function fieldOf(node: YamlNode | undefined, key: string): YamlEntry | undefined {
  const entry = entryOf(node, key);
  if (entry === undefined) return undefined;
  const { value } = entry;
  // Asked for each field of each container: `isNull` need not look at what is clearly something.
  const set = value.kind === 'map' || value.kind === 'list' || (value.kind === 'scalar' && value.value.length > 4);
  return set || !isNull(value) ? entry : undefined;
}

export function flagOf(node: YamlNode | undefined, key: string, absent = false): Flag {
  const entry = fieldOf(node, key);
  if (entry === undefined) return absent ? absentTrue : absentFalse;
  return { value: booleanOf(entry.value) ?? 'unknown', span: spanOf(entry), valueSpan: entry.value.span };
}

const absentTrue: Flag = { value: true, span: undefined, valueSpan: undefined };
const absentFalse: Flag = { value: false, span: undefined, valueSpan: undefined };

export function mapsIn(node: YamlNode | undefined, key: string): YamlMap[] {
  const maps: YamlMap[] = [];
  for (const item of itemsOf(entryOf(node, key)?.value)) {
    const map = asMap(item);
    if (map !== undefined) maps.push(map);
  }
  return maps;
}

export interface TextField {
  readonly text: string;
  readonly entry: YamlEntry;
  readonly valueSpan: Span;
}

/** Text of a field, unless a placeholder of a template engine stands in it. */
export function textField(node: YamlNode | undefined, key: string): TextField | undefined {
  const entry = fieldOf(node, key);
  const text = textOf(entry?.value);
  if (entry === undefined || text === undefined || isPlaceholder(text)) return undefined;
  return { text, entry, valueSpan: entry.value.span };
}

/** `$(…)`, `${…}`, `{{ … }}`, `<…>`, `%%…%%`, `@…@`: what a tool or a person is still to fill in. */
export function isPlaceholder(text: string): boolean {
  return /\$[({A-Z_a-z]|\{\{|<[^>]*>|%%|@[\w-]+@/.test(text);
}

export interface NumberField {
  readonly number: number;
  readonly entry: YamlEntry;
  readonly valueSpan: Span;
}

export function numberField(node: YamlNode | undefined, key: string): NumberField | undefined {
  const entry = fieldOf(node, key);
  const number = integerOf(entry?.value);
  return entry === undefined || number === undefined ? undefined : { number, entry, valueSpan: entry.value.span };
}

/** Scalars of a list of texts, such as the capabilities. */
export function textsIn(node: YamlNode | undefined, key: string): ListedText[] {
  return itemsOf(entryOf(node, key)?.value).flatMap((item) => {
    const value = resolved(item);
    return value?.kind === 'scalar' ? [{ text: value.value, span: item.span, content: value.content }] : [];
  });
}

export interface ListedText {
  readonly text: string;
  readonly span: Span;
  /** Between the quotes. */
  readonly content: Span;
}
