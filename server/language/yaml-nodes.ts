/* The nodes of a tree as they are kept: small, since a megabyte of YAML is a quarter of a million of them. */
import { Placed, type Span } from './span.ts';
import { fold } from './yaml-scalar.ts';
import type { YamlAlias, YamlDocument, YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar, YamlValue } from './yaml.ts';

type Merging = YamlMap['merging'];

/** What is not between quotes is all of it content. */
class Plain extends Placed {
  get kind(): 'scalar' {
    return 'scalar';
  }

  get style(): 'plain' {
    return 'plain';
  }

  get content(): Span {
    return this.span;
  }
}

/** A scalar without quotes, tag and folded lines, which nearly all are. */
export class PlainScalar extends Plain implements YamlScalar {
  declare readonly value: string;

  constructor(value: string, start: number, end: number) {
    super(start, end);
    this.value = value;
  }
}

/** A plain scalar over several lines, which are put together when somebody asks. */
export class FoldedScalar extends Plain implements YamlScalar {
  readonly #text: string;
  #value: string | undefined;
  declare readonly tag?: string;

  constructor(text: string, start: number, end: number, tag: string | undefined) {
    super(start, end);
    this.#text = text;
    if (tag !== undefined) this.tag = tag;
  }

  get value(): string {
    const { start, end } = this.span;
    return (this.#value ??= fold(this.#text.slice(start, end), false));
  }
}

/** Any other. */
export class Scalar extends Placed implements YamlScalar {
  declare readonly value: string;
  declare readonly style: YamlScalar['style'];
  declare readonly content: Span;
  declare readonly tag?: string;

  constructor({ value, style, span, content }: Omit<YamlScalar, 'kind' | 'tag'>, tag: string | undefined) {
    super(span.start, span.end);
    this.value = value;
    this.style = style;
    this.content = content;
    if (tag !== undefined) this.tag = tag;
  }

  get kind(): 'scalar' {
    return 'scalar';
  }
}

const noEntries: readonly Entry[] = [];
const noItems: readonly YamlNode[] = [];

/** Has its entries when it is complete, as a list has its items: an array that grows is larger than what is in it. */
export class MapNode extends Placed implements YamlMap {
  declare entries: readonly Entry[];
  declare readonly merging: Merging;
  declare merged?: ReadonlyMap<string, YamlEntry>;
  declare readonly tag?: string;

  constructor(start: number, merging: Merging, tag: string | undefined) {
    super(start, start);
    this.entries = noEntries;
    this.merging = merging;
    if (tag !== undefined) this.tag = tag;
  }

  get kind(): 'map' {
    return 'map';
  }
}

export class ListNode extends Placed implements YamlList {
  declare items: readonly YamlNode[];
  declare readonly tag?: string;

  constructor(start: number, tag: string | undefined) {
    super(start, start);
    this.items = noItems;
    if (tag !== undefined) this.tag = tag;
  }

  get kind(): 'list' {
    return 'list';
  }
}

export class Alias extends Placed implements YamlAlias {
  declare readonly name: string;
  declare readonly target: YamlValue | undefined;

  constructor(name: string, target: YamlValue | undefined, start: number, end: number) {
    super(start, end);
    this.name = name;
    this.target = target;
  }

  get kind(): 'alias' {
    return 'alias';
  }
}

export class Entry implements YamlEntry {
  declare readonly key: string;
  declare readonly keyStart: number;
  declare keyEnd: number;
  declare value: YamlNode;
  declare unfinished: boolean;

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
