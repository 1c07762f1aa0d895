import type { Span } from '../../span.ts';
import type { Value } from './text.ts';

/** An item of a list. */
export interface Word {
  /** Without its quotes. */
  readonly text: string;
  readonly span: Span;
}

/** Where it is, is asked of few: it is sought only then. */
class WordOf implements Word {
  readonly text: string;
  readonly #value: Value;
  readonly #start: number;
  readonly #end: number;

  constructor(value: Value, start: number, end: number, quotes: boolean) {
    const word = value.text.slice(start, end);
    this.text = quotes ? word.replaceAll(/["']/g, '') : word;
    this.#value = value;
    this.#start = start;
    this.#end = end;
  }

  get span(): Span {
    return this.#value.at(this.#start, this.#end);
  }
}

/** Splits a value at its blanks; with `quotes` blanks between quotes do not count, as for paths. */
export function wordsOf(value: Value, quotes = false): readonly Word[] {
  return quotes ? quotedWords(value) : plainWords(value);
}

function plainWords(value: Value): readonly Word[] {
  const words: Word[] = [];
  const { text } = value;
  for (const { 0: word, index } of text.matchAll(/[^ \t]+/g))
    words.push(new WordOf(value, index, index + word.length, false));
  return words;
}

function quotedWords(value: Value): readonly Word[] {
  const words: Word[] = [];
  const { text } = value;
  let start = -1;
  let quote = '';
  for (let at = 0; at <= text.length; at++) {
    const character = text.charAt(at);
    const blank = character === '' || character === ' ' || character === '\t';
    if (start < 0) {
      if (blank) continue;
      start = at;
    }
    if (character === '\\') at++;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    if (at >= text.length || (blank && quote === '')) {
      words.push(new WordOf(value, start, Math.min(at, text.length), true));
      start = -1;
    }
  }
  return words;
}

/** As parse_boolean() of systemd, which does not mind the case. */
export function booleanOf(text: string): boolean | undefined {
  if (/^(?:1|yes|y|true|t|on)$/i.test(text)) return true;
  return /^(?:0|no|n|false|f|off)$/i.test(text) ? false : undefined;
}

/** Specifiers, such as `%i`, become known only when systemd loads the unit; `%%` is a percent sign. */
export function hasSpecifier(text: string): boolean {
  return text.replaceAll('%%', '').includes('%');
}
