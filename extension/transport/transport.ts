import type { Readable, Writable, Duplex } from 'node:stream';
import type { Disposable, Event } from '../disposable.ts';

export interface ExitStatus {
  readonly code: number | undefined;
  /** Signal name without `SIG`, as SSH sends it: `TERM`. */
  readonly signal: string | undefined;
}

export interface RemoteProcess extends Disposable {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the process has ended and its output was read; never rejects. A lost connection gives neither code nor signal. */
  readonly exit: Promise<ExitStatus>;
  resize(columns: number, rows: number): void;
  /** Ends the process where the transport can, else closes its channel. */
  dispose(): void;
}

export interface ExecOptions {
  readonly pty?: { readonly columns: number; readonly rows: number; readonly term?: string };
  readonly signal?: AbortSignal;
}

/**
 * A way to run programs on one host. `ssh` command lines are read by an unknown login shell, so `exec` takes either a
 * constant POSIX sh script (one line, no single quote, backslash or `!`: it is passed as `sh -c '…'`) or a program with arguments, of which
 * the program's path must be made of `[A-Za-z0-9/._-]` and the arguments travel as one `--argv=` base64url token.
 */
export type RemoteCommand =
  { readonly script: string } | { readonly program: string; readonly args: readonly string[] };

export interface Transport extends Disposable {
  readonly kind: 'local' | 'ssh';
  /** For people: `This machine`, `alice@build7:2222`. */
  readonly description: string;
  exec(command: RemoteCommand, options?: ExecOptions): Promise<RemoteProcess>;
  /** A stream to a unix socket on the host (SSH: direct-streamlocal@openssh.com). */
  connectUnix(path: string, signal?: AbortSignal): Promise<Duplex>;
  /** Fires once; the value says why, undefined after `dispose()`. */
  readonly onClose: Event<Error | undefined>;
}
