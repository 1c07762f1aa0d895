import type { HostKeyQuestion, Interaction, SecretAnswer, SecretQuestion } from '../transport/interaction.ts';

/** An attempt needed an answer that only a person can give. */
export interface Refusal {
  /** What was needed, for a sentence: `the password for alice@build7`. */
  readonly needed: string;
}

/**
 * What was accepted while a host is connected, so that a lost connection can come back without a question. In memory only,
 * until `clear`. Answers that must not be kept (no `storeKey`: one-time codes) are never remembered.
 */
export class Credentials {
  readonly #person: Interaction;
  readonly #secrets = new Map<string, string>();
  /** Host keys accepted once: for this connection's life, not for one TCP connection. */
  readonly #hostKeys = new Set<string>();

  constructor(person: Interaction) {
    this.#person = person;
  }

  /** For an attempt that a person asked for. */
  interactive(): Interaction {
    const person = this.#person;
    return {
      confirmHostKey: async (question, signal) => {
        const key = hostKeyOf(question);
        if (this.#hostKeys.has(key)) return 'once';
        const decision = await person.confirmHostKey(question, signal);
        if (decision === 'once') this.#hostKeys.add(key);
        return decision;
      },
      askSecret: async (question, signal) => {
        const remembered = this.#remembered(question);
        if (remembered !== undefined) return remembered;
        const answer = await person.askSecret(question, signal);
        return answer === undefined ? undefined : this.#remember(question, answer);
      },
      forgetSecret: (storeKey) => this.#forget(storeKey),
    };
  }

  /** For an attempt that nobody asked for: it never shows anything. `onRefusal` hears what would have been asked. */
  silent(onRefusal: (refusal: Refusal) => void): Interaction {
    return {
      confirmHostKey: (question) => {
        if (this.#hostKeys.has(hostKeyOf(question))) return Promise.resolve('once');
        onRefusal({ needed: `a decision on the host key of ${question.host}` });
        return Promise.resolve('refuse');
      },
      askSecret: (question) => {
        const remembered = this.#remembered(question);
        if (remembered === undefined) onRefusal({ needed: `${secretNames[question.kind]} for ${question.subject}` });
        return Promise.resolve(remembered);
      },
      forgetSecret: (storeKey) => this.#forget(storeKey),
    };
  }

  clear(): void {
    this.#secrets.clear();
    this.#hostKeys.clear();
  }

  #remembered(question: SecretQuestion): SecretAnswer | undefined {
    const value = question.storeKey === undefined ? undefined : this.#secrets.get(question.storeKey);
    return value === undefined ? undefined : { value, stored: true, accepted: () => Promise.resolve() };
  }

  #remember(question: SecretQuestion, answer: SecretAnswer): SecretAnswer {
    return {
      value: answer.value,
      stored: answer.stored,
      accepted: async () => {
        if (question.storeKey !== undefined) this.#secrets.set(question.storeKey, answer.value);
        await answer.accepted();
      },
    };
  }

  async #forget(storeKey: string): Promise<void> {
    this.#secrets.delete(storeKey);
    await this.#person.forgetSecret(storeKey);
  }
}

function hostKeyOf({ host, keyType, fingerprint }: HostKeyQuestion): string {
  return `${host} ${keyType} ${fingerprint}`;
}

const secretNames: Readonly<Record<SecretQuestion['kind'], string>> = {
  password: 'the password',
  passphrase: 'the passphrase',
  'keyboard-interactive': 'an answer',
  sudo: 'the sudo password',
};
