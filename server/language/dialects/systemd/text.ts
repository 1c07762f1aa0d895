import type { Span } from '../../span.ts';
import type { Problem } from './validity.ts';
import type { Word } from './words.ts';

/** One assignment of a unit file, such as `PrivateNetwork=yes`. Where its parts are is asked of few: it is sought only then. */
export class Assignment {
  readonly key: string;
  readonly value: Value;
  readonly section: Section;
  readonly #line: LogicalLine;
  readonly #start: number;

  constructor(line: LogicalLine, key: Span, value: Value, section: Section) {
    this.key = line.text.slice(key.start, key.end);
    this.value = value;
    this.section = section;
    this.#line = line;
    this.#start = key.start;
  }

  get keySpan(): Span {
    return this.#line.span(this.#start, this.#start + this.key.length);
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
  readonly text: string;
  #known: { words?: readonly Word[]; quotedWords?: readonly Word[]; problems?: readonly Problem[] } | undefined;
  readonly #line: LogicalLine;
  readonly #start: number;

  constructor(line: LogicalLine, { start, end }: Span) {
    this.text = line.text.slice(start, end);
    this.#line = line;
    this.#start = start;
  }

  get span(): Span {
    return this.at(0, this.text.length);
  }

  /** What others have found in it: many rules ask for the same. */
  get known(): { words?: readonly Word[]; quotedWords?: readonly Word[]; problems?: readonly Problem[] } {
    this.#known ??= {};
    return this.#known;
  }

  /** Where a part of `text` is. */
  at(start: number, end: number): Span {
    return this.#line.span(this.#start + start, this.#start + end);
  }
}

/** A line as systemd joins it: each continued line with a blank in the place of its backslash. */
class LogicalLine {
  text: string;
  readonly #start: number;
  /** The lines that go on with it: most have none. */
  #more: { readonly at: number; readonly start: number }[] | undefined;

  constructor(text: string, start: number) {
    this.text = text;
    this.#start = start;
  }

  add(text: string, start: number): void {
    this.#more ??= [];
    this.#more.push({ at: this.text.length, start });
    this.text += text;
  }

  span(start: number, end: number): Span {
    const from = this.#offset(start);
    return { start: from, end: end > start ? this.#offset(end - 1) + 1 : from };
  }

  #offset(index: number): number {
    const more = this.#more;
    if (more === undefined) return this.#start + index;
    let [low, high] = [-1, more.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((more[middle]?.at ?? 0) <= index) low = middle;
      else high = middle;
    }
    const { at, start } = more[low] ?? { at: 0, start: this.#start };
    return start + index - at;
  }
}

/** The sections in the order of the text, as conf-parser.c of systemd reads them. */
export function readUnitText(text: string): readonly Section[] {
  let section: Section = { name: '', span: { start: 0, end: 0 }, assignments: [] };
  const sections = [section];
  for (const line of logicalLines(text)) {
    const header = readHeader(line);
    if (header === undefined) {
      const assignment = readAssignment(line, section);
      if (assignment !== undefined) section.assignments.push(assignment);
    } else {
      section = header;
      sections.push(section);
    }
  }
  return sections;
}

function* logicalLines(text: string): Iterable<LogicalLine> {
  let line: LogicalLine | undefined;
  let start = text.startsWith('\uFEFF') ? 1 : 0;
  for (let more = true; more;) {
    let end = start;
    while (!isLineEnd(text.charCodeAt(end))) end++;
    const piece = text.slice(start, end);
    // A comment between continued lines is left out, and the line goes on after it.
    if (!isComment(piece)) {
      const continued = isContinued(piece);
      const words = continued ? `${piece.slice(0, -1)} ` : piece;
      if (line === undefined) line = new LogicalLine(words, start);
      else line.add(words, start);
      if (!continued) {
        yield line;
        line = undefined;
      }
    }
    more = end < text.length;
    start = text.startsWith('\r\n', end) ? end + 2 : end + 1;
  }
  if (line !== undefined) yield line;
}

/** systemd takes a carriage return and a NUL for the end of a line, too; at the end of the text the code is NaN. */
function isLineEnd(code: number): boolean {
  return code === 10 || code === 13 || code === 0 || Number.isNaN(code);
}

function isComment(line: string): boolean {
  const first = line.charAt(blanksAt(line, 0));
  return first === '#' || first === ';';
}

/** A backslash that is not itself escaped ends the line. */
function isContinued(line: string): boolean {
  let backslashes = 0;
  while (line.at(-1 - backslashes) === '\\') backslashes++;
  return backslashes % 2 === 1;
}

const bracket = 0x5b;

function readHeader(line: LogicalLine): Section | undefined {
  if (line.text.charCodeAt(blanksAt(line.text, 0)) !== bracket) return undefined;
  const { start, end } = stripped(line.text, 0, line.text.length);
  // Without its bracket systemd gives up the whole file: what follows belongs to nothing.
  const name = line.text[end - 1] === ']' ? line.text.slice(start + 1, end - 1) : '';
  return { name, span: line.span(start, end), assignments: [] };
}

function readAssignment(line: LogicalLine, section: Section): Assignment | undefined {
  const sign = line.text.indexOf('=');
  if (sign < 0) return undefined;
  const key = stripped(line.text, 0, sign);
  if (key.start === key.end) return undefined;
  return new Assignment(line, key, new Value(line, stripped(line.text, sign + 1, line.text.length)), section);
}

function stripped(text: string, from: number, to: number): Span {
  const start = Math.min(blanksAt(text, from), to);
  let end = to;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return { start, end };
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
