/*
 * The nodes of a tree as they are kept: places as numbers, of which a span is made where one is asked for, which is seldom. A
 * megabyte of YAML is a quarter of a million of these, and the garbage collector copies what is kept: with an object for each place
 * it took longer than all that is read.
 */
import type { Span } from './span.ts';
import type { YamlAlias, YamlDocument, YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar, YamlValue } from './yaml.ts';

type Merging = YamlMap['merging'];

/** A scalar without quotes, tag and folded lines, which nearly all are. */
export class PlainScalar implements YamlScalar {
  readonly value: string;
  readonly start: number;
  readonly end: number;

  constructor(value: string, start: number, end: number) {
    this.value = value;
    this.start = start;
    this.end = end;
  }

  get kind(): 'scalar' {
    return 'scalar';
  }

  get style(): 'plain' {
    return 'plain';
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }

  get content(): Span {
    return this.span;
  }
}

/** Any other. */
export class Scalar implements YamlScalar {
  readonly value: string;
  readonly style: YamlScalar['style'];
  readonly start: number;
  readonly end: number;
  readonly content: Span;
  declare readonly tag?: string;

  constructor({ value, style, span, content }: Omit<YamlScalar, 'kind' | 'tag'>, tag: string | undefined) {
    this.value = value;
    this.style = style;
    this.start = span.start;
    this.end = span.end;
    this.content = content;
    if (tag !== undefined) this.tag = tag;
  }

  get kind(): 'scalar' {
    return 'scalar';
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }
}

const noEntries: readonly Entry[] = [];
const noItems: readonly YamlNode[] = [];

/** Has its entries when it is complete, as a list has its items: an array that grows is larger than what is in it. */
export class MapNode implements YamlMap {
  entries: readonly Entry[] = noEntries;
  readonly start: number;
  end: number;
  readonly merging: Merging;
  declare merged?: ReadonlyMap<string, YamlEntry>;
  declare readonly tag?: string;

  constructor(start: number, merging: Merging, tag: string | undefined) {
    this.start = start;
    this.end = start;
    this.merging = merging;
    if (tag !== undefined) this.tag = tag;
  }

  get kind(): 'map' {
    return 'map';
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }
}

export class ListNode implements YamlList {
  items: readonly YamlNode[] = noItems;
  readonly start: number;
  end: number;
  declare readonly tag?: string;

  constructor(start: number, tag: string | undefined) {
    this.start = start;
    this.end = start;
    if (tag !== undefined) this.tag = tag;
  }

  get kind(): 'list' {
    return 'list';
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }
}

export class Alias implements YamlAlias {
  readonly name: string;
  readonly target: YamlValue | undefined;
  readonly start: number;
  readonly end: number;

  constructor(name: string, target: YamlValue | undefined, start: number, end: number) {
    this.name = name;
    this.target = target;
    this.start = start;
    this.end = end;
  }

  get kind(): 'alias' {
    return 'alias';
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }
}

export class Entry implements YamlEntry {
  readonly key: string;
  readonly keyStart: number;
  keyEnd: number;
  value: YamlNode;
  unfinished: boolean;

  constructor(key: string, keyStart: number, keyEnd: number, value: YamlNode, unfinished: boolean) {
    this.key = key;
    this.keyStart = keyStart;
    this.keyEnd = keyEnd;
    this.value = value;
    this.unfinished = unfinished;
  }

  get keySpan(): Span {
    return { start: this.keyStart, end: this.keyEnd };
  }
}

export class Document implements YamlDocument {
  readonly root: YamlNode;
  readonly merging: Merging;
  #keys: ReadonlySet<string> | undefined;

  constructor(root: YamlNode, merging: Merging) {
    this.root = root;
    this.merging = merging;
  }

  get keys(): ReadonlySet<string> {
    if (this.#keys === undefined) {
      const keys = new Set<string>();
      addKeys(this.root, keys);
      this.#keys = keys;
    }
    return this.#keys;
  }
}

/** A tree is `deepest` levels deep at most. */
function addKeys(node: YamlNode, keys: Set<string>): void {
  if (node.kind === 'list') for (const item of node.items) addKeys(item, keys);
  else if (node.kind === 'map') {
    for (const { key, value } of node.entries) {
      keys.add(key);
      addKeys(value, keys);
    }
  }
}
