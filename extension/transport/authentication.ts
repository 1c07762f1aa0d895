/**
 * Signs in to one server. Keys first, then keyboard-interactive, then password, as ssh(1) does. Every secret is sent once: what
 * the server refuses is never sent again by itself, so that no account is locked.
 */
import ssh2, {
  type AnyAuthMethod,
  type ParsedKey,
  type Prompt,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import { asError } from '../as-error.ts';
import type { ResolvedHost } from './config.ts';
import { ConnectionError } from './errors.ts';
import type { Hash, Identities } from './identities.ts';
import type { Interaction, SecretAnswer, SecretQuestion } from './interaction.ts';
import type { AskPerson } from './patience.ts';
import { plainText } from './words.ts';

export interface AuthenticationContext {
  readonly host: ResolvedHost;
  /** `alice@build7:2222`. */
  readonly subject: string;
  /** What distinguishes this server's secrets from all others'. */
  readonly storeId: string;
  readonly interaction: Interaction;
  /** Asked for only when the server offers public keys. */
  readonly identities: () => Promise<Identities>;
  readonly ask: AskPerson;
  /** Ends the connection with this error. */
  readonly fail: (error: unknown) => void;
}

interface Attempt {
  readonly kind: 'key' | 'keyboard-interactive' | 'password';
  /** For people. */
  readonly name: string;
  /** Secrets that went to the server in this attempt. */
  readonly answers: { readonly storeKey: string | undefined; readonly answer: SecretAnswer }[];
}

export class Authenticator {
  readonly #context: AuthenticationContext;
  readonly #tried: string[] = [];
  #offered: readonly string[] = [];
  #current: Attempt | undefined;
  #identities: Identities | undefined;
  #nextIdentity = 0;
  readonly #done = new Set<'keyboard-interactive' | 'password'>();

  constructor(context: AuthenticationContext) {
    this.#context = context;
  }

  /**
   * ssh2 1.17 passes the server's answer on, except after an agent's key, which all our keys are (signing may have to wait for a
   * person): then a partial success would go unseen. Its debug line is the one place where the answer shows.
   */
  observe(debugLine: string): void {
    const methods = /^Inbound: Received USERAUTH_FAILURE \((.*)\)$/.exec(debugLine)?.[1];
    if (methods !== undefined) this.#offered = methods.split(',').filter((method) => method !== '');
  }

  /** @throws ConnectionError `authentication` when nothing is left, `cancelled` */
  async next(offered: readonly string[] | undefined, partial: boolean): Promise<AnyAuthMethod> {
    const username = this.#context.host.user;
    // The request for `none` makes the server say what it offers (RFC 4252 section 5.2).
    if (offered === undefined) return { type: 'none', username };
    if (this.#offered.length === 0) this.#offered = offered;
    const previous = this.#current;
    this.#current = undefined;
    if (previous !== undefined) await this.#settle(previous, partial);
    for (const method of this.#context.host.methods) {
      if (!this.#offered.includes(method)) continue;
      // oxlint-disable-next-line no-await-in-loop
      const attempt = await this.#begin(method);
      if (attempt !== undefined) return attempt;
    }
    throw this.failure();
  }

  /** The server lets us in. */
  async succeeded(): Promise<void> {
    const previous = this.#current;
    this.#current = undefined;
    for (const { answer } of previous?.answers ?? []) {
      // oxlint-disable-next-line no-await-in-loop
      await answer.accepted();
    }
  }

  /** @param detail the server's own words */
  failure(detail?: string): ConnectionError {
    const { subject, host } = this.#context;
    const last = this.#current;
    const tried = last === undefined ? this.#tried : [...this.#tried, last.name];
    const unusable = this.#identities?.unusable ?? [];
    const words = [
      `${subject} does not let us in${detail === undefined ? '' : ` (${detail})`}.`,
      this.#offered.length === 0 ? 'It offers no method.' : `It offers: ${this.#offered.join(', ')}.`,
      tried.length === 0 ? 'Nothing could be tried.' : `Tried: ${tried.join('; ')}.`,
      unusable.length === 0 ? '' : `Not usable: ${unusable.join('; ')}.`,
    ];
    const remedy =
      detail !== undefined && /too many/i.test(detail)
        ? 'Name the one key for this host with IdentityFile and set IdentitiesOnly yes in the SSH configuration.'
        : this.#remedy(host);
    return new ConnectionError('authentication', words.filter((each) => each !== '').join(' '), remedy);
  }

  #remedy(host: ResolvedHost): string {
    if (this.#offered.some((method) => method.startsWith('gssapi')) && !this.#offered.includes('publickey')) {
      return 'Kerberos (GSSAPI) is not supported; ask for access with a key or a password.';
    }
    if (!this.#offered.some((method) => host.methods.some((mine) => mine === method))) {
      return 'Allow one of the methods that the server offers in the SSH configuration.';
    }
    return 'Check the user name and the key or password. Certificates and security keys (FIDO) are not supported.';
  }

  /** Keeps secrets that were accepted, forgets stored ones that were not, and stops after a typed one that was refused. */
  async #settle(attempt: Attempt, partial: boolean): Promise<void> {
    this.#tried.push(attempt.name);
    if (attempt.kind === 'key') return;
    if (partial) {
      this.#done.delete('keyboard-interactive');
      await Promise.all(attempt.answers.map(({ answer }) => answer.accepted()));
      return;
    }
    for (const { answer, storeKey } of attempt.answers) {
      // oxlint-disable-next-line no-await-in-loop
      if (answer.stored && storeKey !== undefined) await this.#context.interaction.forgetSecret(storeKey);
    }
    if (attempt.answers.length > 0) {
      const stored = attempt.answers.some(({ answer }) => answer.stored);
      throw this.failure(stored ? 'the stored answer was refused and is forgotten' : 'the answer was refused');
    }
  }

  async #begin(method: 'publickey' | 'keyboard-interactive' | 'password'): Promise<AnyAuthMethod | undefined> {
    if (method === 'publickey') return this.#beginKey();
    if (this.#done.has(method)) return undefined;
    this.#done.add(method);
    return method === 'password' ? this.#beginPassword() : this.#beginInteractive();
  }

  async #beginKey(): Promise<AnyAuthMethod | undefined> {
    this.#identities ??= await this.#context.ask(() => this.#context.identities());
    const identity = this.#identities.list[this.#nextIdentity];
    if (identity === undefined) return undefined;
    this.#nextIdentity += 1;
    const publicKey = identity.publicKey ?? (await identity.unlock(this.#context.ask));
    if (publicKey === undefined) return this.#beginKey();
    const attempt: Attempt = { kind: 'key', name: identity.description, answers: [] };
    this.#current = attempt;
    const agent = new OneKey(
      publicKey,
      (data, hash) => identity.sign(data, hash, this.#context.ask),
      this.#context.fail,
    );
    return { type: 'agent', username: this.#context.host.user, agent };
  }

  async #beginPassword(): Promise<AnyAuthMethod> {
    const attempt: Attempt = { kind: 'password', name: 'a password', answers: [] };
    const storeKey = `password:${this.#context.storeId}`;
    const { subject } = this.#context;
    const password = await this.#secret(attempt, {
      kind: 'password',
      subject,
      prompt: `Password for ${subject}`,
      echo: false,
      storeKey,
    });
    this.#current = attempt;
    return { type: 'password', username: this.#context.host.user, password };
  }

  #beginInteractive(): AnyAuthMethod {
    const attempt: Attempt = { kind: 'keyboard-interactive', name: 'keyboard-interactive', answers: [] };
    this.#current = attempt;
    return {
      type: 'keyboard-interactive',
      username: this.#context.host.user,
      prompt: (name, instructions, _language, prompts, finish) => {
        this.#answer(attempt, [name, instructions], prompts).then(finish, this.#context.fail);
      },
    };
  }

  /** One round; the server may ask several times. */
  async #answer(attempt: Attempt, words: readonly string[], prompts: readonly Prompt[]): Promise<string[]> {
    const { subject, storeId } = this.#context;
    const instructions = words
      .map((text) => plainText(text))
      .filter((text) => text !== '')
      .join('\n');
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) {
      const text = plainText(prompt);
      const keep = prompts.length === 1 && echo !== true && isPasswordPrompt(text);
      // oxlint-disable-next-line no-await-in-loop
      const answer = await this.#secret(attempt, {
        kind: 'keyboard-interactive',
        subject,
        prompt: text,
        echo: echo === true,
        ...(instructions === '' ? {} : { instructions }),
        ...(keep ? { storeKey: `password:${storeId}` } : {}),
      });
      answers.push(answer);
    }
    return answers;
  }

  async #secret(attempt: Attempt, question: SecretQuestion): Promise<string> {
    const answer = await this.#context.ask((signal) => this.#context.interaction.askSecret(question, signal));
    if (answer === undefined) {
      throw new ConnectionError(
        'cancelled',
        `Signing in to ${question.subject} was cancelled.`,
        'Connect again when you are ready.',
      );
    }
    attempt.answers.push({ answer, storeKey: question.storeKey });
    return answer.value;
  }
}

/** A lasting password, which may be kept, and not a one-time code, which must not. */
function isPasswordPrompt(text: string): boolean {
  return /password/i.test(text) && !/one.?time|verification|token|code|otp|new|current|retype/i.test(text);
}

/** One key in ssh2's agent interface, the only one in which a signature may take its time. */
class OneKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #sign: (data: Buffer, hash: Hash | undefined) => Promise<Buffer>;
  readonly #fail: (error: unknown) => void;

  constructor(
    key: ParsedKey,
    sign: (data: Buffer, hash: Hash | undefined) => Promise<Buffer>,
    fail: (error: unknown) => void,
  ) {
    super();
    this.#key = key;
    this.#sign = sign;
    this.#fail = fail;
  }

  getIdentities(callback: (error: undefined, keys: ParsedKey[]) => void): void {
    callback(undefined, [this.#key]);
  }

  sign(_key: ParsedKey, data: Buffer, options: SigningRequestOptions | SignCallback, last?: SignCallback): void {
    const callback = typeof options === 'function' ? options : last;
    void this.#signed(data, typeof options === 'function' ? undefined : options.hash, callback);
  }

  async #signed(data: Buffer, hash: Hash | undefined, callback: SignCallback | undefined): Promise<void> {
    try {
      callback?.(undefined, await this.#sign(data, hash));
    } catch (error) {
      // A wrong passphrase or a cancel ends signing in; an agent that refuses to sign only rules out this key.
      if (error instanceof ConnectionError) this.#fail(error);
      else callback?.(asError(error));
    }
  }
}
