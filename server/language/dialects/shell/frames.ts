import { WordBuilder, type Word } from './word.ts';

/** What ends a list of commands: the end of the text, or what its opening asks for. */
export type ListEnd = 'text' | ')' | '`';

/** A compound command that has been opened and not closed. */
export interface Compound {
  readonly kind: 'if' | 'loop' | 'brace' | 'case';
  /** Of `case`: between it and `in`, among patterns, or among commands. */
  phase?: 'word' | 'pattern' | 'body';
}

/** A list of commands: the script, a subshell, a command substitution. */
export class ListFrame {
  readonly kind = 'list';
  readonly end: ListEnd;
  /** Words of the command that is being read. */
  words: Word[] = [];
  /** Whether it is of interest; undefined until that is known. Of one that is not only the first words are kept. */
  interest: boolean | undefined;
  word: WordBuilder | undefined;
  readonly compounds: Compound[] = [];
  /** What follows depends on how a command before it ended. */
  conditional = false;
  /** The next word is what a redirection names. */
  redirection: 'file' | 'here-document' | 'here-document-tabs' | undefined;
  /** The next word is a function's name. */
  naming = false;
  /** The command must be left out. */
  ignored = false;
  /** Number of the first command of the list that `&` would put into the background. */
  first = 0;

  constructor(end: ListEnd) {
    this.end = end;
  }

  /** What follows are words of another command. */
  begin(): void {
    if (this.words.length > 0) this.words = [];
    this.interest = undefined;
  }
}

/** Words that are no command: an array's elements, or what stands between `[[` and `]]`. */
export class WordsFrame {
  readonly kind: 'array' | 'test';
  word: WordBuilder | undefined;

  constructor(kind: 'array' | 'test') {
    this.kind = kind;
  }
}

/** A piece of a word: `"…"`, `${…}`, `@(…)`. */
export class PieceFrame {
  readonly kind: 'quote' | 'brace' | 'glob';
  readonly word: WordBuilder;
  readonly quoted: boolean;

  constructor(kind: 'quote' | 'brace' | 'glob', word: WordBuilder, quoted: boolean) {
    this.kind = kind;
    this.word = word;
    this.quoted = quoted;
  }
}

export type Frame = ListFrame | WordsFrame | PieceFrame;
