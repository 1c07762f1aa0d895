import {
  LINE_FEED,
  RETURN,
  HASH,
  COLON,
  DOUBLE,
  AMPERSAND,
  SINGLE,
  STAR,
  COMMA,
  BANG,
  LIST_OPEN,
  LIST_CLOSE,
  MAP_OPEN,
  MAP_CLOSE,
  isBlank,
  isSpace,
  isFlowIndicator,
} from './yaml-characters.ts';
import { Cursor, none, type Properties } from './yaml-cursor.ts';
import { Entry, type ListNode, type MapNode } from './yaml-nodes.ts';
import { deepest, type YamlNode } from './yaml.ts';

interface FlowFrame {
  readonly node: MapNode | ListNode;
  readonly own: Properties;
  /** Of what belongs to it, on the stack of its kind. */
  readonly base: number;
  /** Waits for its value. */
  pair: Entry | undefined;
  /** Nothing has come since the last comma. */
  fresh: boolean;
}

const entryInLine = /[\w./-]+[ \t]*:(?=[ \t\r\n]|$)/y;

/** Whether a key with its colon begins at a place. */
export function entryBegins(text: string, at: number): boolean {
  entryInLine.lastIndex = at;
  return entryInLine.test(text);
}

/** Lists in brackets and maps in braces. */
export class FlowCursor extends Cursor {
  /** Between brackets or braces, to the one that closes the first or to the first line that cannot belong to it. */
  protected flow(properties: Properties, indent: number): YamlNode {
    const first = this.#flowFrame(this.#flowNode(properties), properties);
    const frames = [first];
    let pending = none;
    let tooDeep = 0;
    while (this.#skipFlowSpace(indent)) {
      const frame = frames.at(-1);
      if (frame === undefined) break;
      const code = this.code();
      if (frames.length >= deepest && (code === LIST_OPEN || code === MAP_OPEN)) {
        tooDeep += 1;
        this.at += 1;
        continue;
      }
      if (tooDeep > 0) {
        if (code === LIST_CLOSE || code === MAP_CLOSE) tooDeep -= 1;
        this.at += 1;
        continue;
      }
      if (code === LIST_CLOSE || code === MAP_CLOSE) {
        this.at += 1;
        this.lastEnd = this.at;
        const { node } = frame;
        this.complete(node, frame.base, this.at);
        this.named(node, frame.own);
        frames.pop();
        const pair = frames.at(-1)?.pair;
        // It is a key itself.
        if (pair?.keyStart === node.start) pair.keyEnd = node.end;
        if (frames.length === 0) return first.node;
      } else if (code === COMMA) {
        this.at += 1;
        frame.pair = undefined;
        frame.fresh = true;
      } else if (code === COLON && this.#isFlowColon(frame)) {
        this.at += 1;
        this.#flowColon(frame);
      } else if (code === AMPERSAND || code === BANG) {
        const at = this.at;
        pending = this.properties();
        if (this.at === at) this.at += 1;
      } else if (code === LIST_OPEN || code === MAP_OPEN) {
        const node = this.#flowNode(pending);
        this.#addToFlow(frame, node);
        frames.push(this.#flowFrame(node, pending));
        pending = none;
      } else {
        this.#addToFlow(frame, this.#flowScalar(pending, indent));
        pending = none;
      }
    }
    for (const { node, base, own } of frames.toReversed()) {
      this.complete(node, base, this.lastEnd);
      this.named(node, own);
    }
    return first.node;
  }

  #flowScalar(properties: Properties, indent: number): YamlNode {
    const code = this.code();
    if (code === STAR) return this.alias();
    const { tag } = properties;
    const scalar = code === DOUBLE || code === SINGLE ? this.quoted(code, indent, tag) : this.plain(tag, true);
    return this.named(scalar, properties);
  }

  #flowNode(own: Properties): MapNode | ListNode {
    const node = this.collection(this.code() === LIST_OPEN ? 'list' : 'map', this.at, own);
    this.at += 1;
    this.lastEnd = this.at;
    return node;
  }

  #flowFrame(node: MapNode | ListNode, own: Properties): FlowFrame {
    return { node, own, base: this.baseOf(node.kind), pair: undefined, fresh: true };
  }

  #isFlowColon(frame: FlowFrame): boolean {
    const next = this.code(1);
    return isSpace(next) || isFlowIndicator(next) || (!frame.fresh && frame.pair?.unfinished !== false);
  }

  #flowColon(frame: FlowFrame): void {
    const { node } = frame;
    this.lastEnd = this.at;
    if (node.kind === 'map') {
      frame.pair ??= this.#pair(this.nothing(this.at - 1));
      frame.pair.unfinished = false;
      frame.pair.value = this.nothing(this.at);
    } else if (!frame.fresh && frame.pair === undefined) {
      // `[a: b]` is a list with a map of one entry.
      const key = this.items.pop() ?? this.nothing(this.at);
      const map = this.map(key.span.start);
      frame.pair = this.#entryOf(key);
      frame.pair.unfinished = false;
      frame.pair.value = this.nothing(this.at);
      map.entries = [frame.pair];
      this.items.push(map);
    }
    frame.fresh = false;
  }

  #pair(key: YamlNode): Entry {
    const entry = this.#entryOf(key);
    this.entries.push(entry);
    return entry;
  }

  #entryOf(key: YamlNode): Entry {
    const { start, end } = key.span;
    return new Entry(key.kind === 'scalar' ? key.value : '', start, end, this.nothing(end), true);
  }

  #addToFlow(frame: FlowFrame, value: YamlNode): void {
    if (frame.pair !== undefined && !frame.pair.unfinished) frame.pair.value = value;
    else if (frame.node.kind === 'map') {
      // Two words without a comma or colon between them are one key in two lines.
      frame.pair ??= this.#pair(value);
    } else if (frame.fresh) this.items.push(value);
    frame.fresh = false;
  }

  /** False at the end of the text, and before a line that is a key of a map around: then the bracket is not closed yet. */
  #skipFlowSpace(indent: number): boolean {
    for (;;) {
      const code = this.code();
      if (Number.isNaN(code)) return false;
      if (code === HASH && (this.at === 0 || isSpace(this.code(-1)))) {
        const end = this.text.indexOf('\n', this.at);
        this.at = end < 0 ? this.text.length : end;
      } else if (code === LINE_FEED) {
        const next = this.nextLine();
        if (next === undefined) {
          this.at = this.text.length;
          return false;
        }
        if (next.column <= indent && entryBegins(this.text, next.at)) return false;
        this.lineStart = next.start;
        this.at = next.at;
      } else if (isBlank(code) || code === RETURN) this.at += 1;
      else return true;
    }
  }
}
