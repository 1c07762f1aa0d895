import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { FileClient } from '../../../extension/files/client.ts';
import { FileError } from '../../../extension/files/errors.ts';
import { assertHealthy, helper } from './helper.ts';
import { marker, markerVariable } from './marker.ts';
import { ended } from './process.ts';
import type { Scope } from './scope.ts';

export interface Files {
  readonly client: FileClient;
  /** What the helper said on its standard error, once it has ended. */
  readonly finished: Promise<{ readonly code: number | null; readonly errors: string }>;
}

/** The files of a target, by a helper of their own; closed with the scope. */
export async function files(
  scope: Scope,
  target: string | readonly string[],
  through: readonly string[] = [],
): Promise<Files> {
  const targets = typeof target === 'string' ? [target] : target;
  const [program = '', ...words] = [...through, helper, 'file', ...targets.map((one) => `--target=${one}`)];
  const child = spawn(program, words, { stdio: 'pipe', env: { ...process.env, [markerVariable]: marker } });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.on('error', () => undefined);
  const finished = ended(child).then(({ code, signal }) => {
    assertHealthy(code, signal, errors);
    return { code, errors };
  });
  finished.catch(() => undefined);
  try {
    const client = await FileClient.open(Duplex.from({ readable: child.stdout, writable: child.stdin }));
    scope.defer(async () => {
      client.dispose();
      await finished;
    });
    return { client, finished };
  } catch (error) {
    await finished;
    throw new Error(errors, { cause: error });
  }
}

/** For `assert.rejects`. */
export function refused(errno: string) {
  return (error: unknown): boolean => {
    if (error instanceof FileError && error.errno === errno) return true;
    throw new Error(`not ${errno}: ${String(error)}`, { cause: error });
  };
}
