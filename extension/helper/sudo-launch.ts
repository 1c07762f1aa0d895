/** One run of the host script under sudo, and the questions that it may ask before it begins. */
import { ConnectionError } from '../transport/errors.ts';
import type { Interaction, Log, SecretAnswer } from '../transport/interaction.ts';
import type { RemoteProcess } from '../transport/transport.ts';
import type { Launched } from './deploy.ts';
import { cancelled } from './failures.ts';
import type { Marker } from './host-script.ts';
import { plain, Tail } from './lines.ts';
import { PromptReader } from './prompts.ts';
import type { Mark } from './report.ts';
import { explain, failed, refusal } from './sudo-errors.ts';

export interface SudoOptions {
  readonly interaction: Interaction;
  /** Whose rights, for people: `alice@build7`. */
  readonly subject: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onStage: (stage: string) => void;
}

/** The password of one connect. It may be given several times, for one folder after the other, but is accepted once. */
export class Credentials {
  readonly password: string | undefined;
  readonly #options: SudoOptions;
  readonly #answer: SecretAnswer | undefined;
  #accepted = false;

  /** `answer` is undefined where sudo wants no password. */
  constructor(options: SudoOptions, answer: SecretAnswer | undefined) {
    this.#options = options;
    this.#answer = answer;
    this.password = answer?.value;
  }

  /** Shell text. `M` is the marker. */
  get flags(): string {
    return this.#answer === undefined ? '-n' : '-S -p "$M password:"';
  }

  accept(): void {
    if (this.#accepted) return;
    this.#accepted = true;
    this.#answer?.accepted().catch((error: unknown) => {
      this.#options.log.warn(`The sudo password could not be kept: ${String(error)}`);
    });
  }

  forget(): void {
    if (this.#answer?.stored !== true) return;
    const { interaction, subject, log } = this.#options;
    interaction.forgetSecret(`sudo:${subject}`).catch((error: unknown) => {
      log.warn(`The sudo password could not be forgotten: ${String(error)}`);
    });
  }
}

export class SudoLaunch implements Launched {
  readonly process: RemoteProcess;
  readonly #script: string;
  readonly #credentials: Credentials;
  readonly #options: SudoOptions;
  readonly #reader: PromptReader;
  readonly #said = new Tail(4096);
  /** What was said since the last prompt. */
  #since = new Tail(4096);
  #given = false;
  /** Something other than the password was answered. */
  #further = false;
  #running = false;
  #refused: ConnectionError | undefined;

  constructor(process: RemoteProcess, script: string, marker: Marker, credentials: Credentials, options: SudoOptions) {
    this.process = process;
    this.#script = script;
    this.#credentials = credentials;
    this.#options = options;
    this.#reader = new PromptReader(marker.text, `${marker.text} password:`, {
      onText: (text) => {
        this.#said.push(text);
        this.#since.push(text);
      },
      onPassword: () => this.#prompted(undefined),
      onOther: (prompt) => this.#prompted(prompt),
    });
    process.stderr.on('data', (chunk: Buffer) => this.#reader.push(chunk));
  }

  onMark(mark: Mark): void {
    if (mark.word === 'ready') {
      this.process.stdin.write(`${this.#script}\n`);
      return;
    }
    if (this.#running) return;
    this.#running = true;
    this.#reader.dispose();
    // After further questions nobody can tell which answer it was that counted.
    if (!this.#further) this.#credentials.accept();
  }

  failure(): ConnectionError | undefined {
    this.#reader.dispose();
    if (this.#running) return undefined;
    return this.#refused ?? explain(this.#said.text, this.#options.subject) ?? this.#unexplained();
  }

  /** `words` is undefined for our own prompt, which sudo (1.9) also puts in the place of what PAM modules ask. */
  #prompted(words: string | undefined): void {
    const { password } = this.#credentials;
    const between = this.#since.text;
    this.#since = new Tail(4096);
    if (this.#refused !== undefined) return;
    if (password === undefined || (this.#given && refusal.test(between))) {
      this.#refuse(this.#wrongPassword());
    } else if (!this.#given && (words === undefined || /password/i.test(words))) {
      this.#given = true;
      this.process.stdin.write(`${password}\n`);
    } else {
      this.#further = true;
      void this.#ask(words ?? 'sudo asks for something more, such as a one-time code', plain(between));
    }
  }

  /** A further factor. Its answer is never kept. */
  async #ask(words: string, instructions: string): Promise<void> {
    const { interaction, subject, signal, log } = this.#options;
    const question = { kind: 'sudo', subject, prompt: plain(words), echo: false } as const;
    try {
      const answer = await interaction.askSecret(
        instructions === '' ? question : { ...question, instructions },
        signal,
      );
      if (answer === undefined) this.#refuse(cancelled(signal));
      else this.process.stdin.write(`${answer.value}\n`);
    } catch (error) {
      log.warn(`Asking for a further factor of sudo failed: ${String(error)}`);
      this.#refuse(failed(subject, 'a further factor could not be asked for'));
    }
  }

  /** sudo takes the end of its input for the end of all attempts. */
  #refuse(error: ConnectionError): void {
    this.#refused = error;
    this.process.stdin.end();
  }

  #unexplained(): ConnectionError | undefined {
    const { text, lastLine } = this.#said;
    if (this.#given && refusal.test(text)) return this.#wrongPassword();
    return lastLine === '' ? undefined : failed(this.#options.subject, lastLine);
  }

  #wrongPassword(): ConnectionError {
    if (!this.#further) this.#credentials.forget();
    return new ConnectionError(
      'sudo',
      `sudo refused the ${this.#further ? 'answers' : 'password'} of ${this.#options.subject}.`,
      'Connect again and type the password of this account on the host.',
    );
  }
}
