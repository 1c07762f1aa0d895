import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { marker, markerVariable } from './marker.ts';
import type { Scope } from './scope.ts';
import { until, within } from './wait.ts';

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  readonly cwd?: string;
  /** Milliseconds after which the program counts as hanging: it is killed and the run rejects. */
  readonly deadline?: number;
}

function environment(added: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, [markerVariable]: marker, ...added };
}

/** Resolves when the process has ended and its output was read to the end. */
export async function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null) return { code: child.exitCode, signal: child.signalCode };
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
}

/** Runs a program to its end. The status is the caller's to judge. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: environment(options.env), cwd: options.cwd, stdio: 'pipe' });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A program that ends before it has read its input is the program's right.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  try {
    const status = await within(`the end of ${command.join(' ')}`, ended(child), options.deadline);
    return { ...status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** Runs a program that must succeed; its output without the last newline. */
export async function output(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(command, options);
  if (result.code !== 0) {
    throw new Error(`${command.join(' ')} ended with ${result.signal ?? `status ${result.code}`}: ${result.stderr}`);
  }
  return result.stdout.toString().replace(/\n$/, '');
}

/** A process that stands until it is let go. */
export class Held {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly pid: number;
  readonly #lines: AsyncIterator<string>;

  constructor(command: readonly string[], env: NodeJS.ProcessEnv) {
    const [program = '', ...args] = command;
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: environment(env) });
    this.child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    if (this.child.pid === undefined) throw new Error(`${program} cannot be started`);
    this.pid = this.child.pid;
  }

  /** Next line of its output; `key=value` words of it as numbers. */
  async say(line?: string): Promise<Readonly<Record<string, number>>> {
    if (line !== undefined) this.child.stdin.write(`${line}\n`);
    const next = await within('a word from a held process', this.#lines.next());
    if (next.done === true) throw new Error('A held process ended too early');
    const pairs = next.value.split(' ').map((word) => word.split('='));
    return Object.fromEntries(pairs.map(([key = '', value = '']) => [key, Number(value)]));
  }

  /** Closes its stdin, which ends it and all that it holds. */
  async release(): Promise<void> {
    this.child.stdin.end();
    try {
      await within('the end of a held process', ended(this.child));
    } catch (error) {
      this.child.kill('SIGKILL');
      throw error;
    }
  }
}

export interface Holding extends Held {
  /** Words of its first line. */
  readonly words: Readonly<Record<string, number>>;
}

/** Starts a program that prints a line once all stands, and ends when its stdin closes. Resolves after that line. */
export async function hold(scope: Scope, command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Holding> {
  const held = new Held(command, env);
  scope.defer(async () => held.release());
  const words = await held.say();
  return Object.assign(held, { words });
}

/** What a shell does to hold the namespaces it was started in. `exec` keeps it one process. */
export const holdScript = 'echo ready; exec cat >/dev/null';

/** Resolves once the pid is gone. */
export async function untilGone(pid: number): Promise<void> {
  await until(`the end of process ${pid}`, () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}
