import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBinaries } from '../../../extension/helper/binaries.ts';

function hash(of: Uint8Array): string {
  return createHash('sha256').update(of).digest('hex');
}

describe('the builds that the extension carries', () => {
  const bytes = Buffer.from('not a program');
  const entry = { file: 'nshelper-linux-x86_64', size: bytes.length, sha256: hash(bytes) };
  const whole = { version: '0.1.0', build: '382ab8ab09cc13ec', files: { x86_64: entry } };
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'linux-namespaces-binaries-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function write(manifest: unknown, content: Uint8Array = bytes): void {
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, entry.file), content);
  }

  test('are read and checked', async () => {
    write(whole);
    const binaries = await loadBinaries(folder);
    assert.equal(binaries.build, whole.build);
    assert.deepEqual(binaries.all, [{ machine: 'x86_64', size: bytes.length, sha256: hash(bytes) }]);
    assert.deepEqual(await binaries.read('x86_64'), bytes);
    await assert.rejects(binaries.read('riscv64'), /no helper for riscv64/);
  });

  test('are refused when damaged', async () => {
    write(whole, Buffer.from('not a pro'));
    await assert.rejects((await loadBinaries(folder)).read('x86_64'), /is damaged/);
    write(whole, Buffer.from('not a progrAm'));
    await assert.rejects((await loadBinaries(folder)).read('x86_64'), /is damaged/);
  });

  const broken: Readonly<Record<string, unknown>> = {
    'a version with a blank': { ...whole, version: '0.1 0' },
    'a build with shell text': { ...whole, build: '$(id)' },
    'a machine with a slash': { ...whole, files: { 'x/y': entry } },
    'a file elsewhere': { ...whole, files: { x86_64: { ...entry, file: '../x' } } },
    'a hash that is none': { ...whole, files: { x86_64: { ...entry, sha256: 'x' } } },
    'a negative size': { ...whole, files: { x86_64: { ...entry, size: -1 } } },
    'no files': { ...whole, files: undefined },
    'a list': [],
  };
  for (const [what, manifest] of Object.entries(broken)) {
    test(`refuse ${what}`, async () => {
      write(manifest);
      await assert.rejects(loadBinaries(folder));
    });
  }

  test('refuse to be missing', async () => {
    await assert.rejects(loadBinaries(join(folder, 'nowhere')), { code: 'ENOENT' });
  });
});
