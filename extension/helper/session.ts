import type { Duplex } from 'node:stream';
import type { Disposable, Event } from '../disposable.ts';
import type { ConnectionError } from '../transport/errors.ts';
import type { EndRecord, ErrorRecord, HelperRecord, VersionRecord } from './protocol.ts';

/** A request that the helper answered with `{"error":…}`. */
export class HelperError extends Error {
  override readonly name = 'HelperError';
  readonly record: ErrorRecord;

  constructor(record: ErrorRecord) {
    super(`${record.step}: ${record.errno}${record.detail === undefined ? '' : ` (${record.detail})`}`);
    this.record = record;
  }
}

export interface RequestOptions {
  readonly onRecord?: (record: HelperRecord) => void;
  /** Aborting sends `cancel` and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A verb that runs in a pseudoterminal on the host. What it shows comes as `data` records. */
export interface HelperTerminal {
  /** As `HelperSession.request` settles. */
  readonly end: Promise<EndRecord>;
  /** Bytes as a keyboard gives them, in order; those that the host has no room for yet are kept and sent later. */
  type(bytes: Uint8Array): void;
  resize(size: TerminalSize): void;
}

export interface StreamOptions extends RequestOptions {
  /** What the verb says on its standard error, as it comes. */
  readonly onStderr?: (bytes: Uint8Array) => void;
}

/**
 * A verb that runs with bytes as its standard input and output, and closes either side by itself. It is destroyed with the
 * reason where the verb fails. To destroy it ends what it runs.
 */
export interface HelperStream extends Duplex {
  /** As `HelperSession.request` settles. */
  readonly ended: Promise<EndRecord>;
}

/** One `nshelper serve` on a host. Requests run side by side. Ends with its transport. */
export interface HelperSession extends Disposable {
  readonly version: VersionRecord;
  /** True when the helper runs with elevated rights through `sudo`. */
  readonly elevated: boolean;
  /** Resolves at the request's end. Rejects with `HelperError`, the abort reason, or `ConnectionError` when the session ends. */
  request(verb: string, args: readonly string[], options?: RequestOptions): Promise<EndRecord>;
  /** Runs a verb with a terminal. `options.signal` ends it, and what runs in it is hung up on. */
  terminal(verb: string, args: readonly string[], size: TerminalSize, options: RequestOptions): HelperTerminal;
  /** Runs a verb and its arguments with a stream. What it writes waits on the host until it is read. */
  openStream(words: readonly string[], options?: StreamOptions): HelperStream;
  /** Fires once, also when the host killed the helper. */
  readonly onClose: Event<Error | undefined>;
  /** `reason` is what open requests reject with, where it is not the person who ends it. */
  dispose(reason?: ConnectionError): void;
}
