import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot, sanitized } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder } from './support/marker.ts';
import { run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { encodeRequest } from './support/serve.ts';

const skip = sanitized ? 'the fuzz target brings its own sanitizers' : missing('clang', 'make');
leakGuard();

/**
 * A short run by default. A long one: `NSHELPER_FUZZ_SECONDS=3600 node --import tsx --test test/helper/fuzz.test.ts`.
 */
const seconds = Number(process.env['NSHELPER_FUZZ_SECONDS'] ?? 0);
const limit = seconds > 0 ? [`-max_total_time=${seconds}`] : ['-runs=50000', '-max_total_time=20'];

/** What it would take the fuzzer long to find by itself. */
const seeds = [
  encodeRequest(1, 'version'),
  encodeRequest(2, 'scan', '--deep'),
  encodeRequest(3, 'watch', '--interval=500', '--budget=0.125'),
  encodeRequest(4, 'cancel', '3'),
  Buffer.concat([encodeRequest(5, 'facts'), encodeRequest(6, 'scan')]),
  encodeRequest(9007199254740991, 'scan'),
  Buffer.from('NDpzY2FuLDY6LS1kZWVwLA'),
];

test('no input of serve leads to a fault', { skip, timeout: (seconds + 300) * 1000 }, async (t) => {
  const folder = temporaryFolder(testScope(t));
  const built = spawnSync('make', ['-s', '-C', join(projectRoot, 'server/helper'), 'fuzz'], { encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
  const [corpus, findings] = [join(folder, 'corpus'), join(folder, 'findings')];
  mkdirSync(corpus);
  mkdirSync(findings);
  for (const [index, seed] of seeds.entries()) writeFileSync(join(corpus, `seed-${index}`), seed);
  const target = join(projectRoot, 'server/helper/obj/fuzz-serve');
  const { code, stderr } = await run(
    [target, ...limit, '-seed=1', '-timeout=10', `-artifact_prefix=${findings}/`, corpus],
    {
      deadline: (seconds + 240) * 1000,
    },
  );
  assert.equal(code, 0, stderr.slice(-4000));
  assert.deepEqual(readdirSync(findings), [], stderr.slice(-4000));
  const runs = Number(/^Done (\d+) runs/m.exec(stderr)?.[1]);
  assert.ok(runs > 1000, `${runs} runs`);
});
