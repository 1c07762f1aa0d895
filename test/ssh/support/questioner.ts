/**
 * A server that asks several keyboard-interactive questions in several rounds. It is ssh2's own Server: Debian has no PAM module
 * that asks more than one question without a device or an account elsewhere. Everything that a real sshd can be made to ask is
 * asked by a real sshd in the tests.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection, type Prompt } from 'ssh2';
import { temporaryFolder } from './folder.ts';
import { generateKey } from './keys.ts';

export interface Round {
  readonly name?: string;
  readonly instructions?: string;
  readonly prompts: readonly Prompt[];
  readonly accept: (answers: readonly string[]) => boolean;
}

export interface Questioner extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly knownHosts: string;
  /** Methods in the order in which the client asked for them. */
  readonly attempts: string[];
  /** Everything that was answered. */
  readonly answers: (readonly string[])[];
}

/** Lets in whoever answers all rounds. Other methods are refused, and only keyboard-interactive is offered. */
export async function startQuestioner(rounds: readonly Round[], banner?: string): Promise<Questioner> {
  const folder = await temporaryFolder();
  const key = await generateKey(join(folder.path, 'host'), 'ed25519');
  const attempts: string[] = [];
  const answers: (readonly string[])[] = [];
  const connections = new Set<Connection>();
  const server = new ssh2.Server(
    { hostKeys: [await readFile(key.file)], ...(banner === undefined ? {} : { banner }) },
    (connection) => {
      connections.add(connection);
      connection.on('error', () => undefined);
      connection.on('close', () => connections.delete(connection));
      connection.on('authentication', (context) => {
        attempts.push(context.method);
        ask(context, rounds, answers);
      });
      connection.on('session', (accept) => {
        const session = accept();
        session.on('exec', (acceptExec) => {
          const channel = acceptExec();
          channel.exit(0);
          channel.end();
        });
      });
    },
  );
  const listener = createServer((socket) => server.injectSocket(socket));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return {
    host: '127.0.0.1',
    port: address.port,
    knownHosts: `[127.0.0.1]:${address.port} ${key.line}\n`,
    attempts,
    answers,
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.end();
      await new Promise((resolve) => listener.close(resolve));
      await folder[Symbol.asyncDispose]();
    },
  };
}

function ask(context: AuthContext, rounds: readonly Round[], answers: (readonly string[])[]): void {
  if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
  const next = (index: number): void => {
    const round = rounds[index];
    if (round === undefined) return context.accept();
    context.prompt([...round.prompts], round.name ?? '', round.instructions ?? '', (given) => {
      answers.push(given);
      if (round.accept(given)) next(index + 1);
      else context.reject(['keyboard-interactive']);
    });
  };
  next(0);
}
