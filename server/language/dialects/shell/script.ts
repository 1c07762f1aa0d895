import type { Interest } from './collector.ts';
import { Lexer } from './lexer.ts';
import type { Script, SimpleCommand } from './word.ts';

/**
 * The simple commands of a script: of sh(1), bash(1), and what zsh and ksh share with them. It never fails and takes one pass: what
 * is open lies on a stack of its own. What only running could tell is unknown, not guessed.
 * @param isOfInterest of which commands it has to be: a large script is mostly of others
 */
export function readScript(text: string, isOfInterest: Interest = () => true): Script {
  return new LateScript(text, isOfInterest);
}

/** Read whenever it is asked for: to keep the words of a large script takes longer. */
class LateScript implements Script {
  readonly commands: Iterable<SimpleCommand>;
  readonly #text: string;
  #functions: ReadonlySet<string> | undefined;

  constructor(text: string, isOfInterest: Interest) {
    this.#text = text;
    this.commands = { [Symbol.iterator]: () => this.#read(isOfInterest) };
  }

  get functions(): ReadonlySet<string> {
    if (this.#functions === undefined) this.#read(() => false).next();
    return this.#functions ?? new Set();
  }

  *#read(isOfInterest: Interest): Generator<SimpleCommand, void, undefined> {
    const lexer = new Lexer(this.#text, isOfInterest);
    for (let commands = lexer.read(); commands !== undefined; commands = lexer.read()) yield* commands;
    this.#functions = lexer.functions;
  }
}
