/** Commands of the person's own SSH configuration (ProxyCommand, Match exec), run by the person's own shell as ssh(1) does. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';

/** In a process group of its own, so that what the command starts ends with it. */
export function spawnLocalCommand(command: string): ChildProcessWithoutNullStreams {
  if (process.platform === 'win32') return spawn(command, { shell: true, windowsHide: true, stdio: 'pipe' });
  const shell = process.env['SHELL'] ?? '';
  return spawn(shell === '' ? '/bin/sh' : shell, ['-c', command], { stdio: 'pipe', detached: true });
}

export function endLocalCommand(child: ChildProcessWithoutNullStreams): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    // Windows has no process groups; this ends the tree, if there still is one.
    spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { windowsHide: true }).on('error', () => child.kill());
    return;
  }
  try {
    // The group may outlive its leader, and holds nothing but what the command started.
    process.kill(-pid, 'SIGTERM');
  } catch {
    // All of it has ended already.
  }
}

/** @returns the exit code; undefined when it could not be started or a signal ended it */
export async function runLocalCommand(command: string, signal: AbortSignal | undefined): Promise<number | undefined> {
  signal?.throwIfAborted();
  const child = spawnLocalCommand(command);
  child.stdin.on('error', () => {
    // It may end without reading.
  });
  child.stdin.end();
  child.stdout.resume();
  child.stderr.resume();
  const abort = (): void => endLocalCommand(child);
  signal?.addEventListener('abort', abort, { once: true });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  signal?.removeEventListener('abort', abort);
  signal?.throwIfAborted();
  return code ?? undefined;
}
