import type { Compound, ListFrame } from './frames.ts';
import type { SimpleCommand, Word } from './word.ts';

interface Collected {
  readonly words: readonly Word[];
  readonly straight: boolean;
  background: boolean;
}

/** Reserved words after which a command begins, with what they open. */
const openers: ReadonlyMap<string, Compound['kind'] | undefined> = new Map([
  ['if', 'if'],
  ['while', 'loop'],
  ['until', 'loop'],
  ['{', 'brace'],
  ['then', undefined],
  ['elif', undefined],
  ['else', undefined],
  ['do', undefined],
  ['!', undefined],
  ['time', undefined],
  ['coproc', undefined],
]);
const closers: ReadonlyMap<string, Compound['kind']> = new Map([
  ['fi', 'if'],
  ['done', 'loop'],
  ['}', 'brace'],
  ['esac', 'case'],
]);

/** Whether a command is of interest, of which this is the next word; undefined where the one behind it tells. */
export type Interest = (word: Word) => boolean | undefined;

/** Makes commands of words: what is a reserved word, a pattern, a function's name, or what a redirection names. */
export class CommandCollector {
  /** Those of the list that is being read: a `&` behind it may still say more of them. */
  private commands: Collected[] = [];
  readonly functions = new Set<string>();
  /** Here-documents whose bodies begin at the next line. */
  readonly awaited: { readonly delimiter: string; readonly tabs: boolean }[] = [];
  private readonly isOfInterest: Interest;
  private lastStart = 0;
  private inOrder = true;
  /** How many have been taken. */
  private taken = 0;
  /** All is known of what has been collected. */
  isReady = false;

  constructor(isOfInterest: Interest) {
    this.isOfInterest = isOfInterest;
  }

  /** What has been collected, in the order of the text. */
  take(): readonly SimpleCommand[] {
    const { commands } = this;
    // One around another ends later than that, which is the only disorder.
    if (!this.inOrder) {
      commands.sort((one, other) => (one.words[0]?.span.start ?? 0) - (other.words[0]?.span.start ?? 0));
    }
    this.commands = [];
    this.taken += commands.length;
    this.inOrder = true;
    this.isReady = false;
    return commands;
  }

  /** Whether what follows are the words of `[[`. */
  endWord(frame: ListFrame, at: number): boolean {
    const { word } = frame;
    if (word === undefined) return false;
    frame.word = undefined;
    const built = word.endAt(at);
    if (frame.redirection !== undefined) {
      const kind = frame.redirection;
      frame.redirection = undefined;
      if (kind !== 'file') this.awaited.push({ delimiter: built.text, tabs: kind === 'here-document-tabs' });
      return false;
    }
    if (frame.naming) {
      frame.naming = false;
      if (built.literal) this.functions.add(built.text);
      return false;
    }
    const inner = frame.compounds.at(-1);
    const reserved = built.literal && !word.quoted;
    if (inner?.kind === 'case' && inner.phase === 'pattern') {
      if (reserved && built.text === 'esac') frame.compounds.pop();
      return false;
    }
    if (inner?.kind === 'case' && inner.phase === 'word' && reserved && built.text === 'in') {
      inner.phase = 'pattern';
      frame.begin();
      return false;
    }
    const first = reserved && frame.words.length === 0 && !frame.ignored;
    if (first && built.text === '[[') return true;
    if (frame.interest === false || (first && reserve(frame, built.text))) return false;
    frame.words.push(built);
    frame.interest ??= this.isOfInterest(built);
    return false;
  }

  /** What has been read of it is a pattern. */
  dropPattern(frame: ListFrame, inner: Compound): void {
    frame.begin();
    inner.phase = 'body';
  }

  endCommand(frame: ListFrame): void {
    frame.redirection = undefined;
    const { words, ignored, interest } = frame;
    frame.begin();
    frame.ignored = false;
    if (ignored || interest !== true) return;
    const straight = frame.end === 'text' && frame.compounds.length === 0 && !frame.conditional;
    const start = words[0]?.span.start ?? 0;
    this.inOrder &&= start >= this.lastStart;
    this.lastStart = start;
    // As long as it is: a list that grows has room for more than most commands have words.
    this.commands.push({ words: words.slice(), straight, background: false });
  }

  endList(frame: ListFrame): void {
    frame.conditional = false;
    if (frame.end === 'text' && this.commands.length > 0) this.isReady = true;
    frame.first = this.taken + this.commands.length;
  }

  toBackground({ first }: ListFrame): void {
    for (let index = first - this.taken; index < this.commands.length; index++) {
      const command = this.commands[index];
      if (command !== undefined) command.background = true;
    }
  }
}

/** Whether a word at a command's beginning is one of the shell's own. */
function reserve(frame: ListFrame, text: string): boolean {
  const closed = closers.get(text);
  if (closed !== undefined) {
    if (frame.compounds.at(-1)?.kind === closed) frame.compounds.pop();
    frame.ignored = true;
    return true;
  }
  if (openers.has(text)) {
    const kind = openers.get(text);
    if (kind !== undefined) frame.compounds.push({ kind });
    return true;
  }
  if (text === 'for' || text === 'select') frame.compounds.push({ kind: 'loop' });
  else if (text === 'case') {
    frame.compounds.push({ kind: 'case', phase: 'word' });
    return true;
  } else if (text === 'function') {
    frame.naming = true;
    return true;
  }
  return false;
}
