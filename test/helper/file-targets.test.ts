/** Whose files they are: roots that nothing leads out of, mounts, users, and targets that go. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TargetEnded } from '../../extension/files/client.ts';
import { FileError } from '../../extension/files/errors.ts';
import { account } from './support/create.ts';
import { oldProgram } from './support/compile.ts';
import { files, refused, type Files } from './support/files.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder } from './support/marker.ts';
import { mountKept, unshare } from './support/namespaces.ts';
import { nobody } from './support/nobody.ts';
import { hold, holdScript, output, type Holding } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { startOf } from './support/stat.ts';

const skip = missing('linux', 'root', 'unshare', 'setpriv', 'gcc');
leakGuard();

const replace = { create: true, overwrite: true } as const;

/** A process in a mount namespace of its own, set up by a shell script whose $1 is a fresh folder. */
async function mounted(
  scope: Scope,
  script: string,
  ...options: readonly string[]
): Promise<Holding & { readonly folder: string }> {
  const folder = temporaryFolder(scope);
  const words = ['unshare', '--mount', '--propagation', 'private', ...options];
  const held = await hold(scope, [...words, 'sh', '-c', `set -e; ${script}\n${holdScript}`, 'sh', folder]);
  return Object.assign(held, { folder });
}

/** A process whose root is a folder, with its own /proc there. */
async function jailed(scope: Scope): Promise<{ readonly held: Holding; readonly root: string }> {
  const root = temporaryFolder(scope);
  for (const name of ['etc', 'proc', 'home', 'bin', 'dev']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'etc/secret'), 'of the target');
  writeFileSync(join(root, 'dev/null'), '');
  const script = `set -e; mount -t proc proc "$1/proc"; exec setpriv --no-new-privs sh -c 'cd "$1"; exec chroot . /bin/busybox sh -c "$2"' sh "$1" '${holdScript}'`;
  await output(['cp', '/bin/busybox', join(root, 'bin/busybox')]);
  const words = ['unshare', '--mount', '--propagation', 'private'];
  return { held: await hold(scope, [...words, 'sh', '-c', script, 'sh', root]), root };
}

const kernels = { new: async () => Promise.resolve([]), old: async () => [await oldProgram(), '4.18'] } as const;

for (const [age, through] of Object.entries(kernels)) {
  test(`nothing leads out of the target's root, on a kernel that is ${age}`, { skip }, async (t) => {
    const scope = testScope(t);
    const { held, root } = await jailed(scope);
    const outside = temporaryFolder(scope);
    writeFileSync(join(outside, 'secret'), 'of the host');
    const { client } = await files(scope, `pid:${held.pid}`, await through());
    const home = join(root, 'home');
    symlinkSync('/etc/secret', join(home, 'absolute'));
    symlinkSync(`../../../../..${outside}/secret`, join(home, 'upwards'));
    symlinkSync(`${outside}/secret`, join(home, 'there'));
    symlinkSync(`/proc/${process.pid}/root`, join(home, 'magic'));
    symlinkSync('/proc/self/fd', join(home, 'descriptors'));
    symlinkSync('round', join(home, 'round'));
    assert.equal((await client.read('/home/absolute')).content.toString(), 'of the target');
    assert.equal((await client.read('/../../home/../etc/secret')).content.toString(), 'of the target');
    for (const name of ['upwards', 'there']) await assert.rejects(client.read(`/home/${name}`), refused('ENOENT'));
    for (const path of [
      `/home/magic${outside}/secret`,
      '/home/magic/etc/hostname',
      `/proc/${process.pid}/root/etc/hostname`,
      `/proc/${process.pid}/cwd/etc/hostname`,
      `/proc/${process.pid}/exe`,
      '/home/descriptors/0',
      '/home/round',
    ])
      await assert.rejects(client.read(path), refused('ELOOP'));
    assert.equal((await client.read('/proc/self/status')).content.length > 0, true);
    // Nor does a write, which would make the file where a link leads to.
    await assert.rejects(client.write('/home/there', Buffer.from('mine'), replace), refused('ENOENT'));
    mkdirSync(join(root, outside), { recursive: true });
    await client.write('/home/there', Buffer.from('mine'), replace);
    assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'of the host');
    assert.equal(readFileSync(join(root, outside, 'secret'), 'utf8'), 'mine');
    const kinds = (await client.list('/home')).map(({ name, kind, isLink }) => [name, kind, isLink]);
    assert.deepEqual(
      kinds.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      [
        ['absolute', 'file', true],
        ['descriptors', 'folder', true],
        ['magic', 'link', true],
        ['round', 'link', true],
        ['there', 'file', true],
        ['upwards', 'file', true],
      ],
    );
  });

  test(
    `a folder that becomes a link while it is read leads nowhere else, on a kernel that is ${age}`,
    { skip },
    async (t) => {
      const scope = testScope(t);
      const { held, root } = await jailed(scope);
      const outside = temporaryFolder(scope);
      writeFileSync(join(outside, 'file'), 'of the host');
      const { client } = await files(scope, `pid:${held.pid}`, await through());
      mkdirSync(join(root, 'home/real'));
      writeFileSync(join(root, 'home/real/file'), 'of the target');
      symlinkSync(outside, join(root, 'home/link'));
      const exchange = (): void => {
        renameSync(join(root, 'home/real'), join(root, 'home/other'));
        renameSync(join(root, 'home/link'), join(root, 'home/real'));
        renameSync(join(root, 'home/real'), join(root, 'home/link'));
        renameSync(join(root, 'home/other'), join(root, 'home/real'));
      };
      const seen = new Map<string, number>();
      for (let round = 0; round < 200; round++) {
        const asked = Array.from({ length: 10 }, async () => client.read('/home/real/file'));
        for (let each = 0; each < 20; each++) exchange();
        for (const answer of await Promise.allSettled(asked)) {
          const what =
            answer.status === 'fulfilled'
              ? answer.value.content.toString()
              : answer.reason instanceof FileError
                ? answer.reason.errno
                : String(answer.reason);
          seen.set(what, (seen.get(what) ?? 0) + 1);
        }
      }
      for (const what of seen.keys()) assert.ok(['of the target', 'ENOENT', 'EAGAIN', 'ENOTDIR'].includes(what), what);
      assert.ok((seen.get('of the target') ?? 0) > 0);
    },
  );
}

test('a full disk leaves the old content', { skip }, async (t) => {
  const scope = testScope(t);
  const target = await mounted(
    scope,
    'mount -t tmpfs -o size=256k none "$1"; echo old >"$1/file"; echo other >"$1/two"; ln "$1/two" "$1/three"; echo out >"$1/x"',
  );
  const { client } = await files(scope, `pid:${target.pid}`);
  for (const name of ['file', 'two']) {
    const path = join(target.folder, name);
    const before = (await client.read(path)).content;
    await assert.rejects(client.write(path, Buffer.alloc(1_500_000, 'x'), replace), refused('ENOSPC'));
    assert.deepEqual((await client.read(path)).content, before);
  }
  await assert.rejects(client.write(join(target.folder, 'new'), Buffer.alloc(900_000), replace), refused('ENOSPC'));
  const names = (await client.list(target.folder)).map(({ name }) => name).toSorted();
  assert.deepEqual(names, ['file', 'three', 'two', 'x']);
});

test('a read-only mount is marked and refuses; what is mounted on a file or folder stays', { skip }, async (t) => {
  const scope = testScope(t);
  const target = await mounted(
    scope,
    `mount -t tmpfs none "$1"; mkdir "$1/ro" "$1/tree" "$1/tree/in"; mount -t tmpfs none "$1/ro"; echo x >"$1/ro/file"
     mount -o remount,ro "$1/ro"; mkdir "$1/data"; echo precious >"$1/data/file"; mount --bind "$1/data" "$1/tree/in"
     echo under >"$1/bound"; mount --bind "$1/data/file" "$1/bound"`,
  );
  const { client } = await files(scope, `pid:${target.pid}`);
  const at = (name: string): string => join(target.folder, name);
  assert.equal((await client.status(at('ro/file'))).readOnly, true);
  assert.equal((await client.list(at('ro')))[0]?.readOnly, true);
  assert.equal((await client.status(at('data/file'))).readOnly, false);
  await assert.rejects(client.write(at('ro/file'), Buffer.from('y'), replace), refused('EROFS'));
  await assert.rejects(client.mkdir(at('ro/new')), refused('EROFS'));
  for (const name of ['tree', 'tree/in', 'bound']) {
    await assert.rejects(client.delete(at(name), { recursive: true }), refused('EBUSY'));
    await assert.rejects(client.rename(at(name === 'tree' ? 'bound' : name), at('away'), replace), refused('EBUSY'));
  }
  assert.equal((await client.read(at('tree/in/file'))).content.toString(), 'precious\n');
  // A file that is a mount point, such as /etc/hosts of a container, is changed where it is.
  const written = await client.write(at('bound'), Buffer.from('changed'), replace);
  assert.equal(written.inPlace, true);
  assert.equal((await client.read(at('data/file'))).content.toString(), 'changed');
  const text = (await client.mountinfo()).toString();
  assert.match(text, new RegExp(` ${at('tree/in')} `));
});

test('what is made belongs to the root of the user namespace, as the target sees it', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  chmodSync(folder, 0o777);
  const held = await unshare(scope, '--user', '--mount', '--propagation', 'unchanged');
  writeFileSync(`/proc/${held.pid}/uid_map`, '0 100000 1000');
  writeFileSync(`/proc/${held.pid}/gid_map`, '0 200000 1000');
  const { client } = await files(scope, `pid:${held.pid}`);
  assert.deepEqual(client.user, { uid: 0, gid: 0 });
  const written = await client.write(join(folder, 'file'), Buffer.from('x'), replace);
  assert.deepEqual({ uid: written.status.uid, gid: written.status.gid }, { uid: 0, gid: 0 });
  await client.mkdir(join(folder, 'inner'));
  for (const name of ['file', 'inner']) {
    const { uid, gid } = statSync(join(folder, name));
    assert.deepEqual({ uid, gid }, { uid: 100_000, gid: 200_000 });
  }
  // The host's root has no power there that the target's root has not.
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'of root', { mode: 0o600 });
  await assert.rejects(client.read(secret), refused('EACCES'));
});

test('who is not root uses the files of own targets, and is told why not those of others', { skip }, async (t) => {
  const scope = testScope(t);
  const { through } = await account(scope, `u${process.pid}f`);
  const words = [...through, 'unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'];
  const held = await hold(scope, [...words, `mount -t tmpfs none /mnt; echo mine >/mnt/file\n${holdScript}`]);
  const { client } = await files(scope, `pid:${held.pid}`, through);
  assert.equal((await client.read('/mnt/file')).content.toString(), 'mine\n');
  await client.write('/mnt/file', Buffer.from('changed'), replace);
  await assert.rejects(client.read('/etc/shadow'), refused('EACCES'));
  await assert.rejects(files(scope, `pid:${held.pid}`, nobody), /"errno":"EACCES"/);
});

test('a mount namespace that no process is in, and another one than is expected', { skip }, async (t) => {
  const scope = testScope(t);
  const kept = await mountKept(scope, 'mnt');
  const path = `/proc/${kept.pid}/root${kept.path}`;
  const { client } = await files(scope, `mnt:${path}`);
  assert.equal((await client.read('/etc/hostname')).content.toString(), readFileSync('/etc/hostname', 'utf8'));
  assert.ok((await client.mountinfo()).length > 0);
  await assert.rejects(files(scope, `pid:${kept.pid}:${startOf(kept.pid) + 1}`), /"errno":"ESRCH"/);
});

test('when the target ends that is said, and what was not finished leaves nothing behind', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  const inner = scope.inner();
  const held = await unshare(inner, '--mount', '--propagation', 'private');
  const opened: Files = await files(scope, `pid:${held.pid}`);
  const { client } = opened;
  const path = join(folder, 'file');
  writeFileSync(path, 'old');
  const gate = new EventEmitter();
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    await once(gate, 'open');
    yield Buffer.from('whole');
  }
  const writing = client.write(path, slow(), replace);
  await client.status(path);
  assert.equal(readdirSync(folder).length, 2);
  await inner.close();
  const { code, errors } = await opened.finished;
  assert.equal(code, 1);
  assert.match(errors, /"step":"target","errno":"ESRCH"/);
  gate.emit('open');
  await assert.rejects(writing, TargetEnded);
  await assert.rejects(client.status('/'), TargetEnded);
  assert.deepEqual(readdirSync(folder), ['file']);
  assert.equal(readFileSync(path, 'utf8'), 'old');
  assert.ok(existsSync(folder));
});
