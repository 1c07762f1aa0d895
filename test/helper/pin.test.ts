import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { helper } from './support/helper.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { temporaryFolder, uniqueName } from './support/marker.ts';
import { idOf, ipNetns, look, unshare } from './support/namespaces.ts';
import { hold, holdScript, output, run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { goes, namespace, scan } from './support/snapshot.ts';
import { ask, done, entered, failed } from './support/verbs.ts';
import { nobody } from './support/nobody.ts';

const skip = missing('root', 'unshare', 'ip', 'setpriv');
leakGuard();

/** A name that is unpinned at the end, whatever the test did. */
function pinName(scope: Scope): string {
  const name = uniqueName();
  scope.defer(async () => void (await ask(['unpin', name, '--leftover'])));
  return name;
}

function mountLines(text: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(text));
}

test('a pinned net namespace is one of ip netns, and is deleted by it', { skip }, async (t) => {
  const scope = testScope(t);
  const name = pinName(scope);
  const held = await unshare(scope, '--net');
  const id = idOf(held.pid, 'net');
  const { path, ...pinned } = (await done(['pin', `net:pid:${held.pid}`, `--name=${name}`])).only('pinned');
  assert.deepEqual(pinned, { type: 'net', id, name });
  assert.equal(path, `/run/netns/${name}`);
  await held.release();
  const listed = (await output(['ip', 'netns', 'list'])).split('\n').map((line) => line.split(' ')[0]);
  assert.ok(listed.includes(name));
  assert.equal(await output(['ip', 'netns', 'exec', name, 'readlink', '/proc/self/ns/net']), `net:[${id}]`);
  assert.deepEqual(await entered([`--target=${name}`, '--', 'readlink', '/proc/self/ns/net']), [`net:[${id}]`]);
  await output(['ip', 'netns', 'delete', name]);
  assert.ok(!existsSync(path));
});

test('a namespace of ip netns is unpinned by its name or path', { skip }, async (t) => {
  const scope = testScope(t);
  for (const way of ['name', 'path'] as const) {
    const netns = await ipNetns(scope);
    const { id } = await look(netns.path);
    assert.deepEqual((await done(['unpin', netns[way]])).only('unmounted'), { path: netns.path, type: 'net', id });
    assert.ok(!existsSync(netns.path));
    assert.deepEqual(mountLines(netns.name), []);
  }
});

for (const type of namespaceTypes) {
  test(`a ${type} namespace lives on by its pin until it is unpinned`, { skip }, async (t) => {
    const scope = testScope(t);
    const name = pinName(scope);
    const flag = type === 'mnt' ? '--mount' : `--${type}`;
    const forks = type === 'pid' || type === 'time';
    const held = await unshare(scope, flag, ...(forks ? ['--fork', '--kill-child'] : []));
    const pid = forks ? Number(readFileSync(`/proc/${held.pid}/task/${held.pid}/children`, 'latin1').trim()) : held.pid;
    const id = idOf(pid, type);
    const { path = '' } = (await done(['pin', `${type}:${id}`, `--name=${name}`])).only('pinned');
    assert.equal(path, type === 'net' ? `/run/netns/${name}` : `/run/linux-namespaces/${name}/${type}`);
    await held.release();
    assert.equal((await look(path)).id, id);
    const mounts = namespace(await scan(), type, id).held.filter(({ by }) => by === 'mount');
    assert.ok(mounts.length > 0);
    assert.deepEqual((await done(['unpin', name])).only('unmounted'), { path, type, id });
    assert.ok(!existsSync(path));
    assert.ok(!existsSync(`/run/linux-namespaces/${name}`));
    assert.ok(![...(await scan()).namespaces.values()].some((one) => one.type === type && one.id === id));
  });
}

test('several types are kept under one name, each once', { skip }, async (t) => {
  const scope = testScope(t);
  const name = pinName(scope);
  const { pid } = await unshare(scope, '--uts', '--ipc', '--net');
  for (const type of ['uts', 'ipc', 'net'] as const) await done(['pin', `${type}:pid:${pid}`, `--name=${name}`]);
  const before = mountLines(name);
  for (const type of ['uts', 'net'] as const) {
    const error = await failed(['pin', `${type}:pid:${pid}`, `--name=${name}`]);
    assert.deepEqual({ errno: error.errno, type: error.type }, { errno: 'EEXIST', type });
  }
  assert.deepEqual(mountLines(name), before);
  const links = ['uts', 'ipc', 'net'].map((type) => `/proc/self/ns/${type}`);
  const seen = await entered([`--target=${name}`, '--', 'readlink', ...links]);
  assert.deepEqual(
    seen,
    ['uts', 'ipc', 'net'].map((type) => `${type}:[${idOf(pid, type)}]`),
  );
  assert.equal((await done(['unpin', name])).all('unmounted').length, 3);
});

test('a path is taken only when nothing is there, and a failed mount leaves no file', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  const { pid } = await unshare(scope, '--uts', '--mount', '--propagation', 'private');
  const path = join(folder, 'pin');
  await done(['pin', `uts:pid:${pid}`, `--path=${path}`]);
  scope.defer(async () => void (await ask(['unpin', path])));
  assert.equal((await look(path)).id, idOf(pid, 'uts'));
  const file = join(folder, 'file');
  const link = join(folder, 'link');
  writeFileSync(file, 'mine');
  symlinkSync(join(folder, 'elsewhere'), link);
  for (const taken of [path, file, link, folder])
    assert.equal((await failed(['pin', `uts:pid:${pid}`, `--path=${taken}`])).errno, 'EEXIST', taken);
  assert.equal(readFileSync(file, 'utf8'), 'mine');
  assert.ok(!existsSync(join(folder, 'elsewhere')));
  // A mount namespace cannot be mounted in itself.
  const through = ['nsenter', '--mount', `--target=${pid}`];
  const own = join(folder, 'own');
  assert.equal((await failed(['pin', `mnt:pid:${pid}`, `--path=${own}`], { through })).step, 'mount');
  assert.ok(!existsSync(own));
  assert.equal((await failed(['pin', `uts:pid:${pid}`, `--path=${folder}/no/such`])).errno, 'ENOENT');
  for (const words of [['relative'], ['/'], [`${folder}/..`]])
    assert.equal((await ask(['pin', `uts:pid:${pid}`, `--path=${words[0]}`])).code, 2);
  await done(['unpin', path]);
  assert.deepEqual(readdirSync(folder).toSorted(), ['file', 'link']);
});

test('only what is a namespace is unmounted', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  const file = join(folder, 'file');
  const empty = join(folder, 'empty');
  writeFileSync(file, 'mine');
  writeFileSync(empty, '');
  await output(['mount', '-t', 'tmpfs', 'none', folder]);
  scope.defer(async () => void (await output(['umount', folder])));
  const kept = join(folder, 'kept');
  writeFileSync(kept, 'below');
  const { path } = await ipNetns(scope);
  symlinkSync(path, join(folder, 'link'));
  for (const [what, errno] of [
    [folder, 'EINVAL'],
    [kept, 'EINVAL'],
    [join(folder, 'link'), 'EINVAL'],
    ['/etc/passwd', 'EINVAL'],
    ['/proc', 'EINVAL'],
    [join(folder, 'none'), 'ENOENT'],
  ] as const)
    assert.equal((await failed(['unpin', what, '--leftover'])).errno, errno, what);
  assert.ok(existsSync(path));
  // A namespace on somebody's file: the file stays.
  await output(['mount', '--bind', path, kept]);
  await done(['unpin', kept]);
  assert.equal(readFileSync(kept, 'utf8'), 'below');
});

test('what was expected is unpinned and nothing else', { skip }, async (t) => {
  const scope = testScope(t);
  const netns = await ipNetns(scope);
  const { id = 0 } = await look(netns.path);
  const before = mountLines(netns.name);
  for (const what of [netns.path, netns.name])
    for (const expected of [`net:${id + 1}`, `uts:${id}`]) {
      const { step, errno } = await failed(['unpin', what, `--expect=${expected}`]);
      assert.deepEqual([step, errno], ['expect', 'ESTALE'], `${what} ${expected}`);
    }
  // An empty file is not what was listed either.
  const empty = `/run/netns/${pinName(scope)}`;
  writeFileSync(empty, '');
  assert.equal((await failed(['unpin', empty, '--leftover', `--expect=net:${id}`])).errno, 'ESTALE');
  await done(['unpin', empty, '--leftover', '--expect=none']);
  assert.equal((await failed(['unpin', netns.path, '--leftover', '--expect=none'])).errno, 'ESTALE');
  assert.equal((await ask(['unpin', netns.name, '--leftover', '--expect=none'])).code, 2);
  assert.deepEqual(mountLines(netns.name), before);
  for (const wrong of ['net', 'net:', `pid:${process.pid}`, '/run/netns/x', ''])
    assert.equal((await ask(['unpin', netns.path, `--expect=${wrong}`])).code, 2, wrong);
  const { path } = (await done(['unpin', netns.path, `--expect=net:${id}`])).only('unmounted');
  assert.equal(path, netns.path);
  // A holder's.
  const { pid } = await unshare(scope, '--uts');
  const name = pinName(scope);
  await done(['pin', `uts:pid:${pid}`, `--name=${name}`, '--holder']);
  const uts = idOf(pid, 'uts');
  assert.equal((await failed(['unpin', name, `--expect=net:${uts}`])).errno, 'ESTALE');
  assert.equal(processesWith(`linux-namespaces: ${name}`).length, 1);
  assert.ok((await done(['unpin', name, `--expect=uts:${uts}`])).only('ended'));
});

test('an empty file that ip netns left is removed only when asked for', { skip }, async (t) => {
  const scope = testScope(t);
  const name = pinName(scope);
  const path = `/run/netns/${name}`;
  await ipNetns(scope);
  writeFileSync(path, '');
  for (const what of [name, path]) {
    const error = await failed(['unpin', what]);
    assert.equal(error.errno, 'EINVAL');
    assert.match(error.detail ?? '', /empty file/);
  }
  assert.deepEqual((await done(['unpin', path, '--leftover'])).only('removed'), { path });
  writeFileSync(path, '');
  assert.deepEqual((await done(['unpin', name, '--leftover'])).only('removed'), { path });
  const elsewhere = join(temporaryFolder(scope), 'empty');
  writeFileSync(elsewhere, '');
  assert.equal((await failed(['unpin', elsewhere, '--leftover'])).errno, 'EINVAL');
  assert.ok(existsSync(elsewhere));
  assert.equal((await failed(['unpin', uniqueName()])).errno, 'ENOENT');
});

test('a busy mount is unmounted all the same', { skip }, async (t) => {
  const scope = testScope(t);
  const { name, path } = await ipNetns(scope);
  const { id } = await look(path);
  const held = await hold(scope, ['sh', '-c', `exec 7<${path}; ${holdScript}`]);
  await done(['unpin', name]);
  assert.ok(!existsSync(path));
  assert.equal(namespace(await scan(['--deep']), 'net', id).held[0]?.by, 'fd');
  await held.release();
});

test('where mounts may not be made a holder keeps the namespace', { skip }, async (t) => {
  const scope = testScope(t);
  const held = await hold(scope, [...nobody, 'unshare', '--user', '--map-root-user', '--net', 'sh', '-c', holdScript]);
  const id = idOf(held.pid, 'net');
  const name = uniqueName();
  const denied = await failed(['pin', `net:pid:${held.pid}`, `--name=${name}`], { through: nobody });
  assert.match(denied.errno, /^(EPERM|EACCES)$/);
  assert.ok(!existsSync(`/run/netns/${name}`));
  const { holder } = (await done(['pin', `net:${id}`, `--name=${name}`, '--holder'], { through: nobody })).only(
    'pinned',
  );
  const cmdline = readFileSync(`/proc/${holder?.pid}/cmdline`, 'latin1');
  assert.ok(cmdline.startsWith(`linux-namespaces: ${name} net:${id}`), cmdline);
  const files = readdirSync(`/proc/${holder?.pid}/fd`).map((fd) => readlinkSync(`/proc/${holder?.pid}/fd/${fd}`));
  assert.deepEqual(files.slice(0, 4), ['/dev/null', '/dev/null', '/dev/null', `net:[${id}]`]);
  // Where it hears of another name.
  for (const file of files.slice(4)) assert.match(file, /^pipe:/);
  assert.equal(files.length, 6);
  assert.equal(statSync(`/proc/${holder?.pid}`).uid, 65534);
  await held.release();
  const again = await failed(['pin', 'net:' + id, `--name=${name}`, '--holder'], { through: nobody });
  assert.equal(again.errno, 'EEXIST');
  const seen = await entered([`--target=${name}`, '--user=keep', '--', 'readlink', '/proc/self/ns/net']);
  assert.deepEqual(seen, [`net:[${id}]`]);
  const { signal, ...ended } = (await done(['unpin', name], { through: nobody })).only('ended');
  assert.deepEqual(ended, holder);
  assert.equal(signal, 15);
  assert.deepEqual(processesWith(`linux-namespaces: ${name}`), []);
  await goes('net', id);
});

test('a holder outlives the connection it came from', { skip }, async (t) => {
  const scope = testScope(t);
  const name = pinName(scope);
  const { pid } = await unshare(scope, '--uts');
  // The whole session is hung up, as when its terminal goes.
  await run([
    'setsid',
    'sh',
    '-c',
    '"$@"; kill -HUP 0',
    'sh',
    helper,
    'pin',
    `uts:pid:${pid}`,
    `--name=${name}`,
    '--holder',
  ]);
  assert.deepEqual(await entered([`--target=${name}`, '--', 'readlink', '/proc/self/ns/uts']), [
    `uts:[${idOf(pid, 'uts')}]`,
  ]);
});

test('what is not one namespace, or no name, is a wrong use', { skip }, async () => {
  const own = `pid:${process.pid}`;
  for (const words of [
    ['pin'],
    ['pin', 'net:1'],
    ['pin', own, '--name=x'],
    ['pin', `net:${own}`, '--name=../x'],
    ['pin', `net:${own}`, '--name='],
    ['pin', `net:${own}`, '--name=helper'],
    ['pin', `net:${own}`, '--name=x', '--path=/x'],
    ['pin', `net:${own}`, '--path=/x', '--holder'],
    ['unpin'],
    ['unpin', '../x'],
    ['unpin', 'a', 'b'],
    ['unpin', 'a', '--all'],
  ])
    assert.equal((await ask(words)).code, 2, words.join(' '));
});

test('a folder that others may write in is not used', { skip }, async (t) => {
  const scope = testScope(t);
  const { pid } = await unshare(scope, '--uts');
  const script = 'mount -t tmpfs -o mode=777 none /run && mkdir -m 777 /run/linux-namespaces && exec "$@"';
  const error = await failed(['pin', `uts:pid:${pid}`, '--name=x'], {
    through: ['unshare', '--mount', 'sh', '-c', script, 'sh'],
  });
  assert.deepEqual({ step: error.step, errno: error.errno }, { step: 'folder', errno: 'EPERM' });
});

test('with nothing in /run the folders are made, and taken back when the pin fails', { skip }, async (t) => {
  const scope = testScope(t);
  const { pid } = await unshare(scope, '--uts', '--net', '--mount');
  const through = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /run && exec "$@"', 'sh'];
  for (const type of ['uts', 'net']) {
    const made = await done(['pin', `${type}:pid:${pid}`, '--name=x'], { through });
    assert.equal(made.only('pinned').id, idOf(pid, type));
  }
  // Within the mount namespace itself it cannot be mounted: nothing is left of the attempt.
  const script =
    'mount -t tmpfs none /run && c() { grep -c " /run/" /proc/self/mountinfo; }; b=$(c); "$@" >/dev/null; echo $? $(($(c) - b)) $(ls -A /run)';
  const inside = ['nsenter', '--mount', `--target=${pid}`, 'sh', '-c', script, 'sh'];
  const { stdout } = await run([...inside, helper, 'pin', `mnt:pid:${pid}`, '--name=x']);
  assert.equal(stdout.toString(), '1 0\n');
});
