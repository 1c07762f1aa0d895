import { asError } from '../as-error.ts';
import { ConnectionError } from '../transport/errors.ts';
import type { HostKeyQuestion, Interaction, Log, SecretAnswer, SecretQuestion } from '../transport/interaction.ts';
import type { PromptQueue } from './prompt-queue.ts';
import { promptText } from './prompt-text.ts';

/** `vscode.SecretStorage`, as far as it is needed. */
export interface SecretStore {
  get(key: string): PromiseLike<string | undefined>;
  store(key: string, value: string): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
}

export interface HostKeyPrompt {
  readonly message: string;
  readonly detail: string;
  /** To copy, for comparing. */
  readonly fingerprint: string;
  /** There is a file to save the key in. */
  readonly savable: boolean;
}

export interface SecretPrompt {
  readonly title: string;
  readonly prompt: string;
  readonly masked: boolean;
  /** Offer to keep the answer in the secret storage. */
  readonly keepable: boolean;
}

/** Shows questions. Every text it is given may be shown as it is. The box closes when the signal aborts, where it can. */
export interface Prompter {
  hostKey(prompt: HostKeyPrompt, signal: AbortSignal): Promise<'save' | 'once' | 'refuse'>;
  secret(
    prompt: SecretPrompt,
    signal: AbortSignal,
  ): Promise<{ readonly value: string; readonly keep: boolean } | undefined>;
}

export interface PersonInteractionOptions {
  readonly prompter: Prompter;
  readonly secrets: SecretStore;
  /** One for all hosts. */
  readonly queue: PromptQueue;
  /** Which host asks, for titles. */
  readonly label: string;
  readonly log: Log;
}

/** Asks the person, on behalf of one host. */
export class PersonInteraction implements Interaction {
  readonly #options: PersonInteractionOptions;

  constructor(options: PersonInteractionOptions) {
    this.#options = options;
  }

  async confirmHostKey(question: HostKeyQuestion, signal: AbortSignal): Promise<'save' | 'once' | 'refuse'> {
    const { prompter, queue } = this.#options;
    const savable = question.file !== '';
    const prompt: HostKeyPrompt = {
      message: `The authenticity of ${promptText(question.host)} is not known yet.`,
      detail: [
        `Its ${promptText(question.keyType)} host key has the fingerprint\n${promptText(question.fingerprint)}`,
        'Accept it only if the administrator of the host gave you the same fingerprint.',
        promptText(question.note ?? ''),
        savable ? `“Accept and Save” adds the key to ${promptText(question.file)}.` : '',
        `Asked for ${this.#label}.`,
      ]
        .filter((paragraph) => paragraph !== '')
        .join('\n\n'),
      fingerprint: question.fingerprint,
      savable,
    };
    return (await queue.ask(() => prompter.hostKey(prompt, signal), signal)) ?? 'refuse';
  }

  async askSecret(question: SecretQuestion, signal: AbortSignal): Promise<SecretAnswer | undefined> {
    const { prompter, queue } = this.#options;
    const { storeKey } = question;
    const stored = storeKey === undefined ? undefined : await this.#stored(storeKey);
    if (signal.aborted) return undefined;
    if (stored !== undefined) return { value: stored, stored: true, accepted: () => Promise.resolve() };
    const prompt: SecretPrompt = {
      title: `${this.#label}: ${secretTitles[question.kind]}`,
      prompt: secretWords(question),
      masked: !question.echo,
      keepable: storeKey !== undefined,
    };
    const answer = await queue.ask(() => prompter.secret(prompt, signal), signal);
    if (answer === undefined) return undefined;
    return {
      value: answer.value,
      stored: false,
      accepted: async () => {
        if (answer.keep && storeKey !== undefined) await this.#keep(storeKey, answer.value);
      },
    };
  }

  async forgetSecret(storeKey: string): Promise<void> {
    try {
      await this.#options.secrets.delete(keyOf(storeKey));
    } catch (error) {
      // Left in place it would be sent again and again, until the account is locked.
      throw new ConnectionError(
        'authentication',
        `A stored secret was refused, and it could not be removed from the secret storage: ${asError(error).message}`,
        'Repair the secret storage of this machine (the keyring), then connect again.',
        error,
      );
    }
  }

  get #label(): string {
    return promptText(this.#options.label);
  }

  /** A broken keyring is no reason not to connect: the person is asked instead. */
  async #stored(storeKey: string): Promise<string | undefined> {
    try {
      return await this.#options.secrets.get(keyOf(storeKey));
    } catch (error) {
      this.#options.log.warn(`The secret storage cannot be read: ${asError(error).message}`);
      return undefined;
    }
  }

  async #keep(storeKey: string, value: string): Promise<void> {
    try {
      await this.#options.secrets.store(keyOf(storeKey), value);
    } catch (error) {
      this.#options.log.warn(`The secret was not kept, the secret storage failed: ${asError(error).message}`);
    }
  }
}

/** The extension keeps nothing else in its secret storage today; the prefix leaves room for it. */
function keyOf(storeKey: string): string {
  return `secret:${storeKey}`;
}

const secretTitles: Readonly<Record<SecretQuestion['kind'], string>> = {
  password: 'Password',
  passphrase: 'Passphrase of a Key',
  'keyboard-interactive': 'Question of the Server',
  sudo: 'Password for sudo',
};

/** Who is asked for what, and in whose words: a server must not pass its question off as ours. */
function secretWords(question: SecretQuestion): string {
  const subject = promptText(question.subject);
  const prompt = promptText(question.prompt);
  if (question.kind !== 'keyboard-interactive') return prompt === '' ? subject : `${subject} — ${prompt}`;
  const said = [promptText(question.instructions ?? ''), prompt].filter((part) => part !== '');
  return `${subject} asks: ${said.join(' ')}`;
}
