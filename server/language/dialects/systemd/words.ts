import type { Span } from '../../span.ts';
import type { Value } from './text.ts';

/** An item of a list. */
export interface Word {
  /** Without its quotes. */
  readonly text: string;
  readonly span: Span;
}

/** Splits a value at its blanks; with `quotes` blanks between quotes do not count, as for paths and names of units. */
export function wordsOf(value: Value, quotes = false): readonly Word[] {
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
    if (quotes && character === '\\') at++;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (quotes && (character === '"' || character === "'")) quote = character;
    if (at >= text.length || (blank && quote === '')) {
      const end = Math.min(at, text.length);
      const word = text.slice(start, end);
      words.push({ text: quotes ? word.replaceAll(/["']/g, '') : word, span: value.at(start, end) });
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
