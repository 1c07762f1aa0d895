import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeProgram } from './support/compile.ts';
import { sanitized } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { hold } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { scan } from './support/snapshot.ts';
import { watch } from './support/watch.ts';

const skip = missing('root', 'gcc');
leakGuard();

/** The sanitizers' build and the busiest machine see fewer, but never few. */
const enough = sanitized ? 1000 : 4000;
/** Scans that may pass until one meets such a process: on a busy machine the sanitizers' build meets none, however often. */
const tries = sanitized ? 0 : 200;

for (const deep of [[], ['--deep']]) {
  test(`thousands of processes come and go during scans ${deep.join('')}`, { skip }, async (t) => {
    const storm = await hold(testScope(t), [await changeProgram(), 'storm', '60']);
    let seen = 0;
    let made = 0;
    for (let scans = 0; made < enough || scans < 10 || (seen === 0 && scans < tries); scans++) {
      // Each one checks by itself that all of it fits together.
      const { processes } = await scan(deep);
      seen += [...processes.values()].filter(({ comm }) => comm.startsWith('storm')).length;
      made = (await storm.say('how many'))['made'] ?? 0;
    }
    assert.ok(sanitized || seen > 0, 'no scan met one of the processes');
  });
}

test('thousands of processes come and go during a watch', { skip }, async (t) => {
  const scope = testScope(t);
  const watching = await watch(scope, ['--interval=20', '--budget=50']);
  const storm = await hold(scope, [await changeProgram(), 'storm', '60']);
  for (let made = 0, ticks = 0; made < enough || ticks < 10; ticks++) {
    // Each tick checks that what was told fits together.
    await watching.nextTick();
    made = (await storm.say('how many'))['made'] ?? 0;
  }
  await storm.release();
  await watching.seen('the end of all of them', ({ processes }) =>
    [...processes.values()].every(({ comm }) => !comm.startsWith('storm')),
  );
  const [picture, snapshot] = [watching.picture, await scan()];
  assert.deepEqual(picture.processes.get(process.pid), snapshot.processes.get(process.pid));
});
