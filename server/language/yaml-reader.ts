import type { Span } from './span.ts';
import { readBlockScalar, unquoted } from './yaml-scalar.ts';
import { deepest, type YamlDocument, type YamlNode, type YamlScalar, type YamlValue } from './yaml.ts';

/*
 * A reader of its own, because the one of the `yaml` package takes some 20 µs a line, which is more for a manifest of 5,000
 * lines than may pass between a keystroke and its diagnostics. It goes once over the text and keeps its own stacks,
 * and what is not YAML (yet) it takes for what was probably meant: a text is mostly read while it is being written.
 */

interface MapNode {
  kind: 'map';
  span: Span;
  tag?: string;
  entries: Entry[];
  merging: { left: number };
}
interface ListNode {
  kind: 'list';
  span: Span;
  tag?: string;
  items: YamlNode[];
}
interface Entry {
  key: string;
  keySpan: Span;
  value: YamlNode;
  unfinished: boolean;
}
interface Properties {
  anchor?: string;
  tag?: string;
}
interface Frame {
  readonly node: MapNode | ListNode | { kind: 'document'; root: YamlNode };
  readonly indent: number;
  readonly own: Properties;
  /** The last entry or item still waits for its value. */
  open: boolean;
  /** Of the value that is waited for. */
  properties: Properties;
}
interface FlowFrame {
  readonly node: MapNode | ListNode;
  readonly own: Properties;
  /** Waits for its value. */
  pair: Entry | undefined;
  /** Nothing has come since the last comma. */
  fresh: boolean;
}

const none: Properties = {};
/** Entries that merge keys may bring in, in one document. */
const mostMerged = 100_000;
const [TAB, LINE_FEED, RETURN, SPACE, HASH, DASH, COLON, QUESTION] = [9, 10, 13, 32, 35, 45, 58, 63];
const [DOUBLE, PERCENT, AMPERSAND, SINGLE, STAR, COMMA, DOT, BANG] = [34, 37, 38, 39, 42, 44, 46, 33];
const [LIST_OPEN, LIST_CLOSE, MAP_OPEN, MAP_CLOSE, PIPE, GREATER] = [91, 93, 123, 125, 124, 62];

const isBlank = (code: number): boolean => code === SPACE || code === TAB;
const isBreak = (code: number): boolean => code === LINE_FEED || code === RETURN;
/** At the end of the text charCodeAt gives NaN. */
const isSpace = (code: number): boolean => isBlank(code) || isBreak(code) || Number.isNaN(code);
const isFlowIndicator = (code: number): boolean =>
  code === COMMA || code === LIST_OPEN || code === LIST_CLOSE || code === MAP_OPEN || code === MAP_CLOSE;

const entryInLine = /[\w./-]+[ \t]*:(?=[ \t\r\n]|$)/y;

export function readYaml(text: string): YamlDocument[] {
  return new Reader(text).read();
}

class Reader {
  readonly #text: string;
  readonly #documents: YamlDocument[] = [];
  #at: number;
  #lineStart = 0;
  #lastEnd = 0;
  #frames: Frame[] = [];
  #anchors = new Map<string, YamlValue>();
  #merging = { left: mostMerged };

  constructor(text: string) {
    this.#text = text;
    this.#at = text.startsWith('\u{FEFF}') ? 1 : 0;
  }

  read(): YamlDocument[] {
    this.#begin(this.#at);
    let started = false;
    while (this.#at < this.#text.length) {
      this.#lineStart = this.#at;
      this.#skipBlanks();
      const code = this.#code();
      if (isBreak(code) || code === HASH) this.#skipLine();
      else if (this.#at > this.#lineStart || !this.#marker(started)) {
        started = true;
        this.#block();
      } else started = this.#text.startsWith('---', this.#lineStart);
    }
    this.#finish(started);
    return this.#documents;
  }

  /** `---`, `...` and directives, which stand at the beginning of a line. */
  #marker(started: boolean): boolean {
    const code = this.#code();
    if (code === PERCENT && !started) {
      this.#skipLine();
      return true;
    }
    if (!this.#atDocumentMarker()) return false;
    this.#finish(started);
    this.#at += 3;
    this.#begin(this.#at);
    this.#skipBlanks();
    if (code === DOT || this.#atLineEnd()) this.#skipLine();
    else this.#block();
    return true;
  }

  #atDocumentMarker(): boolean {
    const code = this.#code();
    return (
      (code === DASH || code === DOT) && this.#code(1) === code && this.#code(2) === code && isSpace(this.#code(3))
    );
  }

  #begin(at: number): void {
    const root = this.#nothing(at);
    this.#lastEnd = at;
    this.#anchors = new Map();
    this.#merging = { left: mostMerged };
    this.#frames = [{ node: { kind: 'document', root }, indent: -1, own: none, open: true, properties: none }];
  }

  #finish(started: boolean): void {
    this.#close(-1, false);
    const [bottom] = this.#frames;
    if (started && bottom?.node.kind === 'document') {
      this.#documents.push({ root: bottom.node.root, merging: this.#merging });
    }
  }

  /** What begins in this line, from a place where a block may begin: dashes, then a key or a value. */
  #block(): void {
    for (;;) {
      const column = this.#at - this.#lineStart;
      const code = this.#code();
      if (code === DASH && isSpace(this.#code(1))) {
        this.#close(column, true);
        this.#item(column);
        if (this.#atLineEnd() || this.#frames.length > deepest) return this.#skipLine();
        continue;
      }
      this.#close(column, false);
      const explicit = (code === QUESTION || code === COLON) && isSpace(this.#code(1));
      if (explicit) {
        this.#at += 1;
        this.#skipBlanks();
        if (this.#atLineEnd()) return this.#skipLine();
        // What follows the colon of an explicit key begins like a block of its own.
        if (code === COLON) continue;
      }
      return this.#keyOrValue(column, explicit);
    }
  }

  #item(column: number): void {
    let frame = this.#top();
    if (frame.node.kind !== 'list' || frame.indent !== column) frame = this.#push('list', column);
    this.#at += 1;
    if (frame.node.kind === 'list') frame.node.items.push(this.#nothing(this.#at));
    frame.open = true;
    frame.properties = none;
    this.#lastEnd = this.#at;
    this.#skipBlanks();
  }

  #keyOrValue(column: number, explicit: boolean): void {
    const properties = this.#properties();
    const top = this.#top();
    if (this.#atLineEnd()) {
      if (top.open) top.properties = properties;
      return this.#skipLine();
    }
    const start = this.#at;
    const node = this.#inline(properties, top.indent);
    if (node === undefined) {
      // A block scalar, which is never a key.
      return this.#skipLine();
    }
    const oneLine = this.#lineStart <= start;
    this.#skipBlanks();
    if (oneLine && this.#code() === COLON && isSpace(this.#code(1))) {
      this.#at += 1;
      return this.#value(this.#entry(column, node, false));
    }
    if (explicit) {
      this.#entry(column, node, false);
    } else if (node.kind === 'scalar' && node.style === 'plain' && this.#looksLikeKey(top, column)) {
      this.#entry(column, node, true).open = false;
    } else {
      this.#place(this.#continued(node, top.indent, properties));
    }
    this.#skipLine();
  }

  /** A word where a key must stand, though its colon is missing. */
  #looksLikeKey(top: Frame, column: number): boolean {
    if (top.node.kind === 'map' && (top.indent === column || !top.open)) return true;
    if (!top.open || !this.#atLineEnd()) return false;
    const next = this.#nextLine();
    if (next === undefined || next.column !== column) return false;
    entryInLine.lastIndex = next.at;
    return entryInLine.test(this.#text);
  }

  #entry(column: number, key: YamlNode, unfinished: boolean): Frame {
    let frame = this.#top();
    const over = frame.node.kind === 'map' && !frame.open && column > frame.indent;
    if (frame.node.kind !== 'map' || (frame.indent !== column && !over)) {
      frame = this.#push('map', column, key.span.start);
    }
    const entry = {
      key: key.kind === 'scalar' ? key.value : '',
      keySpan: key.span,
      value: this.#nothing(unfinished ? key.span.end : this.#at),
      unfinished,
    };
    if (frame.node.kind === 'map') frame.node.entries.push(entry);
    frame.open = true;
    frame.properties = none;
    this.#lastEnd = unfinished ? key.span.end : this.#at;
    return frame;
  }

  /** What follows a key's colon in the same line. */
  #value(frame: Frame): void {
    this.#skipBlanks();
    const properties = this.#properties();
    if (this.#atLineEnd()) frame.properties = properties;
    else {
      const node = this.#withColon(this.#inline(properties, frame.indent));
      if (node !== undefined) this.#place(this.#continued(node, frame.indent, properties));
    }
    this.#skipLine();
  }

  /** `key: word:` at the end of a line is no YAML, but what is written on the way to `key: word:more`. */
  #withColon(node: YamlNode | undefined): YamlNode | undefined {
    if (node?.kind !== 'scalar' || node.style !== 'plain' || node.span.end !== this.#at || this.#code() !== COLON)
      return node;
    const code = this.#code(1);
    if (!isBreak(code) && !Number.isNaN(code)) return node;
    this.#at += 1;
    this.#lastEnd = this.#at;
    const span = { start: node.span.start, end: this.#at };
    return { ...node, value: `${node.value}:`, span, content: span };
  }

  /** A value that begins here; undefined for a block scalar, which is put in its place. */
  #inline(properties: Properties, indent: number): YamlNode | undefined {
    const code = this.#code();
    if (code === PIPE || code === GREATER) {
      const { scalar, end } = readBlockScalar(this.#text, this.#at, indent);
      this.#at = Math.max(this.#at + 1, end);
      this.#lastEnd = scalar.span.end;
      this.#place(this.#named({ ...scalar, ...tagOf(properties) }, properties));
      // The reader stands at the end of the last line of it.
      return undefined;
    }
    if (code === LIST_OPEN || code === MAP_OPEN) return this.#flow(properties, indent);
    if (code === STAR) return this.#alias();
    const scalar = code === DOUBLE || code === SINGLE ? this.#quoted(code, indent) : this.#plain(properties.tag, false);
    return this.#named(scalar.tag === undefined ? { ...scalar, ...tagOf(properties) } : scalar, properties);
  }

  #alias(): YamlNode {
    const start = this.#at;
    this.#at += 1;
    while (!isSpace(this.#code()) && !isFlowIndicator(this.#code())) this.#at += 1;
    // `*name: value` is an alias as a key, which needs a space before its colon; that a colon ends it is what was meant.
    if (this.#text.charCodeAt(this.#at - 1) === COLON) this.#at -= 1;
    const name = this.#text.slice(start + 1, this.#at);
    this.#lastEnd = this.#at;
    return { kind: 'alias', name, target: this.#anchors.get(name), span: { start, end: this.#at } };
  }

  #properties(): Properties {
    let found = none;
    for (let code = this.#code(); code === AMPERSAND || code === BANG; code = this.#code()) {
      const start = this.#at;
      while (!isSpace(this.#code()) && !(isFlowIndicator(this.#code()) && this.#at > start)) this.#at += 1;
      const word = this.#text.slice(start, this.#at);
      found = code === AMPERSAND ? { ...found, anchor: word.slice(1) } : { ...found, tag: word };
      this.#skipBlanks();
    }
    return found;
  }

  #plain(tag: string | undefined, flow: boolean): YamlScalar {
    const start = this.#at;
    let end = start;
    for (; ; this.#at += 1) {
      const code = this.#code();
      if (isBreak(code) || Number.isNaN(code)) break;
      if (code === COLON) {
        const next = this.#code(1);
        if (isSpace(next) || (flow && isFlowIndicator(next))) break;
      }
      if (flow && isFlowIndicator(code)) break;
      if (code === HASH && this.#at > start && isBlank(this.#code(-1))) break;
      if (!isBlank(code)) end = this.#at + 1;
    }
    const span = { start, end };
    this.#lastEnd = end;
    const value = this.#text.slice(start, end);
    return { kind: 'scalar', value, style: 'plain', span, content: span, ...(tag !== undefined && { tag }) };
  }

  /** A plain value goes on in the lines below that are further in; one with a key is taken for a key. */
  #continued(node: YamlNode, indent: number, properties: Properties): YamlNode {
    if (node.kind !== 'scalar' || node.style !== 'plain' || !isBreak(this.#code())) return node;
    let value = node.value;
    let end = node.span.end;
    const pieces: string[] = [];
    for (let next = this.#nextLine(); next !== undefined && next.column > indent; next = this.#nextLine()) {
      const before = this.#at;
      const beforeLine = this.#lineStart;
      if (next.at === next.start && indent < 0) {
        this.#at = next.at;
        const marker = this.#atDocumentMarker();
        this.#at = before;
        if (marker) break;
      }
      if (this.#text.charCodeAt(next.at) === HASH) break;
      this.#at = next.at;
      const piece = this.#plain(undefined, false);
      if (this.#code() === COLON) {
        this.#at = before;
        this.#lineStart = beforeLine;
        this.#lastEnd = end;
        break;
      }
      this.#lineStart = next.start;
      pieces.push(next.blank > 0 ? '\n'.repeat(next.blank) : ' ', piece.value);
      end = piece.span.end;
      if (!isBreak(this.#code())) break;
    }
    if (pieces.length === 0) return node;
    value += pieces.join('');
    const span = { start: node.span.start, end };
    return this.#named({ ...node, value, span, content: span }, properties);
  }

  /** The next line with something in it. */
  #nextLine(): { start: number; at: number; column: number; blank: number } | undefined {
    let at = this.#text.indexOf('\n', this.#at);
    for (let blank = 0; at >= 0; blank += 1) {
      const start = at + 1;
      let first = start;
      while (isBlank(this.#text.charCodeAt(first))) first += 1;
      const code = this.#text.charCodeAt(first);
      if (Number.isNaN(code)) return undefined;
      if (!isBreak(code)) return { start, at: first, column: first - start, blank };
      at = this.#text.indexOf('\n', first);
    }
    return undefined;
  }

  /** To the quote that closes it or, where there is none, to the first line that cannot belong to it. */
  #quoted(quote: number, indent: number): YamlScalar {
    const start = this.#at;
    this.#at += 1;
    let closed = false;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#code();
      if (code === quote) {
        if (quote === DOUBLE || this.#code(1) !== SINGLE) {
          closed = true;
          break;
        }
        this.#at += 1;
      } else if (code === 92 && quote === DOUBLE && !isBreak(this.#code(1))) this.#at += 1;
      else if (code === LINE_FEED) {
        const next = this.#nextLine();
        if (next === undefined || next.column <= indent) break;
        this.#lineStart = next.start;
        this.#at = next.at - 1;
      }
    }
    const inner = Math.min(this.#at, this.#text.length);
    this.#at = closed ? inner + 1 : inner;
    const end = closed ? this.#at : start + this.#text.slice(start, inner).trimEnd().length;
    const content = { start: start + 1, end: closed ? inner : Math.max(start + 1, end) };
    const raw = this.#text.slice(content.start, content.end);
    this.#lastEnd = end;
    const style = quote === DOUBLE ? 'double' : 'single';
    return { kind: 'scalar', value: unquoted(raw, style), style, span: { start, end }, content };
  }

  /** Between brackets or braces, to the one that closes the first or to the first line that cannot belong to it. */
  #flow(properties: Properties, indent: number): YamlNode {
    const first = this.#flowFrame(properties);
    const frames = [first];
    let pending = none;
    let tooDeep = 0;
    while (this.#skipFlowSpace(indent)) {
      const frame = frames.at(-1);
      if (frame === undefined) break;
      const code = this.#code();
      if (frames.length >= deepest && (code === LIST_OPEN || code === MAP_OPEN)) {
        tooDeep += 1;
        this.#at += 1;
        continue;
      }
      if (tooDeep > 0) {
        if (code === LIST_CLOSE || code === MAP_CLOSE) tooDeep -= 1;
        this.#at += 1;
        continue;
      }
      if (code === LIST_CLOSE || code === MAP_CLOSE) {
        this.#at += 1;
        this.#lastEnd = this.#at;
        frame.node.span = { start: frame.node.span.start, end: this.#at };
        this.#named(frame.node, frame.own);
        frames.pop();
        if (frames.length === 0) return first.node;
      } else if (code === COMMA) {
        this.#at += 1;
        frame.pair = undefined;
        frame.fresh = true;
      } else if (code === COLON && this.#isFlowColon(frame)) {
        this.#at += 1;
        this.#flowColon(frame);
      } else if (code === AMPERSAND || code === BANG) {
        const at = this.#at;
        pending = this.#properties();
        if (this.#at === at) this.#at += 1;
      } else if (code === LIST_OPEN || code === MAP_OPEN) {
        const inner = this.#flowFrame(pending);
        this.#addToFlow(frame, inner.node);
        frames.push(inner);
        pending = none;
      } else {
        this.#addToFlow(frame, this.#flowScalar(pending, indent));
        pending = none;
      }
    }
    for (const { node, own } of frames) {
      node.span = { start: node.span.start, end: this.#lastEnd };
      this.#named(node, own);
    }
    return first.node;
  }

  #flowScalar(properties: Properties, indent: number): YamlNode {
    const code = this.#code();
    if (code === STAR) return this.#alias();
    const scalar = code === DOUBLE || code === SINGLE ? this.#quoted(code, indent) : this.#plain(undefined, true);
    return this.#named({ ...scalar, ...tagOf(properties) }, properties);
  }

  #flowFrame(own: Properties): FlowFrame {
    const node = this.#collection(this.#code() === LIST_OPEN ? 'list' : 'map', this.#at, own);
    this.#at += 1;
    this.#lastEnd = this.#at;
    return { node, own, pair: undefined, fresh: true };
  }

  #isFlowColon(frame: FlowFrame): boolean {
    const next = this.#code(1);
    return isSpace(next) || isFlowIndicator(next) || (!frame.fresh && frame.pair?.unfinished !== false);
  }

  #flowColon(frame: FlowFrame): void {
    const { node } = frame;
    this.#lastEnd = this.#at;
    if (node.kind === 'map') {
      frame.pair ??= this.#pair(node.entries, this.#nothing(this.#at - 1));
      frame.pair.unfinished = false;
      frame.pair.value = this.#nothing(this.#at);
    } else if (!frame.fresh && frame.pair === undefined) {
      // `[a: b]` is a list with a map of one entry.
      const key = node.items.pop() ?? this.#nothing(this.#at);
      const map = this.#map(key.span.start, none);
      frame.pair = this.#pair(map.entries, key);
      frame.pair.unfinished = false;
      frame.pair.value = this.#nothing(this.#at);
      node.items.push(map);
    }
    frame.fresh = false;
  }

  #pair(entries: Entry[], key: YamlNode): Entry {
    const entry = {
      key: key.kind === 'scalar' ? key.value : '',
      keySpan: key.span,
      value: this.#nothing(key.span.end),
      unfinished: true,
    };
    entries.push(entry);
    return entry;
  }

  #addToFlow(frame: FlowFrame, value: YamlNode): void {
    if (frame.pair !== undefined && !frame.pair.unfinished) frame.pair.value = value;
    else if (frame.node.kind === 'map') {
      // Two words without a comma or colon between them are one key in two lines.
      frame.pair ??= this.#pair(frame.node.entries, value);
    } else if (frame.fresh) frame.node.items.push(value);
    frame.fresh = false;
  }

  /** False at the end of the text, and before a line that is a key of a map around: then the bracket is not closed yet. */
  #skipFlowSpace(indent: number): boolean {
    for (;;) {
      const code = this.#code();
      if (Number.isNaN(code)) return false;
      if (code === HASH && (this.#at === 0 || isSpace(this.#code(-1)))) {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      } else if (code === LINE_FEED) {
        const next = this.#nextLine();
        if (next === undefined) {
          this.#at = this.#text.length;
          return false;
        }
        entryInLine.lastIndex = next.at;
        if (next.column <= indent && entryInLine.test(this.#text)) return false;
        this.#lineStart = next.start;
        this.#at = next.at;
      } else if (isBlank(code) || code === RETURN) this.#at += 1;
      else return true;
    }
  }

  /** Puts a value where the innermost map or list waits for one; nowhere if it does not. */
  #place(node: YamlNode): void {
    const top = this.#top();
    if (!top.open) return;
    top.open = false;
    const { node: into } = top;
    // Properties in the line above belong to the value.
    if (node.kind !== 'alias' && top.properties !== none) this.#named(node, top.properties);
    if (into.kind === 'document') into.root = node;
    else if (into.kind === 'list') into.items[into.items.length - 1] = node;
    else {
      const entry = into.entries.at(-1);
      if (entry !== undefined) entry.value = node;
    }
  }

  #push(kind: 'map' | 'list', indent: number, start = this.#at): Frame {
    const top = this.#top();
    const own = top.open ? top.properties : none;
    const node = this.#collection(kind, start, own);
    // Properties are given a name when the collection is complete: an anchor is never around its own alias.
    top.properties = none;
    if (this.#frames.length <= deepest) this.#place(node);
    else top.open = false;
    const frame: Frame = { node, indent, own, open: false, properties: none };
    this.#frames.push(frame);
    return frame;
  }

  /** Ends the collections that a line with this indentation is not part of. */
  #close(column: number, dash: boolean): void {
    for (let top = this.#top(); this.#frames.length > 1; top = this.#top()) {
      const { node, indent, own } = top;
      if (indent < column || node.kind === 'document') return;
      // A list may stand at the indentation of the key that it belongs to.
      if (indent === column && (node.kind === 'map' || dash)) return;
      this.#frames.pop();
      node.span = { start: node.span.start, end: Math.max(node.span.start, this.#lastEnd) };
      this.#named(node, own);
    }
  }

  #collection(kind: 'map' | 'list', start: number, own: Properties): MapNode | ListNode {
    return kind === 'map' ? this.#map(start, own) : { kind, items: [], span: { start, end: start }, ...tagOf(own) };
  }

  #map(start: number, own: Properties): MapNode {
    return { kind: 'map', entries: [], span: { start, end: start }, merging: this.#merging, ...tagOf(own) };
  }

  #named<N extends YamlValue>(node: N, { anchor }: Properties): N {
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    return node;
  }

  #nothing(at: number): YamlScalar {
    const span = { start: at, end: at };
    return { kind: 'scalar', value: '', style: 'plain', span, content: span };
  }

  #top(): Frame {
    const top = this.#frames.at(-1);
    if (top === undefined) throw new Error('the frame of the document is never taken away');
    return top;
  }

  #code(ahead = 0): number {
    return this.#text.charCodeAt(this.#at + ahead);
  }

  #skipBlanks(): void {
    while (isBlank(this.#code())) this.#at += 1;
  }

  #atLineEnd(): boolean {
    const code = this.#code();
    return isBreak(code) || Number.isNaN(code) || (code === HASH && (this.#at === 0 || isSpace(this.#code(-1))));
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }
}

function tagOf({ tag }: Properties): { tag?: string } {
  return tag === undefined ? {} : { tag };
}
