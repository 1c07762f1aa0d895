/** Whole trees: the behaviours that the editor's own tests of file-system providers ask for (vscode-api-tests, fs.test.ts). */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileError } from '../../extension/files/errors.ts';
import { copyOver, copyTree, forEachOf, move, removeIfThere } from '../../extension/files/tree.ts';
import { files, refused } from './support/files.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder } from './support/marker.ts';
import { hold, holdScript } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';

const skip = missing('linux', 'root', 'unshare');
leakGuard();

function makeTree(folder: string): void {
  mkdirSync(join(folder, 'deep/deeper'), { recursive: true });
  for (let index = 0; index < 100; index++) writeFileSync(join(folder, `deep/file ${index}`), `${index}`);
  writeFileSync(join(folder, 'deep/deeper/one'), 'one', { mode: 0o750 });
  symlinkSync('deep/deeper/one', join(folder, 'link'));
  symlinkSync('nowhere', join(folder, 'dangling'));
}

test('a folder is copied with all that is in it, links as links', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, `pid:${process.pid}`);
  const folder = temporaryFolder(scope);
  mkdirSync(join(folder, 'from'));
  makeTree(join(folder, 'from'));
  await copyTree(client, join(folder, 'from'), join(folder, 'to'));
  assert.equal(readdirSync(join(folder, 'to/deep')).length, 101);
  assert.equal(readFileSync(join(folder, 'to/deep/file 99'), 'utf8'), '99');
  assert.equal(readlinkSync(join(folder, 'to/dangling')), 'nowhere');
  assert.equal((await client.status(join(folder, 'to/deep/deeper/one'))).mode, 0o750);
  await assert.rejects(copyTree(client, join(folder, 'from'), join(folder, 'to')), refused('EEXIST'));
  await assert.rejects(copyTree(client, join(folder, 'from'), join(folder, 'from/inner')), refused('EINVAL'));
  await assert.rejects(copyTree(client, '/dev/null', join(folder, 'device')), refused('ENXIO'));
});

test('moving replaces only what it may, also folders, and goes from mount to mount', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  const script = `mkdir "$1/other"; mount -t tmpfs none "$1/other"\n${holdScript}`;
  const words = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder];
  const held = await hold(scope, words);
  const { client } = await files(scope, `pid:${held.pid}`);
  mkdirSync(join(folder, 'from'));
  makeTree(join(folder, 'from'));
  mkdirSync(join(folder, 'full'));
  writeFileSync(join(folder, 'full/x'), '');
  await assert.rejects(move(client, join(folder, 'from'), join(folder, 'full'), false), refused('EEXIST'));
  await move(client, join(folder, 'from'), join(folder, 'full'), true);
  assert.equal(existsSync(join(folder, 'from')), false);
  assert.equal(readdirSync(join(folder, 'full/deep')).length, 101);
  writeFileSync(join(folder, 'file'), 'a file');
  await move(client, join(folder, 'file'), join(folder, 'full'), true);
  assert.equal(readFileSync(join(folder, 'full'), 'utf8'), 'a file');
  mkdirSync(join(folder, 'again'));
  makeTree(join(folder, 'again'));
  const one = join(folder, 'again/deep/deeper/one');
  chownSync(one, 1234, 4321);
  chmodSync(one, 0o4751);
  lchownSync(join(folder, 'again/dangling'), 12, 34);
  utimesSync(join(folder, 'again/deep'), 1_000, 2_000);
  await move(client, join(folder, 'again'), join(folder, 'other/there'), false);
  assert.equal(existsSync(join(folder, 'again')), false);
  assert.equal((await client.list(join(folder, 'other/there/deep'))).length, 101);
  assert.equal(await client.readLink(join(folder, 'other/there/link')), 'deep/deeper/one');
  const moved = await client.status(join(folder, 'other/there/deep/deeper/one'));
  assert.deepEqual([moved.uid, moved.gid, moved.mode], [1234, 4321, 0o4751]);
  const { uid, gid } = await client.status(join(folder, 'other/there/dangling'), { own: true });
  assert.deepEqual([uid, gid], [12, 34]);
  assert.equal((await client.status(join(folder, 'other/there/deep'))).modified, 2_000_000);
  await removeIfThere(client, join(folder, 'other/there'));
  await removeIfThere(client, join(folder, 'other/there'));
  assert.deepEqual(await client.list(join(folder, 'other')), []);
});

test('what fails on its way leaves what it would have replaced, and nothing half done', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  const script = `mkdir "$1/other"; mount -t tmpfs -o nr_inodes=20 none "$1/other"\n${holdScript}`;
  const words = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder];
  const held = await hold(scope, words);
  const { client } = await files(scope, `pid:${held.pid}`);
  const there = (path: string): string => `/proc/${held.pid}/root${folder}/other/${path}`;
  mkdirSync(join(folder, 'from'));
  makeTree(join(folder, 'from'));
  writeFileSync(there('kept'), 'as it was');
  for (const replace of [move, copyOver]) {
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(replace(client, join(folder, 'from'), join(folder, 'other/kept'), true), refused('ENOSPC'));
    assert.deepEqual(readdirSync(there('')), ['kept']);
    assert.equal(readFileSync(there('kept'), 'utf8'), 'as it was');
    assert.equal(readdirSync(join(folder, 'from/deep')).length, 101);
  }
  const deep = join(folder, 'from/deep');
  await assert.rejects(move(client, join(deep, 'deeper'), deep, true), refused('EINVAL'));
  await assert.rejects(copyOver(client, join(deep, 'deeper'), deep), refused('EINVAL'));
  await assert.rejects(move(client, deep, join(deep, 'deeper/inner'), true), refused('EINVAL'));
  await move(client, deep, deep, true);
  assert.equal(readdirSync(deep).length, 101);
});

test('where only the source cannot be taken away, what was put in the place stays whole', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  const script = `mkdir "$1/source"; mount -t tmpfs none "$1/source"; mkdir "$1/source/from"; echo new >"$1/source/from/one"
    mount -o remount,ro "$1/source"\n${holdScript}`;
  const words = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder];
  const held = await hold(scope, words);
  const { client } = await files(scope, `pid:${held.pid}`);
  mkdirSync(join(folder, 'to'));
  writeFileSync(join(folder, 'to/old'), 'old');
  await assert.rejects(move(client, join(folder, 'source/from'), join(folder, 'to'), true), refused('EROFS'));
  assert.deepEqual(readdirSync(folder).toSorted(), ['source', 'to']);
  assert.equal(readFileSync(join(folder, 'to/one'), 'utf8'), 'new\n');
  assert.equal((await client.list(join(folder, 'source/from'))).length, 1);
});

test('what is asked for many at once is all done, and the first failure is told', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, `pid:${process.pid}`);
  const folder = temporaryFolder(scope);
  const names = Array.from({ length: 500 }, (_, index) => join(folder, `file ${index}`));
  await forEachOf(names, async (name) => {
    await client.write(name, Buffer.from(name), { create: true, overwrite: false });
    assert.equal((await client.read(name)).content.toString(), name);
  });
  assert.equal(readdirSync(folder).length, 500);
  const again = forEachOf(names, async (name) =>
    client.write(name, Buffer.from(''), { create: true, overwrite: false }).then(() => undefined),
  );
  await assert.rejects(again, (error) => error instanceof FileError && error.errno === 'EEXIST');
});
