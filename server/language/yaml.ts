import type { Span } from './span.ts';

/**
 * What rules need of YAML: documents as trees with the exact place of every key and value. The tree is what is written:
 * aliases and merge keys stay references, so what they would expand to costs nothing until it is asked for.
 * A tree is at most `deepest` levels deep, so it may be walked by recursion; what lies deeper is left out.
 */
export const deepest = 100;

export interface YamlDocument {
  readonly root: YamlNode;
  /** Bound for what merge keys bring in, for all of the document. */
  readonly merging: { left: number };
  /** All that are written in it, wherever. */
  readonly keys: ReadonlySet<string>;
}

export type YamlNode = YamlScalar | YamlMap | YamlList | YamlAlias;
/** What a node is after its alias has been followed. */
export type YamlValue = YamlScalar | YamlMap | YamlList;

interface NodeBase {
  /** Without anchor and tag; quotes included. Empty, behind the colon or the dash, where nothing is written. */
  readonly span: Span;
  /** As written, such as `!reset`. */
  readonly tag?: string;
}

export interface YamlScalar extends NodeBase {
  readonly kind: 'scalar';
  /** Decoded: without quotes, escapes and indentation. */
  readonly value: string;
  readonly style: 'plain' | 'single' | 'double' | 'block';
  /** Where the value stands: between the quotes. */
  readonly content: Span;
}

export interface YamlMap extends NodeBase {
  readonly kind: 'map';
  /** As written, merge keys included; see `entriesOf`. */
  readonly entries: readonly YamlEntry[];
  readonly merging: { left: number };
  /** What `entriesOf` has found. */
  merged?: ReadonlyMap<string, YamlEntry>;
}

export interface YamlEntry {
  /** Empty for a key that is no scalar. */
  readonly key: string;
  readonly keySpan: Span;
  readonly value: YamlNode;
  /** The colon is not written yet. */
  readonly unfinished: boolean;
}

export interface YamlList extends NodeBase {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

export interface YamlAlias extends NodeBase {
  readonly kind: 'alias';
  readonly name: string;
  /** Undefined where no such anchor comes before it. Never an alias itself, and never around the alias. */
  readonly target: YamlValue | undefined;
}

export { readYaml } from './yaml-reader.ts';

export function resolved(node: YamlNode | undefined): YamlValue | undefined {
  return node?.kind === 'alias' ? node.target : node;
}

export function asMap(node: YamlNode | undefined): YamlMap | undefined {
  const value = resolved(node);
  return value?.kind === 'map' ? value : undefined;
}

/** The items of a list, as written: each may be an alias. */
export function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  const value = resolved(node);
  return value?.kind === 'list' ? value.items : [];
}

/**
 * The entries of a map by key, with what its merge keys bring in: own keys first, then earlier sources before later.
 * Of a key written twice the last counts. Its spans lead to where an entry is written, which may be elsewhere.
 */
export function entriesOf(node: YamlNode | undefined): ReadonlyMap<string, YamlEntry> {
  const map = asMap(node);
  return map === undefined ? noEntries : mergedEntries(map, 0);
}

/** The same where each is looked at and a key that is written twice may be met twice: without merge keys no map of them is made. */
export function eachEntry(node: YamlNode | undefined): Iterable<YamlEntry> {
  const map = asMap(node);
  if (map === undefined) return noEntries.values();
  return map.entries.some(({ key }) => key === '<<') ? mergedEntries(map, 0).values() : map.entries;
}

const noEntries: ReadonlyMap<string, YamlEntry> = new Map();

function mergedEntries(map: YamlMap, depth: number): ReadonlyMap<string, YamlEntry> {
  if (map.merged !== undefined) return map.merged;
  const found = new Map<string, YamlEntry>();
  const sources: YamlMap[] = [];
  for (const entry of map.entries) {
    if (entry.key !== '<<') {
      found.set(entry.key, entry);
      continue;
    }
    const value = resolved(entry.value);
    for (const source of value?.kind === 'list' ? value.items : [entry.value]) {
      const one = asMap(source);
      if (one !== undefined) sources.push(one);
    }
  }
  for (const source of depth < deepest ? sources : []) {
    for (const [key, entry] of mergedEntries(source, depth + 1)) {
      if (--map.merging.left < 0) break;
      if (!found.has(key)) found.set(key, entry);
    }
  }
  map.merged = found;
  return found;
}

export function entryOf(node: YamlNode | undefined, key: string): YamlEntry | undefined {
  const map = asMap(node);
  if (map === undefined) return undefined;
  const { entries } = map;
  if (entries.length > few || map.merged !== undefined) return mergedEntries(map, 0).get(key);
  let found: YamlEntry | undefined;
  for (const entry of entries) {
    if (entry.key === key) found = entry;
    else if (entry.key === '<<') return mergedEntries(map, 0).get(key);
  }
  return found;
}

/** So many entries are sooner looked through than put into a `Map`, which most maps of a file would be asked for once or twice. */
const few = 8;

export function valueOf(node: YamlNode | undefined, key: string): YamlValue | undefined {
  return resolved(entryOf(node, key)?.value);
}

/** The value at the end of a path of keys. */
export function valueAt(node: YamlNode | undefined, ...path: readonly string[]): YamlValue | undefined {
  let at = resolved(node);
  for (const key of path) at = valueOf(at, key);
  return at;
}

export function isNull(node: YamlNode | undefined): boolean {
  const value = resolved(node);
  return value?.kind === 'scalar' && value.style === 'plain' && /^(?:~|null|Null|NULL)?$/.test(value.value);
}

export function scalarOf(node: YamlNode | undefined): YamlScalar | undefined {
  const value = resolved(node);
  return value?.kind === 'scalar' && !isNull(value) ? value : undefined;
}

/** The text of a scalar of any type; undefined for null and collections. */
export function textOf(node: YamlNode | undefined): string | undefined {
  return scalarOf(node)?.value;
}

/** Plain scalars only: a quoted one is a string. `yes`, `no`, `on` and `off` are YAML 1.1's. */
export function booleanOf(node: YamlNode | undefined): boolean | undefined {
  const scalar = scalarOf(node);
  if (scalar?.style !== 'plain') return undefined;
  if (/^(?:true|True|TRUE|yes|Yes|YES|on|On|ON)$/.test(scalar.value)) return true;
  return /^(?:false|False|FALSE|no|No|NO|off|Off|OFF)$/.test(scalar.value) ? false : undefined;
}

/** Plain scalars only: a quoted one is a string. */
export function integerOf(node: YamlNode | undefined): number | undefined {
  const scalar = scalarOf(node);
  return scalar?.style === 'plain' && /^[-+]?(?:0o[0-7]+|0x[0-9a-fA-F]+|\d+)$/.test(scalar.value)
    ? Number(scalar.value.replace('+', ''))
    : undefined;
}

/** The place of a piece of a scalar's value; of all of it where escapes or line breaks lie between. */
export function pieceOf(scalar: YamlScalar, start: number, end: number): Span {
  const { content, value } = scalar;
  if (content.end - content.start !== value.length) return scalar.span;
  return { start: content.start + start, end: content.start + end };
}

/** One step from the root of a document towards an offset. */
export type YamlStep =
  { readonly map: YamlMap; readonly entry: YamlEntry } | { readonly list: YamlList; readonly index: number };

/** Where an offset lies, from the outermost map or list to the innermost; the last value begins at or before it. */
export function stepsTo(document: YamlDocument, offset: number): YamlStep[] {
  const steps: YamlStep[] = [];
  let node = document.root;
  while (node.kind === 'map' || node.kind === 'list') {
    if (node.kind === 'map') {
      const entry = node.entries.findLast(({ keySpan }) => keySpan.start <= offset);
      if (entry === undefined) break;
      steps.push({ map: node, entry });
      node = entry.value;
    } else {
      const index = node.items.findLastIndex(({ span }) => span.start <= offset);
      const item = node.items[index];
      if (item === undefined) break;
      steps.push({ list: node, index });
      node = item;
    }
  }
  return steps;
}
