import { compile } from './compile.ts';
import { hold, type Holding } from './process.ts';
import type { Scope } from './scope.ts';

/**
 * Starts `count` idle processes and resolves when all of them stand. One in `every` is in namespaces of its own (0: none). The machine has
 * 32,768 pids by default, which are everybody's.
 * @param through a command that runs it elsewhere, such as a room's
 */
export async function population(
  scope: Scope,
  count: number,
  every = 5,
  through: readonly string[] = [],
): Promise<Holding> {
  const program = await compile(new URL('../../bench/population.c', import.meta.url));
  return hold(scope, [...through, program, String(count), String(every)]);
}
