import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { oldProgram } from './support/compile.ts';
import { holdTitled } from './support/create.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder, uniqueName } from './support/marker.ts';
import { idOf, ipNetns, keep, look, mountKept, unshare } from './support/namespaces.ts';
import { hold, holdScript, output } from './support/process.ts';
import { open, openAll, refused } from './support/reference.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { nobody } from './support/nobody.ts';
import { startOf } from './support/stat.ts';

const skip = missing('root', 'unshare', 'gcc', 'setpriv', 'ip');
leakGuard();

const everything = [
  '--mount',
  '--uts',
  '--ipc',
  '--net',
  '--cgroup',
  '--user',
  '--map-root-user',
  '--pid',
  '--time',
  '--fork',
  '--kill-child',
];

test('each type of a process is opened by pid, by pid with start and by number', { skip }, async (t) => {
  const held = await unshare(testScope(t), ...everything);
  const [child = ''] = readFileSync(`/proc/${held.pid}/task/${held.pid}/children`, 'latin1').split(' ');
  const pid = Number(child);
  for (const type of namespaceTypes) {
    const name = `${type}:${idOf(pid, type)}`;
    assert.notEqual(idOf(pid, type), idOf('self', type));
    const references = [`pid:${pid}`, `pid:${pid}:${startOf(pid)}`, `/proc/${pid}/ns/${type}`, name];
    assert.deepEqual(
      await openAll(type, references),
      references.map(() => name),
    );
    assert.equal(await open('any', name), name);
  }
});

test('a reused pid is refused, and so is one that never was', { skip }, async (t) => {
  const { pid } = await unshare(testScope(t), '--uts');
  const reused = await refused('uts', `pid:${pid}:${startOf(pid) + 1}`);
  assert.deepEqual({ step: reused.step, errno: reused.errno }, { step: 'starttime', errno: 'ESRCH' });
  assert.match(reused.detail ?? '', /reused/);
  const none = await refused('uts', 'pid:4194304');
  assert.equal(none.errno, 'ESRCH');
});

test('a zombie has no namespaces any more', { skip }, async (t) => {
  const script =
    'import os,sys\np=os.fork()\nif p==0: os._exit(0)\nos.waitid(os.P_PID,p,os.WEXITED|os.WNOWAIT)\nprint(f"pid={p}",flush=True)\nsys.stdin.read()';
  const held = await hold(testScope(t), ['python3', '-c', script]);
  const { errno, detail } = await refused('net', `pid:${held.words['pid']}`);
  assert.deepEqual({ errno, detail }, { errno: 'ESRCH', detail: 'the process has ended' });
});

for (const type of namespaceTypes) {
  test(`a ${type} namespace that only a mount elsewhere keeps is opened by its number`, { skip }, async (t) => {
    const held = await mountKept(testScope(t), type);
    const path = `/proc/${held.pid}/root${held.path}`;
    const name = `${type}:${(await look(path)).id}`;
    assert.deepEqual(await openAll('any', [name, path]), [name, name]);
  });
}

for (const [way, ...words] of [
  ['fd', 'uts'],
  ['thread', 'net'],
  ['leaderless', 'ipc'],
  ['socket'],
  ['for-children', 'pid'],
  ['for-children', 'time'],
]) {
  test(`one that only a ${way} keeps is opened by its number (${words.join('')})`, { skip }, async (t) => {
    const held = await keep(testScope(t), way ?? '', ...words);
    const type = words[0] ?? 'net';
    const name = `${type}:${held.words['id']}`;
    assert.equal(await open('any', name), name);
  });
}

test('one that only children keep is opened by its number', { skip }, async (t) => {
  const scope = testScope(t);
  const user = (await keep(scope, 'nested-user')).words['outer'];
  const pid = (await keep(scope, 'nested-pid')).words['outer'];
  const owner = (await keep(scope, 'owner')).words['user'];
  const names = [`user:${user}`, `pid:${pid}`, `user:${owner}`];
  assert.deepEqual(await openAll('any', names), names);
});

test('files that are no namespace say what they are', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  const empty = join(folder, 'empty');
  const link = join(folder, 'link');
  const fifo = join(folder, 'fifo');
  writeFileSync(empty, '');
  await output(['mkfifo', fifo]);
  const { name, path } = await ipNetns(scope);
  symlinkSync(path, link);
  const net = `net:${(await look(path)).id}`;
  assert.deepEqual(await openAll('any', [path, link, `/var/run/netns/${name}`]), [net, net, net]);
  for (const [file, detail] of [
    [empty, /empty file.*this mount namespace/],
    [fifo, /^not a namespace$/],
    [folder, /^not a namespace$/],
    ['/dev/tty', /^not a namespace$/],
    ['/etc/passwd', /^not a namespace$/],
  ] as const) {
    const error = await refused('any', file);
    assert.deepEqual({ errno: error.errno, path: error.path }, { errno: 'EINVAL', path: file });
    assert.match(error.detail ?? '', detail);
  }
  assert.equal((await refused('any', `${folder}/none`)).errno, 'ENOENT');
  const other = await refused('uts', path);
  assert.deepEqual(
    { errno: other.errno, detail: other.detail },
    { errno: 'EINVAL', detail: 'a namespace of another type' },
  );
  // What `ip netns add` leaves in a mount namespace to which its mounts are not passed on.
  const script = 'umount "$1" && shift && exec "$@"';
  const through = ['unshare', '--mount', 'sh', '-c', script, 'sh', path];
  assert.match((await refused('net', path, { through })).detail ?? '', /empty file/);
});

test('what is no reference is a wrong use, and what is not there is ENOENT', { skip }, async () => {
  for (const text of [
    '',
    '.',
    '..',
    'net:',
    'net:0',
    'net:x',
    'net:1:2',
    'nothing:1',
    'pid:',
    'pid:1:',
    'pid:1:x',
    'pid:1:2:3',
    'a/b',
    '.hidden',
    'helper',
    'x'.repeat(65),
    'net:99999999999',
  ])
    assert.equal((await refused('net', text)).step, 'reference', text);
  assert.equal((await refused('any', 'pid:1')).step, 'reference');
  assert.equal((await refused('uts', `net:${idOf('self', 'net')}`)).step, 'reference');
  const gone = await refused('net', 'net:4294967295');
  assert.deepEqual(
    { step: gone.step, errno: gone.errno, type: gone.type },
    { step: 'find', errno: 'ENOENT', type: 'net' },
  );
  assert.equal((await refused('net', uniqueName())).errno, 'ENOENT');
});

test('an instance is found by the title of its holder', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  const held = await holdTitled(scope, ['unshare', '--uts', '--ipc'], name, 'uts,ipc');
  // Its namespaces are opened by the holder that says it keeps them, and others are not taken for its own.
  for (const type of ['uts', 'ipc'] as const) assert.equal(await open(type, name), `${type}:${idOf(held.pid, type)}`);
  assert.equal((await refused('net', name)).errno, 'ENOENT');
  // A name that only begins alike is another one.
  assert.equal((await refused('uts', name.slice(0, -1))).errno, 'ENOENT');
});

test("the caller's own holder goes before another user's; two of the same rank are refused", { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  const foreign = await holdTitled(scope, [...nobody, 'unshare', '--user', '--uts'], name, 'user,uts');
  assert.equal(await open('uts', name), `uts:${idOf(foreign.pid, 'uts')}`);
  const own = await holdTitled(scope, ['unshare', '--uts'], name, 'uts');
  assert.equal(await open('uts', name), `uts:${idOf(own.pid, 'uts')}`);
  assert.equal(await open('uts', name, { through: nobody }), `uts:${idOf(foreign.pid, 'uts')}`);
  await holdTitled(scope, ['unshare', '--uts'], name, 'uts');
  assert.equal((await refused('uts', name)).errno, 'EEXIST');
});

test('an instance is found by its mounts alone', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  const folder = `/run/linux-namespaces/${name}`;
  mkdirSync(folder, { recursive: true });
  scope.defer(() => rmdirSync(folder));
  const script = `: >${folder}/uts && unshare --uts=${folder}/uts true && ${holdScript}`;
  scope.defer(async () => void (await output(['sh', '-c', `umount ${folder}/uts; rm ${folder}/uts`])));
  await hold(scope, ['sh', '-c', script]);
  assert.equal(await open('uts', name), `uts:${(await look(`${folder}/uts`)).id}`);
  assert.equal((await refused('net', name)).errno, 'ENOENT');
});

test('a holder that keeps only a descriptor is opened by that', { skip }, async (t) => {
  const scope = testScope(t);
  const held = await unshare(scope, '--net');
  const name = uniqueName();
  const id = idOf(held.pid, 'net');
  const keeper = await hold(scope, [
    'bash',
    '-c',
    `exec 7</proc/${held.pid}/ns/net; echo ready; exec -a 'linux-namespaces: ${name} net:${id}' cat >/dev/null`,
  ]);
  assert.equal(await open('net', name), `net:${id}`);
  await held.release();
  assert.equal(await open('net', name), `net:${id}`);
  assert.equal(await open('any', `net:${id}`), `net:${id}`);
  assert.notEqual(idOf(keeper.pid, 'net'), id);
});

test('an ordinary user opens its own and is refused the others', { skip }, async (t) => {
  const scope = testScope(t);
  const own = await hold(scope, [...nobody, 'unshare', '--user', '--net', 'sh', '-c', holdScript]);
  const foreign = await unshare(scope, '--net');
  const name = `net:${idOf(own.pid, 'net')}`;
  assert.deepEqual(await openAll('net', [name, `pid:${own.pid}`], { through: nobody }), [name, name]);
  assert.equal((await refused('net', `pid:${foreign.pid}`, { through: nobody })).errno, 'EACCES');
  const hidden = await refused('net', `net:${idOf(foreign.pid, 'net')}`, { through: nobody });
  assert.deepEqual({ step: hidden.step, errno: hidden.errno }, { step: 'find', errno: 'ENOENT' });
});

test('the interfaces of Linux 4.18 are enough', { skip }, async (t) => {
  const scope = testScope(t);
  const through = [await oldProgram(), '4.18'];
  const held = await unshare(scope, '--net');
  const { path } = await ipNetns(scope);
  const names = [`net:${idOf(held.pid, 'net')}`, `net:${(await look(path)).id}`];
  assert.deepEqual(await openAll('net', [...names, `pid:${held.pid}`, path], { through }), [...names, ...names]);
});
