/** A real ssh-agent with a socket of its own. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import { endTree, run, until } from './processes.ts';

export interface Agent extends AsyncDisposable {
  readonly socket: string;
  add(keyFile: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startAgent(...keyFiles: readonly string[]): Promise<Agent> {
  const folder = await temporaryFolder();
  const socket = join(folder.path, 'agent');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  await until('ssh-agent listens', () => existsSync(socket));
  const add = async (keyFile: string): Promise<void> => {
    await run('ssh-add', ['-q', keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  };
  for (const keyFile of keyFiles) {
    // Order matters: it is the order in which the agent offers them.
    // oxlint-disable-next-line no-await-in-loop
    await add(keyFile);
  }
  const stop = async (): Promise<void> => {
    await endTree(child);
    await folder[Symbol.asyncDispose]();
  };
  return { socket, add, stop, [Symbol.asyncDispose]: stop };
}
