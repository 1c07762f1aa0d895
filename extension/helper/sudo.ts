/**
 * Runs the host script as root. The helper that root runs is a copy of its own in folders that only root may write to, so
 * a file that the account could have changed is never run with root's rights. The script itself goes through stdin: its
 * text cannot be quoted within a quoted command line. The password goes there too, and never anywhere else.
 */
import { ConnectionError } from '../transport/errors.ts';
import type { Interaction, Log, SecretAnswer } from '../transport/interaction.ts';
import type { RemoteProcess, Transport } from '../transport/transport.ts';
import type { Launch, Launched } from './deploy.ts';
import { cancelled, lost } from './failures.ts';
import { newMarker, type Marker } from './host-script.ts';
import { plain, Tail } from './lines.ts';
import { execute, start } from './processes.ts';
import { PromptReader } from './prompts.ts';

export interface SudoOptions {
  readonly interaction: Interaction;
  /** Whose rights, for people: `alice@build7`. */
  readonly subject: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onStage: (stage: string) => void;
}

/**
 * Finds out how the account may become root, and asks for the password where one is needed. Rejects with
 * ConnectionError. A password is tried once: repeated failures lock accounts on many hosts.
 */
export async function elevate(transport: Transport, options: SudoOptions): Promise<Launch> {
  options.onStage('Asking for administrator rights');
  const launcher = (answer: SecretAnswer | undefined): Launch => {
    const sudo = new Sudo(transport, options, answer);
    return (script, marker) => sudo.launch(script, marker);
  };
  const marker = newMarker();
  const { stdout, stderr, exit } = await execute(transport, { script: probe(marker) }, options.signal);
  // What login scripts printed comes before the fence.
  const said = stderr.slice(stderr.lastIndexOf(marker.text) + marker.text.length);
  if (stdout.includes(`${marker.text} root`)) {
    return async (script) => ({ process: await start(transport, { script }, options.signal) });
  }
  if (stdout.includes(`${marker.text} missing`)) throw missing(options.subject);
  if (stdout.includes(`${marker.text} free`)) return launcher(undefined);
  if (!stdout.includes(`${marker.text} locked`)) {
    if (exit.code === undefined && exit.signal === undefined) {
      throw lost();
    }
    throw failed(options.subject, plain(stderr) || 'it ended without a word');
  }
  const final = explain(said, options.subject);
  if (final !== undefined) throw final;
  const { subject, interaction, signal } = options;
  const answer = await interaction.askSecret(
    {
      kind: 'sudo',
      subject,
      prompt: `Password of ${subject} for sudo`,
      echo: false,
      storeKey: `sudo:${subject}`,
    },
    signal,
  );
  if (signal.aborted || answer === undefined) throw cancelled(signal);
  return launcher(answer);
}

/** Tries without a password, which also counts as no attempt. `true`-like: `:` in the shell that is needed later. */
function probe(marker: Marker): string {
  return [
    marker.assignment,
    'LC_ALL=C; export LC_ALL; if [ "$(id -u)" = 0 ]; then echo "$M root";',
    'elif command -v sudo >/dev/null 2>&1; then echo "$M" >&2;',
    'if sudo -n -- sh -c : </dev/null >/dev/null; then echo "$M free"; else echo "$M locked"; fi;',
    'else echo "$M missing"; fi',
  ].join(' ');
}

/** `ready` first: a login script that reads stdin must not get what follows. */
function runner(marker: Marker, how: string): string {
  return [
    marker.assignment,
    'echo "$M ready"; IFS= read -r s || exit 6; LC_ALL=C; export LC_ALL;',
    `echo "$M" >&2; exec sudo ${how} -- sh -c "$s"`,
  ].join(' ');
}

class Sudo {
  readonly #transport: Transport;
  readonly #options: SudoOptions;
  readonly #answer: SecretAnswer | undefined;
  #accepted = false;

  /** `answer` is undefined where sudo wants no password. */
  constructor(transport: Transport, options: SudoOptions, answer: SecretAnswer | undefined) {
    this.#transport = transport;
    this.#options = options;
    this.#answer = answer;
  }

  async launch(script: string, marker: Marker): Promise<Launched> {
    const { signal, subject } = this.#options;
    const prompt = `${marker.text} password:`;
    const how = this.#answer === undefined ? '-n' : `-S -p "$M password:"`;
    const process = await start(this.#transport, { script: runner(marker, how) }, signal);
    const said = new Tail(4096);
    let running = false;
    let refused: ConnectionError | undefined;
    let given = false;
    const reader = new PromptReader(marker.text, prompt, {
      onText: (text) => said.push(text),
      onPassword: () => {
        // A second prompt is sudo's way to say that the password was wrong.
        if (given || this.#answer === undefined) {
          refused = this.#wrongPassword();
          process.stdin.end();
        } else {
          given = true;
          process.stdin.write(`${this.#answer.value}\n`);
        }
      },
      onOther: (text) => void this.#askOther(process, text, (error) => (refused = error)),
    });
    process.stderr.on('data', (chunk: Buffer) => {
      if (!running) reader.push(chunk);
    });
    return {
      process,
      onMark: (mark) => {
        if (mark.word === 'ready') {
          process.stdin.write(`${script}\n`);
          return;
        }
        if (!running) this.#accept();
        running = true;
        reader.dispose();
      },
      failure: () => {
        reader.dispose();
        if (running) return undefined;
        return refused ?? explain(said.text, subject) ?? this.#unexplained(said, given);
      },
    };
  }

  #unexplained(said: Tail, given: boolean): ConnectionError | undefined {
    if (given && /incorrect|authentication fail|try again/i.test(said.text)) return this.#wrongPassword();
    return said.lastLine === '' ? undefined : failed(this.#options.subject, said.lastLine);
  }

  /** A further factor, such as a one-time code: its prompt is the host's own, its answer is never kept. */
  async #askOther(process: RemoteProcess, prompt: string, refuse: (error: ConnectionError) => void): Promise<void> {
    const { interaction, subject, signal, log } = this.#options;
    try {
      const answer = await interaction.askSecret({ kind: 'sudo', subject, prompt: plain(prompt), echo: false }, signal);
      if (answer !== undefined) {
        process.stdin.write(`${answer.value}\n`);
        return;
      }
      refuse(cancelled(signal));
    } catch (error) {
      log.warn(`Asking for a further factor of sudo failed: ${String(error)}`);
      refuse(failed(subject, 'a further factor could not be asked for'));
    }
    process.stdin.end();
  }

  #accept(): void {
    if (this.#accepted) return;
    this.#accepted = true;
    this.#answer?.accepted().catch((error: unknown) => {
      this.#options.log.warn(`The sudo password could not be kept: ${String(error)}`);
    });
  }

  #wrongPassword(): ConnectionError {
    const { interaction, subject, log } = this.#options;
    if (this.#answer?.stored === true) {
      interaction.forgetSecret(`sudo:${subject}`).catch((error: unknown) => {
        log.warn(`The sudo password could not be forgotten: ${String(error)}`);
      });
    }
    return new ConnectionError(
      'sudo',
      `sudo refused the password of ${subject}.`,
      'Connect again and type the password of this account on the host.',
    );
  }
}

/** Undefined for what may be only the wish for a password. sudo's words with LC_ALL=C, and sudo-rs's. */
function explain(said: string, subject: string): ConnectionError | undefined {
  if (/must have a tty/i.test(said)) {
    return new ConnectionError(
      'sudo',
      `sudo on the host refuses to run without a terminal (requiretty) for ${subject}.`,
      'Ask the administrator for “Defaults:USER !requiretty” in sudoers, or connect without sudo.',
    );
  }
  if (/not in the sudoers|may not run sudo|not allowed to (?:run|execute)|not permitted to|I'm afraid/i.test(said)) {
    return new ConnectionError(
      'sudo',
      `${subject} may not use sudo on the host to run a shell as root.`,
      'Ask the administrator to allow it in sudoers, connect as another user, or connect without sudo.',
      new Error(plain(said)),
    );
  }
  if (/no new privileges|setuid|effective uid is not 0|unable to (?:open|read) .*sudoers|syntax error/i.test(said)) {
    return failed(subject, plain(said));
  }
  return undefined;
}

function missing(subject: string): ConnectionError {
  return new ConnectionError(
    'sudo',
    `There is no sudo on the host, so ${subject} cannot get administrator rights.`,
    'Install sudo on the host, connect as root, or connect without sudo.',
  );
}

function failed(subject: string, said: string): ConnectionError {
  return new ConnectionError(
    'sudo',
    `sudo failed on the host for ${subject}: ${said}.`,
    'See whether “sudo sh” works there in a terminal, or connect without sudo.',
  );
}
