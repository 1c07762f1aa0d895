/** One `nshelper serve`: from a process that somebody started to typed requests. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { asError } from '../as-error.ts';
import { Emitter } from '../disposable.ts';
import { ConnectionError } from '../transport/errors.ts';
import type { ExitStatus, RemoteProcess } from '../transport/transport.ts';
import { Door, DoorStream, type ConnectUnix, type Ways } from './door.ts';
import { lost, misunderstanding } from './failures.ts';
import { Lines, plain, Tail } from './lines.ts';
import { encodeRequest } from './netstring.ts';
import type { DoorRecord, EndRecord, HelperRecord, VersionRecord } from './protocol.ts';
import { parseMessage, type ServeMessage } from './records.ts';
import {
  HelperError,
  type HelperSession,
  type HelperStream,
  type HelperTerminal,
  type RequestOptions,
  type StreamOptions,
  type TerminalSize,
} from './session.ts';
import { ServeStream } from './serve-stream.ts';
import { ServeTerminal } from './serve-terminal.ts';

/** A namespace that ten thousands of descriptors hold is one line. */
const lineLimit = 8 * 1024 * 1024;
const stderrLimit = 4096;
/** What login scripts may print: a long message of the day, not a flood. */
const defaultPreambleLimit = 1024 * 1024;
/** Lines after the first record that are not the helper's: a login script's background job, not a flood. */
const strayLimit = 100;

/** Time that the helper gets to end by itself. */
const graceMilliseconds = 1000;

/** The process ended, or said too much, before a helper spoke. */
export class NoHelper extends Error {
  override readonly name = 'NoHelper';
  readonly exit: ExitStatus;
  readonly stdout: Tail;
  readonly stderr: Tail;

  constructor(exit: ExitStatus, stdout: Tail, stderr: Tail) {
    super(`no helper answered (${describeExit(exit)})`);
    this.exit = exit;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

export interface StartOptions {
  readonly elevated: boolean;
  /** Lines before the helper's first one: login scripts' and our own probe's. Must not throw. */
  readonly onPreamble?: (line: string) => void;
  /** Bytes of such lines. */
  readonly preambleLimit?: number;
}

/**
 * Resolves with a session when the helper's first line, its version, has come. Rejects with `NoHelper` when the process
 * ends before, with `ConnectionError` when it floods. Owns the process from now on; to give up, dispose of it.
 */
export function startServe(process: RemoteProcess, options: StartOptions): Promise<ServeSession> {
  const stdout = new Tail(stderrLimit);
  const stderr = new Tail(stderrLimit);
  return new Promise((resolve, reject) => {
    let session: ServeSession | undefined;
    let allowance = options.preambleLimit ?? defaultPreambleLimit;
    const preamble = (line: string): void => {
      if (allowance < 0) return;
      const version = versionLine(line);
      if (version !== undefined) {
        session = new ServeSession(process, version, options.elevated, stderr);
        resolve(session);
        return;
      }
      stdout.push(`${line}\n`);
      allowance -= line.length + 1;
      if (allowance < 0) flooded();
      else options.onPreamble?.(line);
    };
    const flooded = (): void => {
      allowance = -1;
      reject(
        new ConnectionError(
          'helper',
          'The login scripts of the host print without end, so the helper cannot be heard.',
          'Make the login scripts print nothing when they do not run in a terminal.',
        ),
      );
      process.dispose();
    };
    const lines = new Lines(lineLimit, (line) => {
      if (session === undefined) preamble(line);
      else session.receive(line);
    });
    process.stdout.on('data', (chunk: Buffer) => {
      try {
        lines.push(chunk);
      } catch (error) {
        if (session === undefined) flooded();
        else session.fail(error);
      }
    });
    process.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // The exit status says what a broken pipe would say, and later.
    for (const stream of [process.stdin, process.stdout, process.stderr]) stream.on('error', () => undefined);
    const ended = (exit: ExitStatus): void => {
      if (session === undefined) reject(new NoHelper(exit, stdout, stderr));
      else session.ended(exit);
    };
    void process.exit.then(ended);
  });
}

function versionLine(line: string): VersionRecord | undefined {
  const start = line.indexOf('{"helper":{');
  if (start === -1) return undefined;
  try {
    // A login script may have printed something without a line's end.
    const message = parseMessage(line.slice(start));
    return message?.kind === 'version' ? message.version : undefined;
  } catch {
    return undefined;
  }
}

export function describeExit(exit: ExitStatus): string {
  if (exit.signal !== undefined) return `ended by signal ${exit.signal}`;
  return exit.code === undefined ? 'the connection ended' : `exit status ${exit.code}`;
}

interface Pending {
  readonly options: RequestOptions;
  resolve(end: EndRecord): void;
  reject(error: unknown): void;
}

export class ServeSession implements HelperSession {
  readonly version: VersionRecord;
  readonly elevated: boolean;
  readonly #process: RemoteProcess;
  readonly #stderr: Tail;
  readonly #pending = new Map<number, Pending>();
  readonly #closed = new Emitter<Error | undefined>();
  #closeReason: ConnectionError | undefined;
  #lastId = 0;
  #door: Door | undefined;
  #strays = 0;

  readonly onClose = this.#closed.event;

  /** See `startServe`. */
  constructor(process: RemoteProcess, version: VersionRecord, elevated: boolean, stderr: Tail) {
    this.#process = process;
    this.version = version;
    this.elevated = elevated;
    this.#stderr = stderr;
  }

  request(verb: string, args: readonly string[], options: RequestOptions = {}): Promise<EndRecord> {
    return this.#start(++this.#lastId, verb, args, options);
  }

  terminal(verb: string, args: readonly string[], size: TerminalSize, options: RequestOptions): HelperTerminal {
    const id = ++this.#lastId;
    const words = [String(size.columns), String(size.rows), verb, ...args];
    const end = this.#start(id, 'terminal', words, options);
    return new ServeTerminal(end, (about, ...more) => this.request(about, [String(id), ...more]));
  }

  openStream(words: readonly string[], options: StreamOptions = {}): HelperStream {
    const [verb] = words;
    const door = this.#door;
    if (door === undefined || door.isShut) return this.#streamInRecords(words, options);
    return new DoorStream(verb, options, {
      door,
      through: (channel, token, onRecord) => this.#streamThrough(channel, token, words, onRecord),
      otherwise: () => this.#streamInRecords(words, options),
    });
  }

  /** From now on streams go through unix sockets on the host, where that is possible. */
  useSockets(connect: ConnectUnix): void {
    const knock = async (channel: Duplex, token: string): Promise<void> => {
      const request = this.#streamThrough(channel, token, ['version'], () => undefined);
      const closed = once(channel, 'close').then(() => {
        throw new Error('the connection was closed');
      });
      await Promise.race([request.ended, closed]);
    };
    this.#door = new Door(connect, () => this.#askForDoor(), knock);
  }

  async #askForDoor(): Promise<DoorRecord> {
    let door: DoorRecord | undefined;
    await this.request('door', [], {
      onRecord: (record) => {
        if ('door' in record) ({ door } = record);
      },
    });
    if (door === undefined) throw misunderstanding('did not say where its socket is');
    return door;
  }

  #streamInRecords(words: readonly string[], options: StreamOptions): HelperStream {
    const id = ++this.#lastId;
    return new ServeStream(
      words[0],
      options,
      (onRecord, signal) => this.#start(id, 'stream', words, { onRecord, signal }),
      (about, ...more) => this.request(about, [String(id), ...more]),
    );
  }

  #streamThrough(
    channel: Duplex,
    token: string,
    words: readonly string[],
    onRecord: (record: HelperRecord) => void,
  ): ReturnType<Ways['through']> {
    const id = ++this.#lastId;
    const ended = this.#expect(id, { onRecord }, () => channel.write(encodeRequest(id, token, ['stream', ...words])));
    return {
      ended,
      cancel: async (reason) => {
        this.#take(id)?.reject(reason);
        await this.request('cancel', [String(id)]);
      },
    };
  }

  #start(id: number, verb: string, args: readonly string[], options: RequestOptions): Promise<EndRecord> {
    return this.#expect(id, options, () => this.#process.stdin.write(encodeRequest(id, verb, args)));
  }

  #expect(id: number, options: RequestOptions, send: () => void): Promise<EndRecord> {
    const { signal } = options;
    if (this.#closeReason !== undefined) return Promise.reject(this.#closeReason);
    if (signal?.aborted === true) return Promise.reject(asError(signal.reason));
    return new Promise<EndRecord>((resolve, reject) => {
      const abort = (): void => {
        // What still comes for this id belongs to nobody and is dropped.
        this.#take(id)?.reject(signal?.reason);
        this.#send('cancel', [String(id)]);
      };
      signal?.addEventListener('abort', abort, { once: true });
      const settle = (): void => signal?.removeEventListener('abort', abort);
      this.#pending.set(id, {
        options,
        resolve: (end) => {
          settle();
          resolve(end);
        },
        reject: (error) => {
          settle();
          reject(asError(error));
        },
      });
      send();
    });
  }

  dispose(
    reason = new ConnectionError('cancelled', 'The connection was closed.', 'Connect again when you are ready.'),
  ): void {
    // End of input is how the helper, and a `sudo` that may not be killed, are told to end.
    this.#process.stdin.end();
    this.#close(undefined, reason);
    // Given that time, the helper ends in order what it started.
    const grace = delay(graceMilliseconds, undefined, { ref: false });
    void Promise.race([this.#process.exit, grace]).then(() => this.#process.dispose());
  }

  /** For `startServe`: one line of the helper's. Throws when it is not what a helper says. */
  receive(line: string): void {
    if (this.#closeReason !== undefined) return;
    let message: ServeMessage | undefined;
    try {
      message = parseMessage(line);
    } catch (error) {
      this.#stray(line, error);
      return;
    }
    switch (message?.kind) {
      case 'record':
        this.#record(message.id, message.record);
        break;
      case 'end':
        this.#take(message.id)?.resolve(message.end);
        break;
      case 'error':
        if (message.id === undefined) throw new HelperError(message.error);
        this.#take(message.id)?.reject(new HelperError(message.error));
        break;
      case 'version':
      case undefined:
        break;
    }
  }

  /** For `startServe`: the conversation makes no sense any more. */
  fail(error: unknown): void {
    const reason = misunderstanding(
      `said something that this version does not understand: ${plain(asError(error).message)}`,
      error,
    );
    this.#close(reason, reason);
    this.#process.dispose();
  }

  /** For `startServe`: the process has ended by itself. */
  ended(exit: ExitStatus): void {
    const said = this.#stderr.text.trim();
    const cause = said === '' ? undefined : new Error(said);
    const reason =
      exit.code === undefined && exit.signal === undefined
        ? lost(cause)
        : new ConnectionError(
            'helper',
            `The helper ended on the host (${describeExit(exit)}).`,
            'Connect again.',
            cause,
          );
    this.#close(reason, reason);
  }

  #record(id: number, record: Parameters<NonNullable<RequestOptions['onRecord']>>[0] | undefined): void {
    const pending = this.#pending.get(id);
    if (record === undefined || pending === undefined) return;
    try {
      pending.options.onRecord?.(record);
    } catch (error) {
      // The fault of one request's caller must not end the others.
      this.#take(id)?.reject(error);
      this.#send('cancel', [String(id)]);
    }
  }

  /**
   * A background job of a login script may print into our stream at any time. Its lines are passed over, but never one
   * that a record of ours could be in: a record that is lost without notice would leave a wrong picture of the host.
   */
  #stray(line: string, error: unknown): void {
    this.#strays += 1;
    if (line.includes('"id":') || this.#strays > strayLimit) throw error;
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /** A request that nobody waits for. */
  #send(verb: string, args: readonly string[]): void {
    if (this.#closeReason === undefined) this.#process.stdin.write(encodeRequest(++this.#lastId, verb, args));
  }

  #close(told: Error | undefined, reason: ConnectionError): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = reason;
    for (const id of this.#pending.keys()) this.#take(id)?.reject(reason);
    this.#closed.fire(told);
    this.#closed.dispose();
  }
}
