/** VS Code's terminal on one side, the helper's on the other. */
import * as vscode from 'vscode';
import { asError } from '../../as-error.ts';
import type { ExitRecord, HelperRecord } from '../../helper/protocol.ts';
import { HelperError, type HelperSession, type HelperTerminal } from '../../helper/session.ts';

export interface HelperTerminalOptions {
  readonly session: HelperSession;
  readonly name: string;
  /** Where it is, in words: the terminal's first line. */
  readonly where: string;
  readonly verb: string;
  readonly words: readonly string[];
  /** Told when the verb could not be carried out at all. */
  readonly onRefused?: (error: HelperError) => Promise<void>;
  /** Told when the person closes the terminal while what it shows still runs. */
  readonly onLeft?: () => void;
  /** Told of all that what runs in it writes. */
  readonly onText?: (text: string) => void;
  /** Told once that it has ended, and how, as far as that is known: `failure` where it was not carried out to its end. */
  readonly onEnd?: (exit: ExitRecord | undefined, failure: Error | undefined) => void;
}

export class EnterTerminal implements vscode.Pseudoterminal {
  readonly #options: HelperTerminalOptions;
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number | void>();
  readonly #named = new vscode.EventEmitter<string>();
  readonly #abort = new AbortController();
  /** What is shown comes in pieces that may end within a character. */
  readonly #decoder = new TextDecoder();
  #terminal: HelperTerminal | undefined;
  #exit: ExitRecord | undefined;
  #runs = false;

  readonly onDidWrite = this.#written.event;
  readonly onDidClose = this.#closed.event;
  readonly onDidChangeName = this.#named.event;

  constructor(options: HelperTerminalOptions) {
    this.#options = options;
  }

  open(dimensions: vscode.TerminalDimensions | undefined): void {
    const { session, verb, words, where } = this.#options;
    this.#written.fire(`\u001b[2m${where}\u001b[22m\r\n`);
    this.#terminal = session.terminal(verb, words, dimensions ?? { columns: 80, rows: 24 }, {
      onRecord: (record) => this.#take(record),
      signal: this.#abort.signal,
    });
    this.#runs = true;
    void this.#finish(this.#terminal);
  }

  handleInput(data: string): void {
    this.#terminal?.type(Buffer.from(data));
  }

  setDimensions(dimensions: vscode.TerminalDimensions): void {
    this.#terminal?.resize(dimensions);
  }

  close(): void {
    this.#abort.abort(new Error('the terminal was closed'));
    if (this.#runs) this.#options.onLeft?.();
    this.#runs = false;
  }

  /** Ends what runs in it. What it has shown stays, with the reason behind it. */
  end(reason: string): void {
    if (this.#runs) this.#say(reason);
    this.#runs = false;
    this.#abort.abort(new Error(reason));
  }

  #take(record: HelperRecord): void {
    if ('data' in record) {
      const text = this.#decoder.decode(Buffer.from(record.data.bytes, 'base64url'), { stream: true });
      this.#written.fire(text);
      this.#options.onText?.(text);
    } else if ('exit' in record) this.#exit = record.exit;
  }

  async #finish(terminal: HelperTerminal): Promise<void> {
    try {
      await terminal.end;
      this.#runs = false;
      this.#over();
    } catch (error) {
      const failure = this.#abort.signal.aborted ? undefined : asError(error);
      this.#options.onEnd?.(this.#exit, failure);
      if (failure === undefined) return;
      this.#runs = false;
      this.#written.fire(`\r\n\u001b[31m${failure.message.replaceAll(/\p{C}+/gu, ' ')}\u001b[39m\r\n`);
      this.#named.fire(`${this.#options.name} (ended)`);
      if (error instanceof HelperError) await this.#options.onRefused?.(error);
    }
  }

  #over(): void {
    this.#options.onEnd?.(this.#exit, undefined);
    const exit = this.#exit;
    // As a shell says it: 128 and the signal's number.
    const code = exit === undefined ? undefined : 'code' in exit ? exit.code : 128 + exit.signal;
    if (code === undefined || code === 0) {
      this.#closed.fire(code);
      return;
    }
    // It stays, so that the last words can be read, and says in its title how it ended.
    this.#named.fire(`${this.#options.name} (exit status ${code})`);
    this.#say(`ended with exit status ${code}`);
  }

  #say(words: string): void {
    this.#written.fire(`\r\n\u001b[2m${words}\u001b[22m\r\n`);
  }
}
