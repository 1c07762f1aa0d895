import {
  HASH,
  DASH,
  COLON,
  QUESTION,
  DOUBLE,
  PERCENT,
  SINGLE,
  STAR,
  DOT,
  LIST_OPEN,
  MAP_OPEN,
  PIPE,
  GREATER,
  isBreak,
  isSpace,
  isWord,
} from './yaml-characters.ts';
import { none, plainScalar, type Properties } from './yaml-cursor.ts';
import { entryBegins, FlowCursor } from './yaml-flow.ts';
import { Document, Entry, FoldedScalar, PlainScalar, Scalar, type ListNode, type MapNode } from './yaml-nodes.ts';
import { readBlockScalar } from './yaml-scalar.ts';
import { deepest, type YamlDocument, type YamlNode } from './yaml.ts';

/*
 * A reader of its own, because the one of the `yaml` package takes some 20 µs a line, which is more for a manifest of 5,000
 * lines than may pass between a keystroke and its diagnostics. It goes once over the text and keeps its own stacks,
 * and what is not YAML (yet) it takes for what was probably meant: a text is mostly read while it is being written.
 */

interface Frame {
  readonly node: MapNode | ListNode | { kind: 'document'; root: YamlNode };
  readonly indent: number;
  readonly own: Properties;
  /** Of what belongs to it, on the stack of its kind. */
  readonly base: number;
  /** The last entry or item still waits for its value. */
  open: boolean;
  /** Of the value that is waited for. */
  properties: Properties;
  /** Where the value would begin that is waited for. */
  valueAt: number;
}

/** Stands for the value of an entry or item until it is read, which is nearly always. */
const unread: YamlNode = new PlainScalar('', 0, 0);

/** Keys are unfinished where somebody writes: a document that has more of them is none of YAML, and they are left out. */
const mostUnfinished = 1000;

export function readYaml(text: string): YamlDocument[] {
  return new Reader(text).read();
}

class Reader extends FlowCursor {
  readonly #documents: YamlDocument[] = [];
  #frames: Frame[] = [];
  /** Keys without their colon, in this document. */
  #unfinished = 0;

  read(): YamlDocument[] {
    this.#begin(this.at);
    let started = false;
    while (this.at < this.text.length) {
      this.lineStart = this.at;
      this.skipBlanks();
      const code = this.code();
      if (isBreak(code) || code === HASH) this.skipLine();
      else if (this.at > this.lineStart || !this.#marker(started)) {
        started = true;
        this.#block();
      } else started = this.text.startsWith('---', this.lineStart);
    }
    this.#finish(started);
    return this.#documents;
  }

  /** `---`, `...` and directives, which stand at the beginning of a line. */
  #marker(started: boolean): boolean {
    const code = this.code();
    if (code === PERCENT && !started) {
      this.skipLine();
      return true;
    }
    if (!this.atDocumentMarker()) return false;
    this.#finish(started);
    this.at += 3;
    this.#begin(this.at);
    this.skipBlanks();
    if (code === DOT || this.atLineEnd()) this.skipLine();
    else this.#block();
    return true;
  }

  #begin(at: number): void {
    const root = this.nothing(at);
    this.lastEnd = at;
    this.#unfinished = 0;
    this.forget();
    this.#frames = [
      { node: { kind: 'document', root }, indent: -1, own: none, base: 0, open: true, properties: none, valueAt: at },
    ];
  }

  #finish(started: boolean): void {
    this.#close(-1, false);
    const [bottom] = this.#frames;
    if (started && bottom?.node.kind === 'document') {
      this.#documents.push(new Document(bottom.node.root, this.merging));
    }
  }

  /** What begins in this line, from a place where a block may begin: dashes, then a key or a value. */
  #block(): void {
    for (;;) {
      const column = this.at - this.lineStart;
      const code = this.code();
      if (code === DASH && isSpace(this.code(1))) {
        this.#close(column, true);
        this.#item(column);
        if (this.atLineEnd() || this.#frames.length > deepest) return this.skipLine();
        continue;
      }
      this.#close(column, false);
      const explicit = (code === QUESTION || code === COLON) && isSpace(this.code(1));
      if (explicit) {
        this.at += 1;
        this.skipBlanks();
        if (this.atLineEnd()) return this.skipLine();
        // What follows the colon of an explicit key begins like a block of its own.
        if (code === COLON) continue;
      }
      return this.#keyOrValue(column, explicit);
    }
  }

  #item(column: number): void {
    let frame = this.#top();
    if (frame.node.kind !== 'list' || frame.indent !== column) frame = this.#push('list', column);
    this.at += 1;
    this.#settle(frame);
    frame.valueAt = this.at;
    this.items.push(unread);
    frame.open = true;
    frame.properties = none;
    this.lastEnd = this.at;
    this.skipBlanks();
  }

  #keyOrValue(column: number, explicit: boolean): void {
    const properties = this.properties();
    const top = this.#top();
    if (this.atLineEnd()) {
      if (top.open) top.properties = properties;
      return this.skipLine();
    }
    if (properties === none && !explicit && this.#plainKey(column)) return;
    const start = this.at;
    const node = this.#inline(properties, top.indent);
    if (node === undefined) {
      // A block scalar, which is never a key.
      return this.skipLine();
    }
    const oneLine = this.lineStart <= start;
    this.skipBlanks();
    if (oneLine && this.code() === COLON && isSpace(this.code(1))) {
      this.at += 1;
      return this.#value(this.#entryOf(column, node, false));
    }
    if (explicit) {
      this.#entryOf(column, node, false);
    } else if (node.kind === 'scalar' && node.style === 'plain' && this.#looksLikeKey(top, column)) {
      this.#unfinished += 1;
      if (this.#unfinished <= mostUnfinished) this.#entryOf(column, node, true).open = false;
    } else {
      this.#place(this.#continued(node, top.indent, properties));
    }
    this.skipLine();
  }

  /** A word where a key must stand, though its colon is missing. */
  #looksLikeKey(top: Frame, column: number): boolean {
    if (top.node.kind === 'map' && (top.indent === column || !top.open)) return true;
    if (!top.open || !this.atLineEnd()) return false;
    const next = this.nextLine();
    if (next === undefined || next.column !== column) return false;
    return entryBegins(this.text, next.at);
  }

  /** What nearly all lines are: a plain key with its colon, and then its value. */
  #plainKey(column: number): boolean {
    const { at: start, lastEnd } = this;
    if (!isWord(this.code())) return false;
    this.skipPlain(false);
    const end = this.lastEnd;
    if (this.code() !== COLON || end === start) {
      this.at = start;
      this.lastEnd = lastEnd;
      return false;
    }
    this.at += 1;
    this.#value(this.#entry(column, this.text.slice(start, end), start, end, false));
    return true;
  }

  #entryOf(column: number, key: YamlNode, unfinished: boolean): Frame {
    const { start, end } = key.span;
    return this.#entry(column, key.kind === 'scalar' ? key.value : '', start, end, unfinished);
  }

  #entry(column: number, key: string, start: number, end: number, unfinished: boolean): Frame {
    let frame = this.#top();
    const over = frame.node.kind === 'map' && !frame.open && column > frame.indent;
    if (frame.node.kind !== 'map' || (frame.indent !== column && !over)) {
      frame = this.#push('map', column, start);
    }
    this.#settle(frame);
    frame.valueAt = unfinished ? end : this.at;
    this.entries.push(new Entry(key, start, end, unread, unfinished));
    frame.open = true;
    frame.properties = none;
    this.lastEnd = frame.valueAt;
    return frame;
  }

  /** What follows a key's colon in the same line. */
  #value(frame: Frame): void {
    this.skipBlanks();
    const properties = this.properties();
    if (this.atLineEnd()) frame.properties = properties;
    else {
      const node = this.#withColon(this.#inline(properties, frame.indent));
      if (node !== undefined) this.#place(this.#continued(node, frame.indent, properties));
    }
    this.skipLine();
  }

  /** `key: word:` at the end of a line is no YAML, but what is written on the way to `key: word:more`. */
  #withColon(node: YamlNode | undefined): YamlNode | undefined {
    if (this.code() !== COLON || node?.kind !== 'scalar' || node.style !== 'plain' || node.span.end !== this.at)
      return node;
    const code = this.code(1);
    if (!isBreak(code) && !Number.isNaN(code)) return node;
    this.at += 1;
    this.lastEnd = this.at;
    return plainScalar(`${node.value}:`, node.span.start, this.at, node.tag);
  }

  /** A value that begins here; undefined for a block scalar, which is put in its place. */
  #inline(properties: Properties, indent: number): YamlNode | undefined {
    const code = this.code();
    if (code === PIPE || code === GREATER) {
      const { scalar, end } = readBlockScalar(this.text, this.at, indent);
      this.at = Math.max(this.at + 1, end);
      this.lastEnd = scalar.span.end;
      this.#place(this.named(new Scalar(scalar, properties.tag), properties));
      // The reader stands at the end of the last line of it.
      return undefined;
    }
    if (code === LIST_OPEN || code === MAP_OPEN) return this.flow(properties, indent);
    if (code === STAR) return this.alias();
    const { tag } = properties;
    const scalar = code === DOUBLE || code === SINGLE ? this.quoted(code, indent, tag) : this.plain(tag, false);
    return this.named(scalar, properties);
  }

  /** A plain value goes on in the lines below that are further in; one with a key is taken for a key. */
  #continued(node: YamlNode, indent: number, properties: Properties): YamlNode {
    if (node.kind !== 'scalar' || node.style !== 'plain' || this.nextColumn() <= indent) return node;
    const { start, end: firstEnd } = node.span;
    let end = firstEnd;
    for (let next = this.nextLine(); next !== undefined && next.column > indent; next = this.nextLine()) {
      const before = this.at;
      const beforeLine = this.lineStart;
      if (next.at === next.start && indent < 0) {
        this.at = next.at;
        const marker = this.atDocumentMarker();
        this.at = before;
        if (marker) break;
      }
      if (this.text.charCodeAt(next.at) === HASH) break;
      this.at = next.at;
      this.skipPlain(false);
      if (this.code() === COLON) {
        this.at = before;
        this.lineStart = beforeLine;
        this.lastEnd = end;
        break;
      }
      this.lineStart = next.start;
      end = this.lastEnd;
      if (!isBreak(this.code())) break;
    }
    if (end === firstEnd) return node;
    return this.named(new FoldedScalar(this.text, start, end, node.tag), properties);
  }

  /** Puts a value where the innermost map or list waits for one; nowhere if it does not. */
  #place(node: YamlNode): void {
    const top = this.#top();
    if (!top.open) return;
    top.open = false;
    const { node: into } = top;
    // Properties in the line above belong to the value.
    if (node.kind !== 'alias' && top.properties !== none) this.named(node, top.properties);
    if (into.kind === 'document') into.root = node;
    else if (into.kind === 'list') this.items[this.items.length - 1] = node;
    else {
      const entry = this.entries.at(-1);
      if (entry !== undefined) entry.value = node;
    }
  }

  /** Nothing is written where a value is still waited for. */
  #settle({ node, base, valueAt }: Frame): void {
    if (node.kind === 'map') {
      const entry = this.entries.length > base ? this.entries.at(-1) : undefined;
      if (entry?.value === unread) entry.value = this.nothing(valueAt);
    } else if (node.kind === 'list' && this.items.length > base && this.items.at(-1) === unread) {
      this.items[this.items.length - 1] = this.nothing(valueAt);
    }
  }

  #push(kind: 'map' | 'list', indent: number, start = this.at): Frame {
    const top = this.#top();
    const own = top.open ? top.properties : none;
    const node = this.collection(kind, start, own);
    // Properties are given a name when the collection is complete: an anchor is never around its own alias.
    top.properties = none;
    if (this.#frames.length <= deepest) this.#place(node);
    else top.open = false;
    const frame: Frame = { node, indent, own, base: this.baseOf(kind), open: false, properties: none, valueAt: start };
    this.#frames.push(frame);
    return frame;
  }

  /** Ends the collections that a line with this indentation is not part of. */
  #close(column: number, dash: boolean): void {
    for (let top = this.#top(); this.#frames.length > 1; top = this.#top()) {
      const { node, indent, own, base } = top;
      if (indent < column || node.kind === 'document') return;
      // A list may stand at the indentation of the key that it belongs to.
      if (indent === column && (node.kind === 'map' || dash)) return;
      this.#frames.pop();
      this.#settle(top);
      this.complete(node, base, Math.max(node.start, this.lastEnd));
      this.named(node, own);
    }
  }

  #top(): Frame {
    const top = this.#frames.at(-1);
    if (top === undefined) throw new Error('the frame of the document is never taken away');
    return top;
  }
}
