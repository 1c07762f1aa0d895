/** The way to a server: TCP, the person's ProxyCommand, or a channel of the hop before. */
import { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { asError } from '../as-error.ts';
import type { ResolvedHost } from './config.ts';
import { ConnectionError } from './errors.ts';
import { HostSocket } from './host-socket.ts';
import { endLocalCommand, spawnLocalCommand } from './local-command.ts';
import { cancelledError } from './patience.ts';
import { describeHost, plainText, socketError, timeoutError } from './words.ts';

/** @throws ConnectionError */
export function connectTcp(host: ResolvedHost, signal: AbortSignal): Promise<Duplex> {
  const what = describeHost(host);
  return settle(what, host, signal, (resolve, reject) => {
    const socket = new HostSocket().connect({
      host: host.hostname,
      port: host.port,
      // Tries IPv6 and IPv4 side by side (RFC 8305), so that a broken one costs no timeout.
      autoSelectFamily: host.addressFamily === undefined,
      ...(host.addressFamily === undefined ? {} : { family: host.addressFamily }),
      ...(host.bindAddress === undefined ? {} : { localAddress: host.bindAddress }),
    });
    const failed = (error: Error): void => reject(socketError(error, what, host));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
    return () => socket.destroy();
  });
}

/** A `direct-tcpip` channel of a hop that stands. */
export function connectThrough(
  client: Client,
  via: ResolvedHost,
  host: ResolvedHost,
  signal: AbortSignal,
): Promise<Duplex> {
  const what = describeHost(host);
  return settle(what, host, signal, (resolve, reject) => {
    let over = false;
    const refused = (error: Error): void =>
      reject(
        new ConnectionError(
          'proxy',
          `${what}: the jump host ${describeHost(via)} does not reach ${host.hostname} port ${host.port}: ${plainText(error.message)}.`,
          'Check the address as the jump host sees it, and that its SSH server allows TCP forwarding.',
          error,
        ),
      );
    try {
      // The originator's address is for the server's log only.
      client.forwardOut('127.0.0.1', 0, host.hostname, host.port, (error, channel) => {
        if (error !== undefined) refused(error);
        else if (over) channel.destroy();
        else {
          // What is written together would be a packet of the outer connection for each piece.
          // oxlint-disable-next-line no-underscore-dangle
          channel._writev = (pieces: Pieces, done) => channel._write(joined(pieces), 'utf8', done);
          resolve(channel);
        }
      });
    } catch (error) {
      refused(asError(error));
    }
    return () => (over = true);
  });
}

/** Standard input and output of the person's own command. */
export function connectByCommand(host: ResolvedHost, command: string): Duplex {
  return new CommandStream(command, describeHost(host));
}

class CommandStream extends Duplex {
  readonly #child;

  constructor(command: string, what: string) {
    super();
    const child = (this.#child = spawnLocalCommand(command));
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => {
      complaint = `${complaint}${text.toString()}`.slice(-1000);
    });
    const failed = (how: string): void => {
      const words = plainText(complaint);
      const message = `${what}: ProxyCommand ${how}${words === '' ? '' : `: ${words}`}`;
      // The command itself is not shown: people write passwords into it.
      this.destroy(
        new ConnectionError('proxy', message, 'Run the ProxyCommand of this host by hand to see why it fails.'),
      );
    };
    child.once('error', (error) => failed(`cannot be started: ${error.message}`));
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.once('close', (code, signal) => {
      if (code === 0) this.push(null);
      else failed(signal === null ? `ended with exit code ${code ?? 'unknown'}` : `was ended by ${signal}`);
    });
    child.stdin.on('error', () => {
      // Its end is told by `close`, with what it wrote to stderr.
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // Errors are told by `close`; ssh2 waits for nothing.
    this.#child.stdin.write(chunk, () => done());
  }

  override _writev(pieces: Pieces, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(joined(pieces), () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    endLocalCommand(this.#child);
    done(error);
  }
}

type Pieces = readonly { readonly chunk: Buffer }[];

function joined(pieces: Pieces): Buffer {
  return Buffer.concat(pieces.map(({ chunk }) => chunk));
}

/** One outcome: the stream, an error, the timeout or the abort; `release` undoes what is under way in the last two. */
function settle(
  what: string,
  host: ResolvedHost,
  signal: AbortSignal,
  begin: (resolve: (stream: Duplex) => void, reject: (error: Error) => void) => () => void,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(cancelledError(what));
      return;
    }
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const release = begin(
      (stream) => {
        over();
        resolve(stream);
      },
      (error) => {
        over();
        reject(error);
      },
    );
    const giveUp = (error: Error): void => {
      over();
      release();
      reject(error);
    };
    const abort = (): void => giveUp(cancelledError(what));
    const timer = setTimeout(
      () =>
        giveUp(
          timeoutError(what, `${host.hostname} port ${host.port} does not answer within ${host.connectTimeout} s`),
        ),
      host.connectTimeout * 1000,
    );
    signal.addEventListener('abort', abort, { once: true });
  });
}
