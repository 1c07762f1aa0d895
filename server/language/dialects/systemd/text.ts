import { Names } from '../../names.ts';
import type { Span } from '../../span.ts';

/** One assignment of a unit file, such as `PrivateNetwork=yes`. */
export class Assignment {
  declare readonly key: string;
  declare readonly value: Value;
  declare readonly section: Section;
  declare private readonly start: number;

  constructor(key: string, start: number, value: Value, section: Section) {
    this.key = key;
    this.value = value;
    this.section = section;
    this.start = start;
  }

  get keySpan(): Span {
    return this.value.line.span(this.start, this.start + this.key.length);
  }

  /** From the first character of the key to the last of the value. */
  get span(): Span {
    return { start: this.keySpan.start, end: this.value.span.end };
  }
}

export interface Section {
  /** Empty for what is written before the first header. */
  readonly name: string;
  readonly span: Span;
  readonly assignments: Assignment[];
}

/** A value as systemd sees it, with the continued lines joined, and where each of its parts is in the text. */
export class Value {
  declare readonly text: string;
  declare readonly line: Line;
  declare private readonly start: number;

  constructor(text: string, start: number, line: Line) {
    this.text = text;
    this.line = line;
    this.start = start;
  }

  get span(): Span {
    return this.at(0, this.text.length);
  }

  /** Where a part of `text` is. */
  at(start: number, end: number): Span {
    return this.line.span(this.start + start, this.start + end);
  }
}

/** What leads from the places in a line as systemd joins it to those in the text. */
interface Line {
  readonly span: (start: number, end: number) => Span;
}

/** Nearly all lines are as they stand there: their places are those of the text. */
const single: Line = { span: (start, end) => ({ start, end }) };

/** A line as systemd joins it of several: each with a blank in the place of its backslash. */
class JoinedLine implements Line {
  text = '';
  readonly #pieces: { readonly at: number; readonly start: number }[] = [];

  add(text: string, start: number): void {
    this.#pieces.push({ at: this.text.length, start });
    this.text += text;
  }

  span(start: number, end: number): Span {
    const from = this.#offset(start);
    return { start: from, end: end > start ? this.#offset(end - 1) + 1 : from };
  }

  #offset(index: number): number {
    let [low, high] = [0, this.#pieces.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#pieces[middle]?.at ?? 0) <= index) low = middle;
      else high = middle;
    }
    const { at, start } = this.#pieces[low] ?? { at: 0, start: 0 };
    return start + index - at;
  }
}

/** The sections in the order of the text, as conf-parser.c of systemd reads them. */
export function readUnitText(text: string): readonly Section[] {
  return new Reader(text).read();
}

class Reader {
  readonly #text: string;
  readonly #sections: Section[] = [{ name: '', span: { start: 0, end: 0 }, assignments: [] }];
  readonly #keys = new Names();

  constructor(text: string) {
    this.#text = text;
  }

  read(): readonly Section[] {
    const text = this.#text;
    let joined: JoinedLine | undefined;
    let start = text.startsWith('\uFEFF') ? 1 : 0;
    for (let more = true; more;) {
      let end = start;
      while (!isLineEnd(text.charCodeAt(end))) end++;
      // A comment between continued lines is left out, and the line goes on after it.
      if (!isComment(text, start)) {
        const continued = isContinued(text, start, end);
        if (continued || joined !== undefined) {
          joined ??= new JoinedLine();
          joined.add(continued ? `${text.slice(start, end - 1)} ` : text.slice(start, end), start);
        }
        if (!continued) {
          if (joined === undefined) this.#take(text, start, end, single);
          else this.#take(joined.text, 0, joined.text.length, joined);
          joined = undefined;
        }
      }
      more = end < text.length;
      start = text.startsWith('\r\n', end) ? end + 2 : end + 1;
    }
    if (joined !== undefined) this.#take(joined.text, 0, joined.text.length, joined);
    return this.#sections;
  }

  /** Of `text`, which is all of the file or a joined line, the line from `start` to `end`. */
  #take(text: string, start: number, end: number, line: Line): void {
    const first = Math.min(blanksAt(text, start), end);
    if (text.charCodeAt(first) === bracket && first < end) {
      this.#sections.push(header(text, first, trimmed(text, first, end), line));
      return;
    }
    let sign = first;
    while (sign < end && text.charCodeAt(sign) !== equals) sign++;
    if (sign >= end || sign === first) return;
    const section = this.#sections.at(-1);
    if (section === undefined) return;
    const key = this.#keys.once(text.slice(first, trimmed(text, first, sign)));
    const from = Math.min(blanksAt(text, sign + 1), end);
    const value = new Value(text.slice(from, trimmed(text, from, end)), from, line);
    section.assignments.push(new Assignment(key, first, value, section));
  }
}

/** systemd takes a carriage return and a NUL for the end of a line, too; at the end of the text the code is NaN. */
function isLineEnd(code: number): boolean {
  return code === 10 || code === 13 || code === 0 || Number.isNaN(code);
}

function isComment(text: string, start: number): boolean {
  const first = text.charCodeAt(blanksAt(text, start));
  return first === hash || first === semicolon;
}

/** A backslash that is not itself escaped ends the line. */
function isContinued(text: string, start: number, end: number): boolean {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) === backslash) at--;
  return (end - at) % 2 === 1;
}

const hash = 0x23;
const semicolon = 0x3b;
const bracket = 0x5b;
const backslash = 0x5c;
const equals = 0x3d;

function header(text: string, start: number, end: number, line: Line): Section {
  // Without its bracket systemd gives up the whole file: what follows belongs to nothing.
  const name = text[end - 1] === ']' ? text.slice(start + 1, end - 1) : '';
  return { name, span: line.span(start, end), assignments: [] };
}

/** Where the text ends that begins at `from`, without the blanks before `to`. */
function trimmed(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(text.charCodeAt(end - 1))) end--;
  return end;
}

function blanksAt(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** systemd's own notion: blank and tab; line ends cannot be here. */
function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
