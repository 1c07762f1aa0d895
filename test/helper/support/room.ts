import { readFileSync } from 'node:fs';
import { hold, holdScript } from './process.ts';
import type { Scope } from './scope.ts';
import { until } from './wait.ts';

/**
 * A pid namespace with a /proc of its own: what others start and end on the machine meanwhile is not seen in it, so that a test of
 * changes can be exact. Pids told by programs in it are those of the room.
 */
export interface Room {
  /** Put before a command line to run it in the room; it ends when its caller's process does. */
  readonly through: readonly string[];
}

export async function room(scope: Scope): Promise<Room> {
  const held = await hold(scope, [
    'unshare',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    'sh',
    '-c',
    holdScript,
  ]);
  const init = await until('the init of the room', () => {
    return readFileSync(`/proc/${held.pid}/task/${held.pid}/children`, 'utf8').trim() || undefined;
  });
  return { through: ['nsenter', '--target', init, '--pid', '--mount', 'setpriv', '--pdeathsig', 'TERM'] };
}
