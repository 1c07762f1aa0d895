import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot, sanitized } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { output, run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { checkRecord, parseLine, splitLines } from './support/shape.ts';
import { processOf, readSnapshot } from './support/snapshot.ts';
import { idOf } from './support/namespaces.ts';

const skip = sanitized ? 'only the binary that ships' : missing('qemu-aarch64-static', 'aarch64-linux-gnu-gcc', 'make');
leakGuard();

function build(): string {
  const result = spawnSync('make', ['-s', '-C', join(projectRoot, 'server/helper'), 'ARCH=aarch64'], {
    encoding: 'utf8',
  });
  assert.equal(result.status, 0, result.stderr);
  return join(projectRoot, 'dist/helper/nshelper-linux-aarch64');
}

test('the aarch64 helper is a static binary of the same sources', { skip }, async () => {
  const binary = build();
  const header = (await output(['readelf', '-h', '-l', binary])).replaceAll(/\s+/g, ' ');
  assert.match(header, /Machine: AArch64/);
  assert.doesNotMatch(header, /INTERP/);
  const [version] = splitLines((await run(['qemu-aarch64-static', binary, 'version'])).stdout)
    .map(parseLine)
    .map(checkRecord);
  assert.ok(version && 'helper' in version);
  assert.equal(version.helper.arch, 'aarch64');
  assert.equal(
    version.helper.build,
    await output(['make', '-s', '-C', join(projectRoot, 'server/helper'), 'print-build']),
  );
});

for (const args of [['scan'], ['scan', '--deep']]) {
  test(`the aarch64 helper can ${args.join(' ')}`, { skip }, async () => {
    const { code, stdout, stderr } = await run(['qemu-aarch64-static', build(), ...args]);
    assert.equal(code, 0, stderr);
    const snapshot = readSnapshot(splitLines(stdout).map(parseLine).map(checkRecord));
    assert.equal(processOf(snapshot, process.pid).ns?.net, idOf('self', 'net'));
    assert.ok(snapshot.processes.size > 10);
  });
}

test('the aarch64 helper serves', { skip }, async () => {
  const input = '14:1:5,7:version,,';
  const { code, stdout } = await run(['qemu-aarch64-static', build(), 'serve'], { input });
  assert.equal(code, 0);
  assert.match(stdout.toString(), /^\{"helper":/);
});
