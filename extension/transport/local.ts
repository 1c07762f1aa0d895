/** "This machine": the same interface without SSH. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { connect } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import { Emitter, type Event } from '../disposable.ts';
import { checkProgram, checkScript } from './argv.ts';
import type { ExecOptions, ExitStatus, RemoteCommand, RemoteProcess, Transport } from './transport.ts';

export function connectLocal(): Transport {
  return new LocalTransport();
}

class LocalTransport implements Transport {
  readonly kind = 'local';
  readonly description = 'This machine';
  readonly #processes = new Set<LocalProcess>();
  readonly #closed = new Emitter<Error | undefined>();
  readonly onClose: Event<Error | undefined> = this.#closed.event;
  #disposed = false;

  async exec(command: RemoteCommand, options: ExecOptions = {}): Promise<RemoteProcess> {
    if (this.#disposed) throw new Error('the transport is disposed');
    options.signal?.throwIfAborted();
    if (options.pty !== undefined)
      throw new Error('a terminal on this machine is not available through this transport');
    const started = new LocalProcess(await start(command), options.signal);
    this.#processes.add(started);
    void started.exit.then(() => this.#processes.delete(started));
    // Disposed while the process was being started.
    if (this.#disposed) started.dispose();
    return started;
  }

  connectUnix(path: string, signal?: AbortSignal): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      // Each side is closed by itself, as on an SSH channel.
      const socket = connect({ path, allowHalfOpen: true });
      const abort = (): void => {
        socket.destroy();
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      signal?.addEventListener('abort', abort, { once: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        signal?.removeEventListener('abort', abort);
        resolve(socket);
      });
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const each of this.#processes) each.dispose();
    this.#closed.fire(undefined);
    this.#closed.dispose();
  }
}

/** No shell reads anything but a script that the program itself holds. */
function start(command: RemoteCommand): Promise<ChildProcessWithoutNullStreams> {
  let program = '/bin/sh';
  let args: readonly string[];
  if ('script' in command) {
    checkScript(command.script);
    args = ['-c', command.script];
  } else {
    checkProgram(command.program);
    ({ program, args } = command);
  }
  // A session of its own, so that everything that the process starts can be ended with it.
  const child = spawn(program, args, { stdio: 'pipe', detached: true });
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child));
    child.once('error', reject);
  });
}

/** How long a process may take to end by itself after SIGTERM. */
const grace = 2000;

class LocalProcess implements RemoteProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exit: Promise<ExitStatus>;
  readonly #child: ChildProcessWithoutNullStreams;
  #ending = false;

  constructor(child: ChildProcessWithoutNullStreams, signal: AbortSignal | undefined) {
    this.#child = child;
    this.stdin = child.stdin;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    // Writing to a process that has ended is no reason to end the editor's.
    child.stdin.on('error', () => undefined);
    child.on('error', () => undefined);
    const abort = (): void => this.dispose();
    signal?.addEventListener('abort', abort, { once: true });
    this.exit = new Promise((resolve) => {
      child.once('close', (code, name) => {
        signal?.removeEventListener('abort', abort);
        resolve({ code: code ?? undefined, signal: name?.replace(/^SIG/, '') });
      });
    });
    if (signal?.aborted === true) this.dispose();
  }

  resize(): void {
    // There is no terminal.
  }

  dispose(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#signal('SIGTERM');
    const timer = setTimeout(() => this.#signal('SIGKILL'), grace);
    void this.exit.then(() => clearTimeout(timer));
    // What nobody reads any more must not keep `exit` from resolving.
    this.stdout.resume();
    this.stderr.resume();
  }

  #signal(name: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // The whole group has ended already.
    }
  }
}
