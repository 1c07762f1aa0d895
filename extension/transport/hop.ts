/** One SSH connection over a stream that stands: key exchange, host key, signing in. */
import type { Duplex } from 'node:stream';
import ssh2, { type Client, type NextAuthHandler } from 'ssh2';
import { asError } from '../as-error.ts';
import { gatherAllWrites } from '../gather-writes.ts';
import { clientAlgorithms } from './algorithms.ts';
import { Authenticator } from './authentication.ts';
import type { ResolvedHost } from './config.ts';
import { ConnectionError } from './errors.ts';
import type { HostKeyVerifier } from './host-key.ts';
import { HostSocket } from './host-socket.ts';
import { findIdentities } from './identities.ts';
import type { Interaction, Log } from './interaction.ts';
import { cancelledError, Patience, type AskPerson } from './patience.ts';
import { describeHost, handshakeError, plainText, socketError, timeoutError } from './words.ts';

export interface HopContext {
  readonly interaction: Interaction;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onStage: (stage: string) => void;
}

export interface OpenOptions extends HopContext {
  readonly host: ResolvedHost;
  readonly stream: Duplex;
  readonly verifier: HostKeyVerifier;
  /** Distinguishes this server from others of the same name on other ways. */
  readonly storeId: string;
}

/**
 * Resolves when the server has let us in. Whatever goes wrong, the stream is destroyed before it rejects.
 * @throws ConnectionError
 */
export function openClient(options: OpenOptions): Promise<Client> {
  return new Promise((resolve, reject) => new Opening(options, resolve, reject).start());
}

class Opening {
  readonly #options: OpenOptions;
  readonly #resolve: (client: Client) => void;
  readonly #reject: (error: unknown) => void;
  readonly #client = new ssh2.Client();
  readonly #patience: Patience;
  readonly #authenticator: Authenticator;
  readonly #what: string;
  /** Ends questions to a person when the connection ends, and the other way round. */
  readonly #ending = new AbortController();
  readonly #remote = new Map<string, string>();
  /** The host key that was found to be the server's. */
  #verified: Buffer | undefined;
  #stage: 'handshake' | 'authentication' | 'over' = 'handshake';

  constructor(options: OpenOptions, resolve: (client: Client) => void, reject: (error: unknown) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    const { host, interaction, storeId } = options;
    this.#what = describeHost(host);
    this.#patience = new Patience(host.connectTimeout * 1000, () => this.#fail(this.#timeout()));
    this.#authenticator = new Authenticator({
      host,
      subject: this.#what,
      storeId,
      interaction,
      identities: () => findIdentities(host, interaction),
      ask: this.#ask,
      fail: this.#fail,
    });
  }

  start(): void {
    const { host, stream, signal, log, onStage, verifier } = this.#options;
    if (signal.aborted) return this.#fail(cancelledError(this.#what));
    signal.addEventListener('abort', this.#abort, { once: true });
    this.#client
      .on('error', this.#clientError)
      .on('close', this.#closed)
      .on('banner', (text) => log.info(`${this.#what} says: ${plainText(text)}`))
      .on('change password', () => this.#fail(this.#authenticator.failure('the password has expired')))
      .on('handshake', ({ sc: { cipher } }) => {
        // With these ssh2 keeps nothing of what it was given. Others it leaves in place until the rest of a packet has come.
        if (stream instanceof HostSocket) stream.readsInPlace = /^aes\d+-gcm/.test(cipher);
        if (this.#stage !== 'handshake') return;
        this.#stage = 'authentication';
        this.#patience.restart();
        onStage(`Signing in as ${host.user}`);
      })
      .once('ready', () => void this.#ready());
    // ssh2 writes the length, the body and the code of each packet one by one.
    gatherAllWrites(stream);
    try {
      this.#client.connect({
        sock: stream,
        username: host.user,
        // All waiting is Patience's: ssh2's own timer would also run while a person is asked.
        readyTimeout: 0,
        keepaliveInterval: host.serverAliveInterval * 1000,
        keepaliveCountMax: host.serverAliveCountMax,
        algorithms: clientAlgorithms(host.algorithms, verifier.algorithms()),
        // A server that does not call itself OpenSSH may know OpenSSH's extensions; it answers for itself.
        strictVendor: false,
        hostVerifier: (key: Buffer, verify: (permitted: boolean) => void) => this.#verify(key, verify),
        authHandler: (offered, partial, next) => {
          void this.#authenticate(offered, partial, next);
        },
        debug: (line) => this.#observe(line),
      });
    } catch (error) {
      this.#fail(this.#translate(asError(error)));
    }
  }

  readonly #ask: AskPerson = (question) => this.#patience.hold(() => question(this.#ending.signal));

  /** Runs at every key exchange of the connection's life (RekeyLimit of sshd_config(5)), so it outlives the opening. */
  #verify(key: Buffer, verify: (permitted: boolean) => void): void {
    // At once: once the server's new keys are in use, ssh2 takes the exchange for over, and what it then sends before its own
    // SSH_MSG_NEWKEYS the server calls corrupt.
    if (this.#verified?.equals(key) === true) verify(true);
    else void this.#verifyNew(key, verify);
  }

  async #verifyNew(key: Buffer, verify: (permitted: boolean) => void): Promise<void> {
    const { verifier, onStage } = this.#options;
    if (this.#stage === 'handshake') onStage('Verifying the host key');
    try {
      await verifier.verify(key, this.#ask);
    } catch (error) {
      this.#fail(error);
      return verify(false);
    }
    this.#verified = key;
    verify(true);
  }

  /** @param offered null at the first call, which ssh2's types leave out */
  async #authenticate(offered: readonly string[] | null, partial: boolean, next: NextAuthHandler): Promise<void> {
    try {
      const method = await this.#authenticator.next(offered ?? undefined, partial);
      if (this.#stage === 'over') return;
      this.#patience.restart();
      next(method);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** ssh2's debug lines are read here and never logged: they hold nothing secret today, but they are not ours to promise. */
  #observe(line: string): void {
    this.#authenticator.observe(line);
    const offer = /^Handshake: \(remote\) ([^:]+): (.*)$/.exec(line);
    if (offer?.[1] !== undefined) this.#remote.set(offer[1], offer[2] ?? '');
  }

  async #ready(): Promise<void> {
    if (this.#stage === 'over') return;
    try {
      await this.#authenticator.succeeded();
    } catch (error) {
      // A secret that cannot be kept is no reason to turn back.
      this.#options.log.warn(`A secret could not be kept: ${error instanceof Error ? error.message : String(error)}`);
    }
    // It may have been cancelled meanwhile.
    if (!this.#finish()) return;
    this.#client.off('close', this.#closed);
    putNoMoreIntoWords(this.#client);
    this.#resolve(this.#client);
  }

  readonly #abort = (): void => this.#fail(cancelledError(this.#what));

  readonly #clientError = (error: Error & { level?: string; code?: unknown }): void => {
    // An agent that would not sign: the next key is tried.
    if (error.level === 'agent') this.#options.log.info(`${this.#what}: ${plainText(error.message)}`);
    else this.#fail(this.#translate(error));
  };

  readonly #closed = (): void => {
    this.#fail(
      this.#stage === 'authentication'
        ? this.#authenticator.failure('the server closed the connection')
        : handshakeError(new Error('Connection lost before handshake'), this.#what, this.#remote),
    );
  };

  #translate(error: Error & { level?: string; code?: unknown }): ConnectionError {
    if (error instanceof ConnectionError) return error;
    if (error.level === 'client-socket') {
      const { cause } = error;
      if (cause instanceof ConnectionError) return cause;
      return socketError(error, this.#what, this.#options.host);
    }
    // A number: the reason of the server's own SSH_MSG_DISCONNECT, with its words as the message.
    if (this.#stage === 'authentication') return this.#authenticator.failure(plainText(error.message));
    return handshakeError(error, this.#what, this.#remote);
  }

  #timeout(): ConnectionError {
    const { connectTimeout } = this.#options.host;
    const why =
      this.#stage === 'handshake'
        ? `the SSH server did not complete the key exchange within ${connectTimeout} s`
        : `the SSH server did not answer within ${connectTimeout} s while signing in`;
    return timeoutError(this.#what, why);
  }

  readonly #fail = (error: unknown): void => {
    if (!this.#finish()) return;
    this.#client.destroy();
    this.#options.stream.destroy();
    this.#reject(error);
  };

  /** False when it was over already. */
  #finish(): boolean {
    if (this.#stage === 'over') return false;
    this.#stage = 'over';
    this.#patience.stop();
    this.#options.signal.removeEventListener('abort', this.#abort);
    this.#ending.abort();
    return true;
  }
}

/** ssh2 puts each packet into words as long as somebody wants to hear them, and has no way to say that one does not. */
function putNoMoreIntoWords(client: Client): void {
  // Its own, so not of its types: where it is called otherwise one day, a packet takes a little longer.
  const protocol: unknown = Reflect.get(client, '_protocol');
  if (typeof protocol === 'object' && protocol !== null) Reflect.set(protocol, '_debug', undefined);
}
