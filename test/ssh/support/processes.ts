import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Polls until `condition` gives something; the deadline is generous because machines that run tests are busy. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  milliseconds = 15_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    // The conditions are polled one after the other on purpose.
    // oxlint-disable-next-line no-await-in-loop
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    // oxlint-disable-next-line no-await-in-loop
    await delay(10);
  }
}

/** All descendants of a process, deepest last. A process that vanishes meanwhile is left out. */
export function descendants(pid: number): number[] {
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const below = childrenOf(next).filter((child) => alive(child));
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

/** proc_pid_task_tid_children(5): far cheaper than a look at every process of the machine. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Processes that were started with a variable in their environment, wherever they have gone since. */
export function withEnvironment(name: string, value: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${name}=${value}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The command line of a process, words apart; empty when it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command may hold blanks and brackets; the fields after the last bracket do not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : Number(fields[1]);
  } catch {
    return undefined;
  }
}

export function alive(pid: number): boolean {
  return parentOf(pid) !== undefined;
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** Ends a process with everything below it, and waits until all of it is gone. */
export async function endTree(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const below = descendants(pid);
  signal(pid, 'SIGTERM');
  for (const each of below) signal(each, 'SIGKILL');
  await until(`process ${pid} and what it started have ended`, () => {
    // A daemon may have been in the middle of a fork, or have been stopped by a test.
    for (const each of [pid, ...below, ...descendants(pid)]) signal(each, 'SIGKILL');
    return ![pid, ...below].some(alive);
  });
}

/** A port that was free a moment ago. Callers try again when somebody else was faster. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv; readonly check?: boolean } = {},
): Promise<RunResult> {
  const child = spawn(program, args, { stdio: 'pipe', env: options.env ?? process.env });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {
    // It may end without reading its input.
  });
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0 && options.check !== false) {
    throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  }
  return { code, stdout, stderr };
}
