/** A Linux host over SSH. */
import { Writable, type Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import { asError } from '../as-error.ts';
import { Emitter, type Event } from '../disposable.ts';
import { commandLine } from './argv.ts';
import { ConnectionError } from './errors.ts';
import { connectHops, resolveHops, type Hop } from './hops.ts';
import type { Interaction, Log } from './interaction.ts';
import { cancelledError } from './patience.ts';
import type { ExecOptions, ExitStatus, RemoteCommand, RemoteProcess, Transport } from './transport.ts';
import { describeHost, plainText } from './words.ts';

export interface ConnectOptions {
  /** As `ssh -F`; otherwise the person's and the system's configuration. */
  readonly configFile?: string | undefined;
  readonly interaction: Interaction;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  /** What is being done, in words: `Verifying the host key`. */
  readonly onStage?: ((stage: string) => void) | undefined;
}

/** Milliseconds that a server has to answer when something is told to end. */
const grace = 500;
/** Milliseconds that a server has to forget a session that has ended, and between two tries. */
const patience = 1_500;
const pause = 50;

/**
 * @param target alias of the SSH configuration, `user@host:port`, `[v6]:port` or `ssh://…`
 * @throws ConnectionError, `cancelled` when aborted
 */
export async function connectSsh(target: string, options: ConnectOptions): Promise<Transport> {
  const signal = options.signal ?? new AbortController().signal;
  const { interaction, log } = options;
  try {
    signal.throwIfAborted();
    const chain = await resolveHops(target, { configFile: options.configFile, signal });
    const onStage = (stage: string): void => {
      log.debug(`${target}: ${stage}`);
      options.onStage?.(stage);
    };
    const hops = await connectHops(chain, { interaction, log, signal, onStage });
    const transport = new SshTransport(hops, log);
    log.info(
      `Connected to ${transport.description}${hops.length > 1 ? ` through ${hops.length - 1} jump host(s)` : ''}`,
    );
    return transport;
  } catch (error) {
    // However deep the abort was noticed, the caller gets one kind of error for it.
    throw signal.aborted ? cancelledError(target) : error;
  }
}

class SshTransport implements Transport {
  readonly kind = 'ssh';
  readonly description: string;
  readonly #hops: readonly Hop[];
  readonly #client: Client;
  readonly #closed = new Emitter<Error | undefined>();
  readonly onClose: Event<Error | undefined> = this.#closed.event;
  #hadSession = false;
  /** Set when the connection is over. */
  #end: { readonly error: ConnectionError | undefined } | undefined;

  constructor(hops: readonly Hop[], log: Log) {
    const last = hops.at(-1);
    if (last === undefined) throw new Error('a chain has at least one host');
    this.#hops = hops;
    this.#client = last.client;
    this.description = describeHost(last.host);
    for (const hop of hops) {
      let reason: Error | undefined;
      hop.client.on('error', (error) => {
        reason ??= error;
      });
      // The first hop that closes is the cause; the others follow because they stand on it.
      hop.client.once('close', () => {
        if (this.#end !== undefined) return;
        const error = lostError(this.description, hop, hop === last, reason);
        log.warn(error.message);
        this.#over(error);
      });
    }
  }

  async exec(command: RemoteCommand, options: ExecOptions = {}): Promise<RemoteProcess> {
    const { pty, signal } = options;
    const line = commandLine(command);
    const terminal = pty && { cols: pty.columns, rows: pty.rows, term: pty.term ?? 'xterm-256color' };
    const open = (): Promise<RemoteProcess> =>
      this.#open(
        signal,
        (done) => {
          this.#client.exec(line, terminal === undefined ? {} : { pty: terminal }, done);
        },
        (channel) => new SshProcess(channel, signal),
      );
    const isFirst = !this.#hadSession;
    this.#hadSession = true;
    return isFirst ? open() : openWhenFree(open);
  }

  connectUnix(path: string, signal?: AbortSignal): Promise<Duplex> {
    return this.#open(
      signal,
      (done) => this.#client.openssh_forwardOutStreamLocal(path, done),
      (channel) => channel,
    );
  }

  dispose(): void {
    if (this.#end !== undefined) return;
    this.#over(undefined);
  }

  /**
   * Opens a channel. Aborted meanwhile, the channel is closed as soon as it comes. `take` is called at once: the exit status of a
   * short command can be in the same read as the answer that opens the channel, and ssh2 tells it before any promise resolves.
   */
  #open<T>(
    signal: AbortSignal | undefined,
    begin: (done: (error: Error | undefined, channel: ClientChannel) => void) => void,
    take: (channel: ClientChannel) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) throw this.#gone();
      signal?.throwIfAborted();
      let over = false;
      const end = (): void => {
        over = true;
        signal?.removeEventListener('abort', abort);
        lost.dispose();
      };
      const fail = (error: Error): void => {
        end();
        reject(this.#end === undefined ? error : this.#gone());
      };
      const abort = (): void => fail(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      const lost = this.onClose(() => fail(this.#gone()));
      signal?.addEventListener('abort', abort, { once: true });
      try {
        begin((error, channel) => {
          if (error !== undefined) return fail(refusedError(this.description, error));
          if (over) return channel.close();
          end();
          resolve(take(channel));
        });
      } catch (error) {
        // ssh2 throws where the connection is on its way down.
        fail(refusedError(this.description, asError(error)));
      }
    });
  }

  #gone(): ConnectionError {
    return (
      this.#end?.error ??
      new ConnectionError('lost', `The connection to ${this.description} is closed.`, 'Connect again.')
    );
  }

  #over(error: ConnectionError | undefined): void {
    this.#end = { error };
    for (const { client, stream } of this.#hops.toReversed()) {
      // Says goodbye where the other side still listens; a side that hangs is not waited for.
      client.end();
      setTimeout(() => stream.destroy(), grace).unref();
    }
    this.#closed.fire(error);
    this.#closed.dispose();
  }
}

class SshProcess implements RemoteProcess {
  readonly stdin: Writable;
  readonly stdout: ClientChannel;
  readonly stderr: ClientChannel['stderr'];
  readonly exit: Promise<ExitStatus>;
  readonly #channel: ClientChannel;
  #disposed = false;
  #exited: () => void = () => undefined;

  constructor(channel: ClientChannel, signal: AbortSignal | undefined) {
    this.#channel = channel;
    this.stdin = new ChannelInput(channel);
    this.stdout = channel;
    this.stderr = channel.stderr;
    let status: ExitStatus = { code: undefined, signal: undefined };
    channel.on('exit', (code: number | null, name?: string) => {
      status = { code: code ?? undefined, signal: name?.replace(/^SIG/, '') };
    });
    const abort = (): void => this.dispose();
    signal?.addEventListener('abort', abort, { once: true });
    this.exit = new Promise((resolve) => {
      this.#exited = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve(status);
      };
      channel.once('close', this.#exited);
    });
    if (signal?.aborted === true) this.dispose();
  }

  resize(columns: number, rows: number): void {
    // Pixels are unknown, which 0 says (RFC 4254 section 6.7).
    this.#channel.setWindow(rows, columns, 0, 0);
  }

  /**
   * sshd passes signals on for everybody but root (session.c: "session signalling requires privilege separation"), and closes a
   * channel only when the process has let go of it. So what reads its input ends here, and `exit` does not wait for the rest.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#channel.signal('TERM');
    this.#channel.close();
    setTimeout(this.#exited, grace).unref();
    // What nobody reads any more must not keep `exit` from resolving.
    this.#channel.resume();
    this.#channel.stderr.resume();
  }
}

/** The channel's input with an answer for every write: ssh2 leaves those unanswered that a closing channel cuts off. */
class ChannelInput extends Writable {
  readonly #channel: ClientChannel;
  #waiting: ((error?: Error | null) => void) | undefined;

  constructor(channel: ClientChannel) {
    super();
    this.#channel = channel;
    // Writing to a process that has ended is no reason to end the editor's.
    this.on('error', () => undefined);
    channel.once('close', () => {
      this.#answer(new Error('the process has ended'));
      this.destroy();
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#waiting = done;
    this.#channel.write(chunk, (error) => this.#answer(error));
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.end();
    done();
  }

  #answer(error: Error | null | undefined): void {
    const done = this.#waiting;
    this.#waiting = undefined;
    done?.(error);
  }
}

function lostError(description: string, hop: Hop, last: boolean, reason: Error | undefined): ConnectionError {
  const through = last ? '' : `: the jump host ${describeHost(hop.host)} is gone`;
  return new ConnectionError(
    'lost',
    `The connection to ${description} was lost${through}: ${whyLost(hop, reason)}.`,
    'Connect again. The host may be down, asleep or out of reach.',
    reason,
  );
}

function whyLost(hop: Hop, reason: Error | undefined): string {
  if (reason === undefined) return 'the server closed it';
  if (/keepalive timeout/i.test(reason.message)) {
    const { serverAliveInterval, serverAliveCountMax } = hop.host;
    return `no answer to ${serverAliveCountMax} keep-alive messages in ${serverAliveInterval * (serverAliveCountMax + 1)} s`;
  }
  return plainText(reason.message);
}

/** OpenSSH counts a session against MaxSessions until it has waited for its process, a moment after the channel has closed. */
async function openWhenFree<T>(open: () => Promise<T>): Promise<T> {
  for (let left = patience; ; left -= pause) {
    try {
      // One after the other is the point.
      // oxlint-disable-next-line no-await-in-loop
      return await open();
    } catch (error) {
      if (left <= 0 || !isRefusedChannel(error)) throw error;
    }
    // oxlint-disable-next-line no-await-in-loop
    await delay(pause);
  }
}

function isRefusedChannel(error: unknown): boolean {
  const cause = error instanceof ConnectionError ? error.cause : undefined;
  return cause instanceof Error && cause.message.startsWith('(SSH) Channel open failure');
}

/** The server refuses a session, a command or a socket. */
function refusedError(description: string, error: Error): ConnectionError {
  return new ConnectionError(
    'unsupported-host',
    `${description} refuses: ${plainText(error.message)}.`,
    'The server may allow no further sessions (MaxSessions), no commands, or no forwarding; look into its configuration.',
    error,
  );
}
