import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { oldProgram } from './support/compile.ts';
import { holdTitled } from './support/create.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { uniqueName } from './support/marker.ts';
import { idOf, ipNetns, keep, look, unshare } from './support/namespaces.ts';
import { hold, holdScript, output } from './support/process.ts';
import { nobody } from './support/nobody.ts';
import { startOf } from './support/stat.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { serve } from './support/serve.ts';
import { goes } from './support/snapshot.ts';
import { ask, done, failed } from './support/verbs.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'unshare', 'ip', 'setpriv', 'bash');
leakGuard();

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')[0]);
}

/** An instance as `create --keep` leaves it: a holder, and mounts. */
async function instance(scope: Scope, name: string, types: readonly string[]): Promise<number> {
  const folder = `/run/linux-namespaces/${name}`;
  const flags = types.filter((type) => type !== 'pid').map((type) => (type === 'mnt' ? '--mount' : `--${type}`));
  const outer = types.includes('pid') ? ['unshare', '--pid', '--fork', '--kill-child'] : [];
  const holder = await holdTitled(scope, [...outer, 'unshare', ...flags], name, types.join(','));
  const pid = types.includes('pid') ? childOf(holder.pid) : holder.pid;
  mkdirSync(folder, { recursive: true });
  scope.defer(async () => void (await ask(['end', name, '--grace=0'])));
  for (const type of types.filter((one) => one !== 'mnt'))
    await output([
      'sh',
      '-c',
      ': >"$2" && mount --bind "$1" "$2"',
      'sh',
      `/proc/${pid}/ns/${type}`,
      `${folder}/${type}`,
    ]);
  return pid;
}

test('an instance ends: its init, its mounts, its folder, its namespaces', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  const types = ['mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup'] as const;
  const pid = await instance(scope, name, types);
  const ids = types.map((type) => [type, idOf(pid, type)] as const);
  const start = startOf(pid);
  const plan = await done(['end', name, '--dry-run']);
  const would = plan.all('would');
  assert.deepEqual(
    would.flatMap(({ ended }) => ended ?? []),
    [{ pid, start, signal: 15 }],
  );
  assert.equal(would.flatMap(({ unmounted }) => unmounted ?? []).length, types.length - 1);
  // The one who made the pid namespace still would create children in it, until its child has ended.
  const still = would.flatMap((one) => one.still ?? []);
  assert.deepEqual(
    still.map(({ type, held }) => [type, held.map(({ by }) => by)]),
    [['pid', ['for_children']]],
  );
  assert.ok(existsSync(`/proc/${pid}`), 'a plan is no deed');
  // Signal 9: the init of a pid namespace does not get signals that it has no handler for.
  const answer = await done(['end', name, '--grace=50']);
  assert.deepEqual(answer.all('ended'), [{ pid, start, signal: 9 }]);
  assert.equal(answer.all('unmounted').length, types.length - 1);
  assert.ok(!existsSync(`/run/linux-namespaces/${name}`));
  for (const [type, id] of ids) await goes(type, id);
  assert.equal((await failed(['end', name])).errno, 'ENOENT');
});

test('in an instance without a pid namespace all that are in all of it end', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  const pid = await instance(scope, name, ['uts', 'ipc']);
  const tag = uniqueName();
  const join = ['nsenter', `--target=${pid}`, '--uts'];
  const inside = await hold(scope, [...join, '--ipc', 'sh', '-c', holdScript]);
  // In a part of it only: no part of it.
  const beside = await hold(scope, [...join, 'sh', '-c', holdScript], { END_TEST: tag });
  const uts = idOf(pid, 'uts');
  const plan = (await done(['end', name, '--list'])).all('would');
  assert.deepEqual(new Set(plan.flatMap(({ ended }) => ended?.pid ?? [])), new Set([pid, inside.pid]));
  const held = [{ type: 'uts', id: uts, held: [{ by: 'process', pid: beside.pid }] }];
  assert.deepEqual(
    plan.flatMap(({ still }) => still ?? []),
    held,
  );
  const answer = await done(['end', name]);
  assert.deepEqual(new Set(answer.all('ended').map((one) => one.pid)), new Set([pid, inside.pid]));
  assert.deepEqual(answer.all('still'), held);
  assert.ok(answer.all('ended').every(({ signal }) => signal === 15));
});

test('a pid namespace ends with its init, and those within it', { skip }, async (t) => {
  const scope = testScope(t);
  const tag = uniqueName();
  const script = 'sleep 1000 & unshare --pid --fork sleep 1000 & echo ready; exec cat >/dev/null';
  const held = await hold(scope, ['unshare', '--pid', '--fork', '--kill-child', 'sh', '-c', script], { END_TEST: tag });
  const init = childOf(held.pid);
  const id = idOf(init, 'pid');
  await until(
    'all to be there',
    () => processesWith(tag).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'latin1') === 'sleep\n').length === 2,
  );
  const plan = (await done(['end', `pid:${id}`, '--dry-run'])).all('would').flatMap(({ ended }) => ended ?? []);
  assert.equal(plan.length, 4, 'the init, sleep, unshare and the sleep in a namespace further in');
  assert.deepEqual(plan[0], { pid: init, start: startOf(init), signal: 15 });
  assert.ok(plan.slice(1).every(({ signal }) => signal === 9));
  const answer = await done(['end', `pid:${id}`, '--grace=20']);
  assert.equal(answer.all('ended').length, 4);
  assert.deepEqual(answer.all('still'), []);
  await until('nobody to be left', () => processesWith(tag).length === 0);
});

for (const type of namespaceTypes.filter((one) => one !== 'pid')) {
  test(`a ${type} namespace ends with its members: TERM, then KILL for those that stay`, { skip }, async (t) => {
    const scope = testScope(t);
    const flag = type === 'mnt' ? '--mount' : `--${type}`;
    const forks = type === 'time' ? ['--fork', '--kill-child'] : [];
    const script = `trap '' TERM; ${holdScript}`;
    const polite = await unshare(scope, flag, ...forks);
    const pid = forks.length ? childOf(polite.pid) : polite.pid;
    const id = idOf(pid, type);
    const words = ['nsenter', `--target=${pid}`, flag, ...(type === 'user' ? ['--preserve-credentials'] : [])];
    const stubborn = await hold(scope, [...words, 'sh', '-c', script]);
    const answer = await done(['end', `${type}:${id}`, '--grace=100']);
    const ended = new Map(answer.all('ended').map((one) => [one.pid, one.signal]));
    assert.deepEqual(
      ended,
      new Map([
        [pid, 15],
        [stubborn.pid, 9],
      ]),
    );
    assert.deepEqual(answer.all('still'), []);
    await goes(type, id);
  });
}

test('what else holds a namespace is told', { skip }, async (t) => {
  const scope = testScope(t);
  const { path, name } = await ipNetns(scope);
  const { id } = await look(path);
  const member = await hold(scope, ['ip', 'netns', 'exec', name, 'sh', '-c', holdScript]);
  const file = await hold(scope, ['sh', '-c', `exec 7<${path}; ${holdScript}`]);
  const plan = await done(['end', name, '--dry-run']);
  const planned = plan.all('would').flatMap(({ still }) => still ?? []);
  const answer = await done(['end', name]);
  assert.deepEqual(
    answer.all('ended').map(({ pid }) => pid),
    [member.pid],
  );
  const still = answer.only('still');
  assert.deepEqual({ type: still.type, id: still.id }, { type: 'net', id: id ?? 0 });
  assert.ok(still.held.some((holder) => holder.by === 'fd' && holder.pid === file.pid && holder.fd === 7));
  assert.ok(still.held.some((holder) => holder.by === 'mount' && holder.path === path));
  assert.ok(!still.held.some((holder) => holder.by === 'process'));
  assert.equal(planned.length, 1);
  assert.deepEqual(planned[0]?.held.map(({ by }) => by).toSorted(), still.held.map(({ by }) => by).toSorted());
  assert.ok(existsSync(path), 'a mount goes only when asked for');
  const more = await done(['end', `net:${id}`, '--mounts']);
  assert.ok(more.all('unmounted').some((one) => one.path === path));
  assert.ok(!existsSync(path));
  await file.release();
  await goes('net', id ?? 0);
});

test('one that only a socket, a thread or a child holds says so', { skip }, async (t) => {
  const scope = testScope(t);
  const socket = await keep(scope, 'socket');
  const nested = await keep(scope, 'nested-user');
  const net = (await done(['end', `net:${socket.words['id']}`])).only('still');
  assert.deepEqual(
    net.held.map(({ by }) => by),
    ['socket'],
  );
  const user = (await done(['end', `user:${nested.words['outer']}`])).only('still');
  assert.deepEqual(user.held, [{ by: 'child' }]);
  const thread = await keep(scope, 'thread', 'uts');
  const uts = (await done(['end', `uts:${thread.words['id']}`])).only('still');
  assert.deepEqual(
    uts.held.map(({ by }) => by),
    ['task'],
  );
});

test('an initial namespace, the own one, and a process are refused', { skip }, async (t) => {
  for (const type of namespaceTypes) {
    const error = await failed(['end', `${type}:${idOf('self', type)}`]);
    assert.deepEqual({ step: error.step, errno: error.errno, type: error.type }, { step: 'end', errno: 'EPERM', type });
    assert.ok(error.detail);
  }
  assert.equal((await ask(['end', `pid:${process.pid}`])).code, 2);
  assert.equal((await ask(['end'])).code, 2);
  assert.equal((await ask(['end', 'x', '--grace=-1'])).code, 2);
  // In a container its own ones are as good as initial.
  const { pid } = await unshare(testScope(t), '--uts');
  const own = await failed(['end', `uts:${idOf(pid, 'uts')}`], { through: ['nsenter', `--target=${pid}`, '--uts'] });
  assert.match(own.detail ?? '', /caller/);
  assert.ok(existsSync(`/proc/${pid}`));
});

test('an instance that lists namespaces of the host does not take them with it', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  const bystander = await unshare(scope, '--ipc');
  const holder = await holdTitled(scope, ['unshare', '--uts'], name, 'uts,net,user');
  const answer = await done(['end', name]);
  assert.deepEqual(
    answer.all('ended').map(({ pid }) => pid),
    [holder.pid],
  );
  assert.deepEqual(answer.all('still'), []);
  assert.ok(existsSync(`/proc/${bystander.pid}`));
  // One that says that it keeps only what is everybody's: itself alone ends.
  const other = uniqueName();
  const pretender = await holdTitled(scope, [], other, 'net,uts,mnt');
  assert.deepEqual(
    (await done(['end', other])).all('ended').map(({ pid }) => pid),
    [pretender.pid],
  );
});

test("a pin's holder ends by its name", { skip }, async (t) => {
  const scope = testScope(t);
  const held = await unshare(scope, '--net');
  const name = uniqueName();
  const id = idOf(held.pid, 'net');
  const { holder } = (await done(['pin', `net:${id}`, `--name=${name}`, '--holder'])).only('pinned');
  const answer = await done(['end', name]);
  assert.deepEqual(
    answer.all('ended').map(({ pid }) => pid),
    [holder?.pid],
  );
  assert.deepEqual(answer.only('still').held, [{ by: 'process', pid: held.pid }]);
});

test('without the right to signal it is an error, and nothing has gone', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  const holder = await holdTitled(scope, ['unshare', '--uts'], name, 'uts');
  const answer = await ask(['end', name], { through: nobody });
  assert.equal(answer.code, 1);
  assert.match(answer.only('error').errno, /^(EPERM|EACCES)$/);
  assert.deepEqual(answer.all('ended'), []);
  assert.ok(existsSync(`/proc/${holder.pid}`));
});

test('an ordinary user ends its own', { skip }, async (t) => {
  const scope = testScope(t);
  const name = uniqueName();
  const command = ['unshare', '--user', '--map-root-user', '--uts', '--pid', '--fork', '--kill-child'];
  const held = await holdTitled(scope, [...nobody, ...command], name, 'user,uts,pid');
  const pid = childOf(held.pid);
  const uts = idOf(pid, 'uts');
  const answer = await done(['end', name, '--grace=20'], { through: nobody });
  assert.deepEqual(
    answer.all('ended').map((one) => one.pid),
    [pid],
  );
  await goes('uts', uts);
});

test('the interfaces of Linux 4.18 are enough', { skip }, async (t) => {
  const { pid } = await unshare(testScope(t), '--uts');
  const through = [await oldProgram(), '4.18'];
  const answer = await done(['end', `uts:${idOf(pid, 'uts')}`], { through });
  assert.deepEqual(
    answer.all('ended').map((one) => one.pid),
    [pid],
  );
});

test('members that multiply are caught', { skip }, async (t) => {
  const scope = testScope(t);
  const tag = uniqueName();
  const script = 'echo ready; while :; do sleep 0.2 & sleep 0.01; done >/dev/null';
  const held = await hold(scope, ['unshare', '--ipc', 'sh', '-c', script], { END_TEST: tag });
  await until('some', () => processesWith(tag).length > 5);
  const answer = await done(['end', `ipc:${idOf(held.pid, 'ipc')}`, '--grace=100']);
  assert.deepEqual(answer.all('still'), []);
  assert.deepEqual(processesWith(tag), []);
});

test('within serve end, pin and unpin answer, and enter is refused', { skip }, async (t) => {
  const scope = testScope(t);
  const session = await serve(scope);
  const name = uniqueName();
  const { pid } = await unshare(scope, '--uts');
  const pinned = await session.request('pin', `uts:pid:${pid}`, `--name=${name}`, '--holder');
  assert.ok(pinned.end && pinned.records.length === 1, JSON.stringify(pinned));
  assert.equal((await session.request('enter', `--target=pid:${pid}`, '--', 'true')).error?.step, 'verb');
  assert.equal((await session.request('end', `net:${idOf('self', 'net')}`)).error?.errno, 'EPERM');
  // What is kept outlives the connection.
  assert.equal(await session.close(), 0);
  assert.equal(processesWith(`linux-namespaces: ${name}`).length, 1);
  const again = await serve(scope);
  const unpinned = await again.request('unpin', name);
  assert.ok(unpinned.end && unpinned.records.length === 1, JSON.stringify(unpinned));
  assert.equal((await again.request('end', `uts:${idOf(pid, 'uts')}`)).error, undefined);
  assert.ok(!existsSync(`/proc/${pid}/ns/uts`));
});
