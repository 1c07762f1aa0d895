import {
  LINE_FEED,
  HASH,
  DASH,
  COLON,
  DOUBLE,
  AMPERSAND,
  SINGLE,
  DOT,
  BANG,
  BACKSLASH,
  isBlank,
  isBreak,
  isSpace,
  isFlowIndicator,
} from './yaml-characters.ts';
import { Alias, ListNode, MapNode, PlainScalar, Scalar, type Entry } from './yaml-nodes.ts';
import { unquoted } from './yaml-scalar.ts';
import type { YamlNode, YamlScalar, YamlValue } from './yaml.ts';

/** What may stand in front of a value. */
export interface Properties {
  anchor?: string;
  tag?: string;
}

export const none: Properties = {};
/** Entries that merge keys may bring in, in one document. */
const mostMerged = 100_000;

export function plainScalar(value: string, start: number, end: number, tag: string | undefined): YamlScalar {
  if (tag === undefined) return new PlainScalar(value, start, end);
  const span = { start, end };
  return new Scalar({ value, style: 'plain', span, content: span }, tag);
}

/** A place in a text, and what can be read there without knowing what is around. */
export class Cursor {
  protected readonly text: string;
  protected at: number;
  protected lineStart = 0;
  /** Where the last thing ended that was read. */
  protected lastEnd = 0;
  protected anchors = new Map<string, YamlValue>();
  protected merging = { left: mostMerged };
  /** Of the maps and lists that are not complete, the innermost last: each knows where its own begin. */
  protected readonly entries: Entry[] = [];
  protected readonly items: YamlNode[] = [];

  constructor(text: string) {
    this.text = text;
    this.at = text.startsWith('\u{FEFF}') ? 1 : 0;
  }

  /** Anchors and bounds are of one document. */
  protected forget(): void {
    this.anchors = new Map();
    this.merging = { left: mostMerged };
  }

  protected atDocumentMarker(): boolean {
    const code = this.code();
    return (code === DASH || code === DOT) && this.code(1) === code && this.code(2) === code && isSpace(this.code(3));
  }

  protected alias(): YamlNode {
    const start = this.at;
    this.at += 1;
    while (!isSpace(this.code()) && !isFlowIndicator(this.code())) this.at += 1;
    // `*name: value` is an alias as a key, which needs a space before its colon; that a colon ends it is what was meant.
    if (this.text.charCodeAt(this.at - 1) === COLON) this.at -= 1;
    const name = this.text.slice(start + 1, this.at);
    this.lastEnd = this.at;
    return new Alias(name, this.anchors.get(name), start, this.at);
  }

  protected properties(): Properties {
    let found = none;
    for (let code = this.code(); code === AMPERSAND || code === BANG; code = this.code()) {
      const start = this.at;
      while (!isSpace(this.code()) && !(isFlowIndicator(this.code()) && this.at > start)) this.at += 1;
      const word = this.text.slice(start, this.at);
      found = code === AMPERSAND ? { ...found, anchor: word.slice(1) } : { ...found, tag: word };
      this.skipBlanks();
    }
    return found;
  }

  protected plain(tag: string | undefined, flow: boolean): YamlScalar {
    const start = this.at;
    this.skipPlain(flow);
    const value = this.text.slice(start, this.lastEnd);
    return plainScalar(value, start, this.lastEnd, tag);
  }

  /** To the end of a plain scalar, which ends where `lastEnd` says: blanks behind it are passed over. */
  protected skipPlain(flow: boolean): void {
    const { text, at: start } = this;
    let at = start;
    let end = start;
    for (; ; at += 1) {
      const code = text.charCodeAt(at);
      // Letters, which nearly all are; not so the end of the text, which is NaN.
      if (code > COLON && !(flow && isFlowIndicator(code))) {
        end = at + 1;
        continue;
      }
      if (isBreak(code) || Number.isNaN(code)) break;
      if (code === COLON) {
        const next = text.charCodeAt(at + 1);
        if (isSpace(next) || (flow && isFlowIndicator(next))) break;
      }
      if (flow && isFlowIndicator(code)) break;
      if (code === HASH && at > start && isBlank(text.charCodeAt(at - 1))) break;
      if (!isBlank(code)) end = at + 1;
    }
    this.at = at;
    this.lastEnd = end;
  }

  /** Where the next line with something in it begins to have it; -1 where this line has more, or is the last. */
  protected nextColumn(): number {
    const { text } = this;
    let at = this.at;
    if (!isBreak(text.charCodeAt(at))) return -1;
    let start = at;
    for (let code = text.charCodeAt(at); isBreak(code) || isBlank(code); code = text.charCodeAt(at)) {
      at += 1;
      if (code === LINE_FEED) start = at;
    }
    return at < text.length ? at - start : -1;
  }

  /** The next line with something in it. */
  protected nextLine(): { start: number; at: number; column: number; blank: number } | undefined {
    let at = this.text.indexOf('\n', this.at);
    for (let blank = 0; at >= 0; blank += 1) {
      const start = at + 1;
      let first = start;
      while (isBlank(this.text.charCodeAt(first))) first += 1;
      const code = this.text.charCodeAt(first);
      if (Number.isNaN(code)) return undefined;
      if (!isBreak(code)) return { start, at: first, column: first - start, blank };
      at = this.text.indexOf('\n', first);
    }
    return undefined;
  }

  /** To the quote that closes it or, where there is none, to the first line that cannot belong to it. */
  protected quoted(quote: number, indent: number, tag: string | undefined): YamlScalar {
    const start = this.at;
    this.at += 1;
    let closed = false;
    for (; this.at < this.text.length; this.at += 1) {
      const code = this.code();
      if (code === quote) {
        if (quote === DOUBLE || this.code(1) !== SINGLE) {
          closed = true;
          break;
        }
        this.at += 1;
      } else if (code === BACKSLASH && quote === DOUBLE && !isBreak(this.code(1))) this.at += 1;
      else if (code === LINE_FEED) {
        const next = this.nextLine();
        if (next === undefined || next.column <= indent) break;
        this.lineStart = next.start;
        this.at = next.at - 1;
      }
    }
    const inner = Math.min(this.at, this.text.length);
    this.at = closed ? inner + 1 : inner;
    const end = closed ? this.at : start + this.text.slice(start, inner).trimEnd().length;
    const content = { start: start + 1, end: closed ? inner : Math.max(start + 1, end) };
    const raw = this.text.slice(content.start, content.end);
    this.lastEnd = end;
    const style = quote === DOUBLE ? 'double' : 'single';
    return new Scalar({ value: unquoted(raw, style), style, span: { start, end }, content }, tag);
  }

  protected collection(kind: 'map' | 'list', start: number, { tag }: Properties): MapNode | ListNode {
    return kind === 'map' ? this.map(start, tag) : new ListNode(start, tag);
  }

  protected map(start: number, tag?: string): MapNode {
    return new MapNode(start, this.merging, tag);
  }

  /** All that belongs to it has been read: what lies above `base` on the stack of its kind. */
  protected complete(node: MapNode | ListNode, base: number, end: number): void {
    node.end = end;
    if (node.kind === 'map') {
      if (this.entries.length > base) node.entries = this.entries.splice(base);
    } else if (this.items.length > base) node.items = this.items.splice(base);
  }

  /** Where what belongs to a map or list begins that begins now. */
  protected baseOf(kind: 'map' | 'list'): number {
    return kind === 'map' ? this.entries.length : this.items.length;
  }

  protected named<N extends YamlValue>(node: N, { anchor }: Properties): N {
    if (anchor !== undefined) this.anchors.set(anchor, node);
    return node;
  }

  protected nothing(at: number): YamlScalar {
    return new PlainScalar('', at, at);
  }

  protected code(ahead = 0): number {
    return this.text.charCodeAt(this.at + ahead);
  }

  protected skipBlanks(): void {
    while (isBlank(this.code())) this.at += 1;
  }

  protected atLineEnd(): boolean {
    const code = this.code();
    return isBreak(code) || Number.isNaN(code) || (code === HASH && (this.at === 0 || isSpace(this.code(-1))));
  }

  protected skipLine(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end + 1;
  }
}
