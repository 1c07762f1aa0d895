import type { Span } from '../../span.ts';

/** A word of a command, as far as it can be known without running anything. */
export interface Word {
  readonly span: Span;
  /** What the shell makes of it, up to the first expansion. */
  readonly text: string;
  /** There is no expansion: `text` is all of it. */
  readonly literal: boolean;
  /** It may become several words, or none: an expansion outside quotes. */
  readonly splits: boolean;
}

/** One program, built-in or function with its words: no reserved words, no redirections. */
export interface SimpleCommand {
  readonly words: readonly Word[];
  /** It runs whenever the script does, once, in the order of the text: no function, condition, loop, subshell or background. */
  readonly straight: boolean;
  readonly background: boolean;
}

export interface Script {
  /** In the order of the text. */
  readonly commands: Iterable<SimpleCommand>;
  /** Names of functions that the script defines. */
  readonly functions: ReadonlySet<string>;
}

/** A word while it is read, and then the word: large scripts have hundreds of thousands, whose text mostly nobody asks for. */
export class WordBuilder implements Word {
  declare private readonly source: string;
  declare private readonly start: number;
  declare private end: number;
  /** Up to where the text is what is written, unless it has been put together. */
  declare private plainEnd: number;
  declare private built: string | undefined;
  declare literal: boolean;
  declare splits: boolean;
  declare quoted: boolean;

  constructor(source: string, start: number) {
    this.source = source;
    this.start = start;
    this.end = start;
    this.plainEnd = start;
    this.built = undefined;
    this.literal = true;
    this.splits = false;
    this.quoted = false;
  }

  get text(): string {
    return (this.built ??= this.source.slice(this.start, this.plainEnd));
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }

  beginsAt(offset: number): boolean {
    return this.start === offset;
  }

  add(text: string): void {
    if (this.literal) this.built = this.text + text;
  }

  /** What stands there, which means itself. */
  addPlain(from: number, to: number): void {
    if (!this.literal) return;
    if (this.built === undefined && this.plainEnd === from) this.plainEnd = to;
    else this.built = this.text + this.source.slice(from, to);
  }

  /** An expansion, whose result is not known. */
  expand(splits: boolean): void {
    this.literal = false;
    this.splits ||= splits;
  }

  endAt(offset: number): Word {
    this.end = offset;
    return this;
  }
}

/** Part of a word's text as a place in the document; the whole word where quotes or escapes make the two differ. */
export function partOf(word: Word, from: number, to: number): Span {
  const { start, end } = word.span;
  const length = end - start;
  const same = word.literal ? length === word.text.length : to <= word.text.length && length > word.text.length;
  return same ? { start: start + from, end: start + to } : { start, end };
}
