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
  readonly commands: readonly SimpleCommand[];
  /** Names of functions that the script defines. */
  readonly functions: ReadonlySet<string>;
}

/** Collects what one word is made of. */
export class WordBuilder {
  readonly start: number;
  literal = true;
  splits = false;
  quoted = false;
  private text = '';

  constructor(start: number) {
    this.start = start;
  }

  add(text: string): void {
    if (this.literal) this.text += text;
  }

  /** An expansion, whose result is not known. */
  expand(splits: boolean): void {
    this.literal = false;
    this.splits ||= splits;
  }

  /** What has been read of it so far. */
  get known(): string {
    return this.text;
  }

  build(end: number): Word {
    return { span: { start: this.start, end }, text: this.text, literal: this.literal, splits: this.splits };
  }
}

/** Part of a word's text as a place in the document; the whole word where quotes or escapes make the two differ. */
export function partOf(word: Word, from: number, to: number): Span {
  const length = word.span.end - word.span.start;
  const same = word.literal ? length === word.text.length : to <= word.text.length && length > word.text.length;
  return same ? { start: word.span.start + from, end: word.span.start + to } : word.span;
}
