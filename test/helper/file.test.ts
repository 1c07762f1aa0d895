/** What the helper does with the files of a target, through the extension's own client. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesFromName } from '../../extension/files/names.ts';
import { eventMasks, type FileEvent } from '../../extension/files/protocol.ts';
import { files, refused } from './support/files.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder } from './support/marker.ts';
import { output } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { until } from './support/wait.ts';

const skip = missing('linux', 'root', 'python3', 'mkfifo');
leakGuard();

const self = `pid:${process.pid}`;
const python = async (source: string, ...words: readonly string[]): Promise<string> =>
  output(['python3', '-c', `import os, sys\n${source}`, ...words]);

const replace = { create: true, overwrite: true } as const;

test('a file is made, read, changed, copied, renamed and deleted', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const folder = temporaryFolder(scope);
  const path = join(folder, 'file');
  await assert.rejects(client.read(path), refused('ENOENT'));
  await assert.rejects(client.write(path, Buffer.from('x'), { create: false, overwrite: true }), refused('ENOENT'));
  const made = await client.write(path, Buffer.from('first'), replace);
  assert.deepEqual({ inPlace: made.inPlace, dropped: made.dropped }, { inPlace: false, dropped: false });
  assert.equal(statSync(path).mode & 0o7777, 0o644);
  await assert.rejects(client.write(path, Buffer.from('x'), { create: true, overwrite: false }), refused('EEXIST'));
  const { status, content } = await client.read(path);
  assert.equal(content.toString(), 'first');
  assert.deepEqual(status, await client.status(path));
  assert.deepEqual(
    { kind: status.kind, size: status.size, modified: status.modified, inode: Number(status.identity.inode) },
    { kind: 'file', size: 5, modified: Math.floor(statSync(path).mtimeMs), inode: statSync(path).ino },
  );
  await client.mkdir(join(folder, 'inner'));
  await assert.rejects(client.mkdir(join(folder, 'inner')), refused('EEXIST'));
  await client.rename(path, join(folder, 'inner/moved'), { overwrite: false });
  await client.copyFile(join(folder, 'inner/moved'), path, { overwrite: false });
  await assert.rejects(client.copyFile(path, join(folder, 'inner/moved'), { overwrite: false }), refused('EEXIST'));
  await assert.rejects(client.rename(path, join(folder, 'inner/moved'), { overwrite: false }), refused('EEXIST'));
  await client.symlink(join(folder, 'link'), 'inner/moved');
  assert.equal(await client.readLink(join(folder, 'link')), 'inner/moved');
  await client.copyFile(join(folder, 'link'), join(folder, 'copy'), { overwrite: false });
  assert.equal(readFileSync(join(folder, 'copy'), 'utf8'), 'first');
  await assert.rejects(client.delete(join(folder, 'inner'), { recursive: false }), refused('ENOTEMPTY'));
  await client.delete(join(folder, 'inner'), { recursive: true });
  await client.delete(join(folder, 'link'), { recursive: false });
  assert.deepEqual(readdirSync(folder).toSorted(), ['copy', 'file']);
  await assert.rejects(client.delete('/', { recursive: true }), refused('EINVAL'));
});

test('large files come and go whole, in whatever parts', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const path = join(temporaryFolder(scope), 'large');
  const bytes = randomBytes(5_000_003);
  await client.write(path, bytes, replace);
  assert.ok(readFileSync(path).equals(bytes));
  assert.ok((await client.read(path)).content.equals(bytes));
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 700_000) yield bytes.subarray(at, at + 700_000);
    await Promise.resolve();
  }
  await client.write(path, pieces(), replace);
  assert.ok(readFileSync(path).equals(bytes));
  // Given up on the way: nothing of it is left.
  // oxlint-disable-next-line require-yield
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 100_000);
    await Promise.reject(new Error('no more'));
  }
  await assert.rejects(client.write(path, broken(), replace), /no more/);
  for await (const part of client.readParts(path)) {
    assert.ok(part.length > 0);
    break;
  }
  assert.equal((await client.status(path)).size, bytes.length);
  assert.deepEqual(readdirSync(join(path, '..')), ['large']);
});

test('owner, mode, xattrs and ACLs stay, and set-user-ID does not', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const path = join(temporaryFolder(scope), 'file');
  writeFileSync(path, 'old');
  chownSync(path, 1234, 4321);
  chmodSync(path, 0o640);
  await python('os.setxattr(sys.argv[1], "user.mark", b"kept")', path);
  await client.write(path, Buffer.from('new'), replace);
  const { uid, gid, mode } = statSync(path);
  assert.deepEqual({ uid, gid, mode: mode & 0o7777 }, { uid: 1234, gid: 4321, mode: 0o640 });
  assert.equal(await python('print(os.getxattr(sys.argv[1], "user.mark").decode())', path), 'kept');
  chmodSync(path, 0o6755);
  const written = await client.write(path, Buffer.from('newer'), replace);
  assert.equal(written.dropped, true);
  assert.equal(statSync(path).mode & 0o7777, 0o755);
  await client.write(join(path, '../own'), Buffer.from(''), { ...replace, mode: 0o6755 });
  assert.equal(statSync(join(path, '../own')).mode & 0o7777, 0o755);
});

test('hard links and symbolic links stay what they are', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const folder = temporaryFolder(scope);
  const path = join(folder, 'file');
  writeFileSync(path, 'a longer old content');
  linkSync(path, join(folder, 'other'));
  symlinkSync('file', join(folder, 'link'));
  symlinkSync(join(folder, 'fresh'), join(folder, 'dangling'));
  const written = await client.write(join(folder, 'link'), Buffer.from('new'), replace);
  assert.equal(written.inPlace, true);
  assert.equal(readFileSync(join(folder, 'other'), 'utf8'), 'new');
  assert.ok(lstatSync(join(folder, 'link')).isSymbolicLink());
  assert.equal((await client.status(join(folder, 'dangling'))).kind, 'link');
  await client.write(join(folder, 'dangling'), Buffer.from('made'), replace);
  assert.equal(readFileSync(join(folder, 'fresh'), 'utf8'), 'made');
  assert.equal(readlinkSync(join(folder, 'dangling')), join(folder, 'fresh'));
});

test('what has been changed on the host meanwhile is not overwritten', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const path = join(temporaryFolder(scope), 'file');
  writeFileSync(path, 'one');
  const { status } = await client.read(path);
  writeFileSync(path, 'two');
  const expected = status.identity;
  await assert.rejects(client.write(path, Buffer.from('mine'), { ...replace, expected }), refused('ESTALE'));
  assert.equal(readFileSync(path, 'utf8'), 'two');
  const again = (await client.status(path)).identity;
  await client.write(path, Buffer.from('mine'), { ...replace, expected: again });
  assert.equal(readFileSync(path, 'utf8'), 'mine');
  assert.deepEqual(readdirSync(join(path, '..')), ['file']);
});

test('only regular files are opened', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const folder = temporaryFolder(scope);
  await output(['mkfifo', join(folder, 'fifo')]);
  for (const path of [join(folder, 'fifo'), '/dev/zero', '/dev/tty']) {
    await assert.rejects(client.read(path), refused('ENXIO'));
    await assert.rejects(client.write(path, Buffer.from(''), replace), refused('ENXIO'));
  }
  await assert.rejects(client.read(folder), refused('EISDIR'));
  assert.equal((await client.list(folder))[0]?.kind, 'fifo');
});

test('files of /proc and /sys are read whole and written at once', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const { status, content } = await client.read('/proc/self/status');
  assert.equal(status.size, 0);
  // Of the helper, whose name its copy in memory has too.
  assert.match(content.toString(), /^Name:\t\S+\n[^]*nonvoluntary_ctxt_switches/);
  assert.match((await client.read('/sys/kernel/mm/transparent_hugepage/enabled')).content.toString(), /never/);
  const symbols = await client.read('/proc/kallsyms');
  assert.ok(symbols.content.length > 1_000_000);
  const limit = '/proc/sys/fs/inotify/max_queued_events';
  const before = (await client.read(limit)).content;
  const written = await client.write(limit, before, replace);
  assert.equal(written.inPlace, true);
  assert.ok((await client.read(limit)).content.equals(before));
});

test('names are bytes: newlines, invalid UTF-8, 255 bytes', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const folder = temporaryFolder(scope);
  const names = [
    Buffer.from('a\nb'),
    Buffer.from([0xff, 0xfe, 0x41]),
    Buffer.from('\uef80\uefff half \xf0\x9f', 'latin1'),
    Buffer.from('\uef80\uefff'),
    Buffer.alloc(255, 'x'),
    Buffer.from('\\ % ? # "quotes" $(true) *'),
    Buffer.from(' '),
    Buffer.from([0xc3]),
    Buffer.from('ü😀'),
  ];
  for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), name);
  const listed = await client.list(folder);
  assert.equal(listed.length, names.length);
  const found = listed.map(({ name }) => Buffer.from(bytesFromName(name)).toString('hex')).toSorted();
  assert.deepEqual(found, names.map((name) => name.toString('hex')).toSorted());
  for (const { name } of listed) {
    assert.doesNotThrow(() => encodeURIComponent(name));
    const { content } = await client.read(`${folder}/${name}`);
    assert.deepEqual(content, Buffer.from(bytesFromName(name)));
    await client.write(`${folder}/${name}`, Buffer.from('new'), { create: false, overwrite: true });
    await client.delete(`${folder}/${name}`, { recursive: false });
  }
  await assert.rejects(client.read(`${folder}/${'x'.repeat(256)}`), refused('ENAMETOOLONG'));
  await assert.rejects(client.read(`/${'x/'.repeat(2500)}`), refused('ENAMETOOLONG'));
});

test('a folder is watched, and a file', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const folder = temporaryFolder(scope);
  writeFileSync(join(folder, 'old'), '');
  const events: FileEvent[] = [];
  const ofFile: FileEvent[] = [];
  const watch = await client.watch(folder, (event) => events.push(event));
  await client.watch(join(folder, 'old'), (event) => ofFile.push(event));
  writeFileSync(join(folder, 'new'), '');
  writeFileSync(join(folder, 'old'), 'changed');
  await until('all is told', () => ofFile.some(({ mask }) => (mask & eventMasks.modify) !== 0));
  assert.ok(events.some(({ mask, name }) => (mask & eventMasks.create) !== 0 && name === 'new'));
  watch.dispose();
  const before = events.length;
  writeFileSync(join(folder, 'newer'), '');
  chmodSync(join(folder, 'old'), 0o600);
  await until('the file is told of', () => ofFile.some(({ mask }) => (mask & eventMasks.attributes) !== 0));
  await client.status('/');
  assert.equal(events.length, before);
});

test('requests that make no sense end it, and others are refused', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  await assert.rejects(client.status(''), refused('ENOENT'));
  await assert.rejects(client.list('/etc/hostname'), refused('ENOTDIR'));
  await assert.rejects(client.rename('/', '/x', { overwrite: false }), refused('EINVAL'));
  await assert.rejects(client.mkdir('/tmp/..'), refused('EINVAL'));
  await assert.rejects(client.symlink('/tmp', 'x'), refused('EEXIST'));
  assert.ok(existsSync('/tmp'));
});

test('a deep tree of many files is listed and deleted', { skip }, async (t) => {
  const scope = testScope(t);
  const { client } = await files(scope, self);
  const folder = join(temporaryFolder(scope), 'tree');
  let deep = folder;
  for (let level = 0; level < 200; level++) deep = join(deep, 'd');
  mkdirSync(deep, { recursive: true });
  for (let index = 0; index < 3000; index++) writeFileSync(join(folder, `file ${index}`), '');
  assert.equal((await client.list(folder)).length, 3001);
  await client.delete(folder, { recursive: true });
  assert.equal(existsSync(folder), false);
});
