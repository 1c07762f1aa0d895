import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helper, runHelper } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { netstrings } from './support/serve.ts';
import { readSnapshot } from './support/snapshot.ts';
import { protocolVersion } from '../../extension/helper/protocol.ts';

const skip = missing('linux');
leakGuard();

function token(...words: readonly (string | Buffer)[]): string {
  return `--argv=${netstrings(words).toString('base64url')}`;
}

test('version says what it is, then ends', { skip }, async () => {
  const { code, records, stderr } = await runHelper(['version']);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const [version, end] = records;
  assert.ok(version && 'helper' in version && end && 'end' in end && records.length === 2);
  assert.equal(version.helper.protocol, protocolVersion);
  assert.match(version.helper.version, /^\d+\.\d+\.\d+$/);
  assert.match(version.helper.build, /^[0-9a-f]{8,64}$/);
  assert.equal(version.helper.arch, process.arch === 'arm64' ? 'aarch64' : 'x86_64');
});

const wrong: readonly (readonly string[])[] = [
  [],
  [''],
  ['nothing'],
  ['Scan'],
  ['--deep'],
  ['scan', '--nothing'],
  ['scan', '--deep=1'],
  ['scan', 'deep'],
  ['scan', ''],
  ['version', '--deep'],
  ['watch', '--interval'],
  ['watch', '--interval='],
  ['watch', '--interval=abc'],
  ['watch', '--interval=-1'],
  ['watch', '--interval=0'],
  ['watch', '--interval=1e3'],
  ['watch', '--interval=99999999999999999999'],
  ['watch', '--budget=0'],
  ['watch', '--budget=-1'],
  ['watch', '--budget=nan'],
  ['watch', '--budget=inf'],
  ['watch', '--budget=0x10'],
  ['watch', '--budget=1.'.repeat(2)],
  ['serve', 'x'],
  ['--argv='],
  ['--argv=***'],
  ['--argv=QQ'],
  ['--argv=NDpzY2Fu'],
  [token('scan', 'nothing')],
  [token('scan', '--deep\0--x')],
  ['--argv=NDpzY2FuLA', 'x'],
];

for (const args of wrong) {
  test(`nshelper ${args.join(' ')} is a wrong use: status 2 and words on stderr`, { skip }, async () => {
    const { code, records, stderr } = await runHelper(args);
    assert.equal(code, 2, stderr);
    // A person may read it, a program may read it: never data.
    for (const record of records) assert.ok('error' in record, JSON.stringify(record));
    assert.ok(stderr.length > 0 || records.length > 0, 'not a word about why');
  });
}

test('a token says the same as the words', { skip }, async () => {
  for (const args of [['scan'], ['scan', '--deep']]) {
    const { code, records } = await runHelper([token(...args)]);
    assert.equal(code, 0);
    const { snapshot } = readSnapshot(records);
    assert.equal(snapshot.source.includes('fds'), args.includes('--deep'));
  }
});

test('a token passes through the shells unchanged', { skip }, async () => {
  // Bytes whose base64 would have + and /, so that the url alphabet is needed.
  const argument = token('version', '\u00ff\u00fe~~~???');
  assert.match(argument, /^--argv=[A-Za-z0-9_-]+$/);
  const { code, records } = await runHelper([argument]);
  assert.equal(code, 2);
  assert.ok(records.every((record) => 'error' in record));
});

test('a full disk is a failure', { skip }, async () => {
  for (const verb of ['version', 'facts', 'scan']) {
    const { code, signal, stderr } = await run(['sh', '-c', `exec "$1" ${verb} >/dev/full`, 'sh', helper]);
    assert.deepEqual({ code, signal }, { code: 1, signal: null }, stderr);
  }
});

test('a closed output is a failure', { skip }, async () => {
  for (const verb of ['version', 'scan']) {
    const { code, signal, stderr } = await run(['sh', '-c', `exec "$1" ${verb} >&-`, 'sh', helper]);
    assert.deepEqual({ code, signal }, { code: 1, signal: null }, stderr);
  }
});

test('a reader that leaves early ends a scan without noise', { skip }, async () => {
  const { code, stdout, stderr } = await run(['sh', '-c', '"$1" scan | head -n 1', 'sh', helper]);
  assert.equal(code, 0);
  assert.match(stdout.toString(), /^\{"snapshot":.*\}\n$/);
  assert.equal(stderr, '');
});

test('help is for people', { skip }, async () => {
  const { code, stdout, stderr } = await run([helper, '--help']);
  assert.equal(code, 0);
  for (const verb of ['version', 'facts', 'scan', 'watch', 'serve'])
    assert.match(`${stdout.toString()}${stderr}`, new RegExp(`\\b${verb}\\b`));
});
