import { CommandCollector, type Interest } from './collector.ts';
import { ListFrame, PieceFrame, WordsFrame, type Frame } from './frames.ts';
import { WordBuilder, type SimpleCommand } from './word.ts';

/** Nobody opens so much within each other: from there on it is no script any more, and not read. */
const deepest = 1000;

const plain = Uint8Array.from({ length: 128 }, (_, code) =>
  /[\s'"\\$`;&|<>()#~*?[{]/.test(String.fromCharCode(code)) ? 0 : 1,
);

/** Whether a character means itself wherever a word is not quoted. */
function isPlain(code: number): boolean {
  return code < 128 ? plain[code] === 1 : code >= 128;
}

const tab = 9;
const lineFeed = 10;
const space = 32;

const insideQuotes = /[^"\\$`]+/y;
const insideBraces = /[^}'"\\$`]+/y;
const insideGlob = /[^()'"\\$`\n]+/y;
const variable = /[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]/y;
/** The commands `[` and `[[`, where another `[` would begin a pattern. */
const bracket = /\[\[?(?=\s|$)/y;
const operator = /&&|\|\||;;&|;;|;&|\|&|&>>|&>|[;&|]/y;
const redirection = /<<<|<<-|<<|>>|<&|>&|<>|>\||[<>]/y;

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\f' || character === '\v';
}

/** Takes one pass over a text and never fails: what is open lies on a stack of its own. */
export class Lexer {
  private readonly text: string;
  private at = 0;
  private readonly stack: Frame[] = [new ListFrame('text')];
  private readonly collector: CommandCollector;
  /** How many of the stack are backquotes, inside which an unescaped one always closes. */
  private backquotes = 0;

  constructor(text: string, isOfInterest: Interest) {
    this.text = text;
    this.collector = new CommandCollector(isOfInterest);
  }

  /** Names that have been given to functions so far. */
  get functions(): ReadonlySet<string> {
    return this.collector.functions;
  }

  /** Up to where all is known of some commands; undefined at the end. */
  read(): readonly SimpleCommand[] | undefined {
    while (this.at < this.text.length && this.stack.length < deepest) {
      this.step();
      if (this.collector.isReady && this.stack.length === 1) return this.collector.take();
    }
    if (this.stack.length === 0) return undefined;
    while (this.stack.length > 0) this.close();
    return this.collector.take();
  }

  private step(): void {
    const frame = this.stack[this.stack.length - 1];
    if (frame === undefined) this.at = this.text.length;
    else if (frame instanceof PieceFrame) this.stepPiece(frame);
    else {
      const code = this.text.charCodeAt(this.at);
      if (isPlain(code)) this.plainRun((frame.word ??= new WordBuilder(this.text, this.at)));
      else if (frame instanceof WordsFrame) this.stepWords(frame);
      else if (code === space || code === tab) {
        this.endWord(frame);
        this.skipBlanks();
      } else if (code === lineFeed) {
        this.endWord(frame);
        this.newline(frame);
      } else this.stepList(frame);
    }
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.test(this.text) ? this.text.slice(this.at, pattern.lastIndex) : undefined;
  }

  private stepList(frame: ListFrame): void {
    const character = this.text[this.at];
    if (isBlank(character)) {
      this.endWord(frame);
      this.skipBlanks();
    } else if (character === '#' && frame.word === undefined) {
      this.skipLine();
    } else if (character === '<' || character === '>' || (character === '&' && this.text[this.at + 1] === '>')) {
      this.redirect(frame);
    } else if (character === ';' || character === '&' || character === '|') {
      this.operate(frame);
    } else if (character === '(') {
      this.parenthesis(frame);
    } else if (character === ')') {
      this.endWord(frame);
      this.at++;
      const inner = frame.compounds.at(-1);
      if (inner?.kind === 'case' && inner.phase === 'pattern') this.collector.dropPattern(frame, inner);
      else if (frame.end === ')') this.close();
      else this.collector.endCommand(frame);
    } else this.stepWord(frame);
  }

  private stepWords(frame: WordsFrame): void {
    const character = this.text[this.at];
    const blank = character === '\n' || isBlank(character);
    if (frame.kind === 'array' && character === ')') {
      this.at++;
      this.close();
    } else if (blank) {
      const ended = frame.kind === 'test' && frame.word?.text === ']]' && !frame.word.quoted;
      frame.word = undefined;
      if (ended) this.close();
      else if (character === '\n') this.newline(undefined);
      else this.skipBlanks();
    } else if (frame.kind === 'array' && character === '#' && frame.word === undefined) {
      this.skipLine();
    } else if (';&|<>()#'.includes(character ?? '')) {
      // `]];`, or an operator of the test.
      if (frame.kind === 'test' && frame.word?.text === ']]' && !frame.word.quoted) this.close();
      else {
        frame.word = undefined;
        this.at++;
      }
    } else this.stepWord(frame);
  }

  private plainRun(word: WordBuilder): void {
    const { text, at: from } = this;
    let at = from + 1;
    while (isPlain(text.charCodeAt(at))) at++;
    this.at = at;
    word.addPlain(from, at);
  }

  /** What is the same in every kind of word that is not quoted. */
  private stepWord(frame: ListFrame | WordsFrame): void {
    const character = this.text[this.at];
    // It ends what is around, and begins no word.
    if (character === '`' && this.backquotes > 0) return this.closeBackquote();
    const word = (frame.word ??= new WordBuilder(this.text, this.at));
    if (this.common(word, false)) return;
    if (character === "'") this.singleQuote(word);
    else {
      const next = this.text[this.at + 1];
      if ((character === '*' || character === '?') && next === '(')
        this.stack.push(new PieceFrame('glob', word, false));
      if (word.beginsAt(this.at) && this.match(bracket) !== undefined) {
        word.add(this.match(bracket) ?? '');
        this.skip(bracket);
        return;
      }
      if (character === '*' || character === '?' || character === '[') word.expand(true);
      else if (character === '{' && next !== undefined && !/[\s}]/.test(next)) word.expand(true);
      else if (character === '~' && word.beginsAt(this.at)) word.expand(false);
      else word.add(character ?? '');
      this.at += (character === '*' || character === '?') && next === '(' ? 2 : 1;
    }
  }

  private stepPiece(frame: PieceFrame): void {
    const { word } = frame;
    const pattern = frame.kind === 'quote' ? insideQuotes : frame.kind === 'brace' ? insideBraces : insideGlob;
    pattern.lastIndex = this.at;
    if (pattern.test(this.text)) {
      word.addPlain(this.at, pattern.lastIndex);
      this.at = pattern.lastIndex;
      return;
    }
    const character = this.text[this.at];
    if (frame.kind === 'quote' && character === '"') this.popPiece();
    else if (this.common(word, frame.quoted)) return;
    else if (character === "'" && !frame.quoted) this.singleQuote(word);
    else if (frame.kind === 'brace' && character === '}') this.popPiece();
    else if (frame.kind === 'glob' && character === '(') {
      this.stack.push(new PieceFrame('glob', word, false));
      this.at++;
    } else if (frame.kind === 'glob' && character === ')') this.popPiece();
    else if (frame.kind === 'glob' && character === '\n') this.stack.pop();
    else this.at++;
  }

  private popPiece(): void {
    this.stack.pop();
    this.at++;
  }

  /** Escapes, double quotes and expansions. */
  private common(word: WordBuilder, quoted: boolean): boolean {
    const character = this.text[this.at];
    if (character === '\\') {
      const continued = this.text.startsWith('\n', this.at + 1) ? 2 : this.text.startsWith('\r\n', this.at + 1) ? 3 : 0;
      if (continued > 0) {
        // A continuation between words begins none.
        this.at += continued;
        const frame = this.stack.at(-1);
        if (frame !== undefined && !(frame instanceof PieceFrame) && word.beginsAt(this.at - continued)) {
          frame.word = undefined;
        }
        return true;
      }
      const next = this.text[this.at + 1] ?? '';
      word.quoted = true;
      word.add(quoted && !'$`"\\'.includes(next) ? `\\${next}` : next);
      this.at += 2;
      return true;
    }
    if (character === '"') {
      word.quoted = true;
      this.stack.push(new PieceFrame('quote', word, true));
      this.at++;
      return true;
    }
    if (character === '$') {
      this.dollar(word, quoted);
      return true;
    }
    if (character === '`') {
      this.backquote(word, quoted);
      return true;
    }
    return false;
  }

  private singleQuote(word: WordBuilder): void {
    const end = this.text.indexOf("'", this.at + 1);
    word.quoted = true;
    word.addPlain(this.at + 1, end < 0 ? this.text.length : end);
    this.at = end < 0 ? this.text.length : end + 1;
  }

  private dollar(word: WordBuilder, quoted: boolean): void {
    const next = this.text[this.at + 1];
    if (next === '(') {
      word.expand(!quoted);
      if (this.text[this.at + 2] === '(') this.skipArithmetic(this.at + 1);
      else this.open(2, ')');
    } else if (next === '{') {
      word.expand(!quoted);
      this.stack.push(new PieceFrame('brace', word, quoted));
      this.at += 2;
    } else if (next === "'" && !quoted) {
      const string = /\$'(?:[^'\\]|\\[\s\S])*'?/y;
      string.lastIndex = this.at;
      const found = string.exec(this.text)?.[0] ?? "$'";
      word.quoted = true;
      if (found.includes('\\')) word.expand(false);
      else word.add(found.slice(2, -1));
      this.at += found.length;
    } else if (next === '"' && !quoted) {
      this.at++;
    } else {
      this.at++;
      const name = this.match(variable);
      if (name === undefined) word.add('$');
      else {
        word.expand(!quoted || name === '@');
        this.at += name.length;
      }
    }
  }

  private backquote(word: WordBuilder, quoted: boolean): void {
    if (this.backquotes === 0) {
      word.expand(!quoted);
      this.open(1, '`');
    } else this.closeBackquote();
  }

  private closeBackquote(): void {
    this.at++;
    for (;;) {
      const frame = this.stack.at(-1);
      const last = frame === undefined || (frame.kind === 'list' && frame.end === '`');
      this.close();
      if (last) return;
    }
  }

  private open(length: number, end: ')' | '`'): void {
    this.at += length;
    if (end === '`') this.backquotes++;
    const frame = new ListFrame(end);
    this.collector.endList(frame);
    this.stack.push(frame);
  }

  /** Ends the innermost frame, whether it has been closed or the text ends. */
  private close(): void {
    const frame = this.stack.at(-1);
    if (frame?.kind === 'list') {
      this.endWord(frame);
      // The word's end may have opened another.
      while (this.stack.length > 0 && this.stack.at(-1) !== frame) this.stack.pop();
      this.collector.endCommand(frame);
      if (frame.end === '`') this.backquotes--;
    }
    this.stack.pop();
  }

  /** From the first of two parentheses to the one that closes it. */
  private skipArithmetic(from: number): void {
    let depth = 0;
    let at = from;
    for (; at < this.text.length; at++) {
      const character = this.text[at];
      if (character === '(') depth++;
      else if (character === ')' && --depth === 0) break;
    }
    this.at = Math.min(at + 1, this.text.length);
  }

  private skip(pattern: RegExp): void {
    pattern.lastIndex = this.at;
    this.at = pattern.test(this.text) ? pattern.lastIndex : this.at + 1;
  }

  private skipBlanks(): void {
    while (isBlank(this.text[this.at])) this.at++;
  }

  private skipLine(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  private newline(frame: ListFrame | undefined): void {
    this.at++;
    if (frame !== undefined) {
      // `a &&` goes on in the next line.
      const goesOn = frame.conditional && frame.words.length === 0 && !frame.ignored;
      this.collector.endCommand(frame);
      if (!goesOn) this.collector.endList(frame);
    }
    if (this.collector.awaited.length === 0) return;
    for (const { delimiter, tabs } of this.collector.awaited.splice(0)) this.skipHereDocument(delimiter, tabs);
  }

  private skipHereDocument(delimiter: string, tabs: boolean): void {
    while (this.at < this.text.length) {
      const end = this.text.indexOf('\n', this.at);
      const line = this.text.slice(this.at, end < 0 ? this.text.length : end).replace(/\r$/, '');
      this.at = end < 0 ? this.text.length : end + 1;
      if ((tabs ? line.replace(/^\t+/, '') : line) === delimiter) return;
    }
  }

  private redirect(frame: ListFrame): void {
    const next = this.text[this.at + 1];
    if (next === '(' && this.text[this.at] !== '&') {
      // Process substitution.
      (frame.word ??= new WordBuilder(this.text, this.at)).expand(false);
      this.open(2, ')');
      return;
    }
    // `2>`: the digits are no word.
    const { word } = frame;
    if (word !== undefined && word.literal && !word.quoted && /^\d+$/.test(word.text)) frame.word = undefined;
    this.endWord(frame);
    const found = this.match(this.text[this.at] === '&' ? operator : redirection) ?? '>';
    this.at += found.length;
    frame.redirection = found === '<<' ? 'here-document' : found === '<<-' ? 'here-document-tabs' : 'file';
  }

  private operate(frame: ListFrame): void {
    this.endWord(frame);
    const found = this.match(operator) ?? ';';
    this.at += found.length;
    const inner = frame.compounds.at(-1);
    if (found.startsWith(';') && found.length > 1) {
      this.collector.endCommand(frame);
      this.collector.endList(frame);
      if (inner?.kind === 'case') inner.phase = 'pattern';
      return;
    }
    if (inner?.kind === 'case' && inner.phase === 'pattern') return;
    this.collector.endCommand(frame);
    if (found === '&&' || found === '||') frame.conditional = true;
    else if (found === ';') this.collector.endList(frame);
    else if (found === '&') {
      this.collector.toBackground(frame);
      this.collector.endList(frame);
    }
  }

  private parenthesis(frame: ListFrame): void {
    const { word } = frame;
    const next = this.text[this.at + 1];
    const inner = frame.compounds.at(-1);
    if (inner?.kind === 'case' && inner.phase === 'pattern') {
      this.at++;
    } else if (word !== undefined && this.text[this.at - 1] === '=') {
      word.expand(true);
      this.at++;
      this.stack.push(new WordsFrame('array'));
    } else if (word !== undefined && next !== ')') {
      // A pattern such as @(a|b).
      word.expand(true);
      this.at++;
      this.stack.push(new PieceFrame('glob', word, false));
    } else if (word !== undefined || (frame.words.length > 0 && next === ')')) {
      this.endWord(frame);
      const [name] = frame.words;
      if (name?.literal === true) this.collector.functions.add(name.text);
      frame.begin();
      this.at += 2;
    } else if (next === '(' && (frame.words.length === 0 || frame.words[0]?.text === 'for')) {
      this.skipArithmetic(this.at);
      if (frame.words.length === 0) frame.ignored = true;
    } else this.open(1, ')');
  }

  private endWord(frame: ListFrame): void {
    if (this.collector.endWord(frame, this.at)) this.stack.push(new WordsFrame('test'));
  }
}
