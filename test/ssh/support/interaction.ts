import type {
  HostKeyQuestion,
  Interaction,
  Log,
  SecretAnswer,
  SecretQuestion,
} from '../../../extension/transport/interaction.ts';

type Answer = string | undefined;

export interface Script {
  readonly hostKey?: 'save' | 'once' | 'refuse' | ((question: HostKeyQuestion) => 'save' | 'once' | 'refuse');
  /** Typed answers; undefined is a cancel. */
  readonly secret?: (question: SecretQuestion) => Answer | Promise<Answer>;
  /** What is in the secret store already. */
  readonly stored?: Readonly<Record<string, string>>;
}

export interface ScriptedInteraction extends Interaction {
  readonly hostKeyQuestions: HostKeyQuestion[];
  readonly secretQuestions: SecretQuestion[];
  readonly forgotten: string[];
  readonly kept: string[];
  readonly store: Map<string, string>;
}

/** Answers by a script and records what was asked. A question that the script has no answer to fails the test. */
export function scripted(script: Script = {}): ScriptedInteraction {
  const hostKeyQuestions: HostKeyQuestion[] = [];
  const secretQuestions: SecretQuestion[] = [];
  const forgotten: string[] = [];
  const kept: string[] = [];
  const store = new Map(Object.entries(script.stored ?? {}));
  return {
    hostKeyQuestions,
    secretQuestions,
    forgotten,
    kept,
    store,
    confirmHostKey(question) {
      hostKeyQuestions.push(question);
      const { hostKey } = script;
      if (hostKey === undefined) return Promise.reject(new Error(`unexpected host key question for ${question.host}`));
      return Promise.resolve(typeof hostKey === 'function' ? hostKey(question) : hostKey);
    },
    async askSecret(question): Promise<SecretAnswer | undefined> {
      secretQuestions.push(question);
      const stored = question.storeKey === undefined ? undefined : store.get(question.storeKey);
      if (stored !== undefined) return { value: stored, stored: true, accepted: () => Promise.resolve() };
      if (script.secret === undefined) throw new Error(`unexpected question: ${question.prompt}`);
      const value = await script.secret(question);
      if (value === undefined) return undefined;
      return {
        value,
        stored: false,
        accepted: () => {
          if (question.storeKey !== undefined) kept.push(question.storeKey);
          return Promise.resolve();
        },
      };
    },
    forgetSecret(storeKey) {
      forgotten.push(storeKey);
      store.delete(storeKey);
      return Promise.resolve();
    },
  };
}

export interface CapturingLog extends Log {
  readonly lines: string[];
}

export function capturingLog(): CapturingLog {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  return { lines, info: at('info'), warn: at('warn'), error: at('error'), debug: at('debug') };
}
