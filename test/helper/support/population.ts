import { compile } from './compile.ts';
import { hold, type Holding } from './process.ts';
import type { Scope } from './scope.ts';

/**
 * Starts `count` idle processes and resolves when all of them stand. One in `every` is in namespaces of its own (0: none). The machine has
 * 32,768 pids by default, which are everybody's.
 */
export async function population(scope: Scope, count: number, every = 5): Promise<Holding> {
  return hold(scope, [
    await compile(new URL('../../bench/population.c', import.meta.url)),
    String(count),
    String(every),
  ]);
}
