/**
 * Lines of ssh_config(5), split as OpenSSH splits them (readconf.c, misc.c argv_split).
 *
 * npm's `ssh-config` was tried first. It has no Include and no negated or repeated Match criteria, lets `?` match nothing, cuts
 * values at any `#`, joins a keyword that has no value with the next line, and rebuilds a ProxyCommand from its words, which
 * changes commands that quote inside quotes. So lines are read here and compared with `ssh -G` in the tests.
 */

export interface ConfigLine {
  /** Lower case. */
  readonly keyword: string;
  readonly args: readonly string[];
  /** Everything after the keyword, for commands that a shell reads. */
  readonly rest: string;
  readonly line: number;
}

export class ConfigSyntaxError extends Error {
  override readonly name = 'ConfigSyntaxError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

export function readConfigLines(text: string): ConfigLine[] {
  const found: ConfigLine[] = [];
  for (const [index, whole] of text.split('\n').entries()) {
    const number = index + 1;
    const trimmed = whole.replace(/^[ \t\r]+|[ \t\r\f]+$/g, '');
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    // One `=` may stand between keyword and value, with or without blanks.
    const split = /^("[^"]*"|[^ \t"=]+)(?:[ \t]*=[ \t]*|[ \t]+|(?="))(.*)$/s.exec(trimmed);
    const keyword = (split?.[1] ?? trimmed).replaceAll('"', '').toLowerCase();
    const rest = split?.[2] ?? '';
    if (rest === '') throw new ConfigSyntaxError(number, `no argument after keyword "${keyword}"`);
    const args = splitArguments(rest);
    if (args === undefined) throw new ConfigSyntaxError(number, 'invalid quotes');
    found.push({ keyword, args, rest, line: number });
  }
  return found;
}

/** Words with quotes and backslashes; a `#` at the start of a word begins a comment. Undefined for unbalanced quotes. */
export function splitArguments(text: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (at >= text.length || text[at] === '#') return words;
    let word = '';
    let quote = '';
    for (; at < text.length; at++) {
      const character = text.charAt(at);
      const next = text[at + 1];
      if (character === '\\' && next !== undefined && escapable(next, quote)) {
        word += next;
        at++;
      } else if (quote === '' && (character === ' ' || character === '\t')) {
        break;
      } else if (quote === '' && (character === '"' || character === "'")) {
        quote = character;
      } else if (quote !== '' && character === quote) {
        quote = '';
      } else {
        word += character;
      }
    }
    if (quote !== '') return undefined;
    words.push(word);
  }
}

function escapable(character: string, quote: string): boolean {
  return character === '"' || character === "'" || character === '\\' || (quote === '' && character === ' ');
}
