import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { leakGuard } from './support/leaks.ts';
import { idOf, ipNetns, keep, unshare } from './support/namespaces.ts';
import { hold, holdScript } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { assertHeld, namespace, processOf, scan } from './support/snapshot.ts';

const skip = missing('root', 'unshare', 'gcc');
leakGuard();

for (const type of namespaceTypes) {
  test(`a ${type} namespace kept only by a file descriptor is found by a deep scan alone`, { skip }, async (t) => {
    const held = await keep(testScope(t), 'fd', type);
    const id = held.words['id'] ?? -1;
    assert.equal((await scan()).namespaces.has(`${type}:${id}`), false);
    assertHeld(namespace(await scan(['--deep']), type, id), { by: 'fd', pid: held.pid, fd: held.words['fd'] ?? -1 });
  });
}

test('a net namespace kept only by a socket is found by a deep scan', { skip }, async (t) => {
  const held = await keep(testScope(t), 'socket');
  const id = held.words['id'] ?? -1;
  assert.equal((await scan()).namespaces.has(`net:${id}`), false);
  const record = namespace(await scan(['--deep']), 'net', id);
  assertHeld(record, { by: 'socket', pid: held.pid, fd: held.words['fd'] ?? -1 });
  assert.equal(record.owner, idOf('self', 'user'));
});

for (const type of ['net', 'mnt', 'uts', 'ipc', 'cgroup'] as const) {
  test(`a ${type} namespace in which only a thread is, is found by a deep scan`, { skip }, async (t) => {
    const held = await keep(testScope(t), 'thread', type);
    const record = namespace(await scan(['--deep']), type, held.words['id']);
    assertHeld(record, { by: 'task', pid: held.pid, tid: held.words['tid'] ?? -1 });
  });
}

test('threads whose leader has exited are found by a deep scan', { skip }, async (t) => {
  const held = await keep(testScope(t), 'leaderless', 'net');
  const snapshot = await scan(['--deep']);
  assertHeld(namespace(snapshot, 'net', held.words['id']), { by: 'task', pid: held.pid, tid: held.words['tid'] ?? -1 });
  assert.equal(processOf(snapshot, held.pid).zombie, true);
});

test('a deep scan says everything a plain one says', { skip: skip || missing('ip') }, async (t) => {
  const scope = testScope(t);
  const held = await unshare(scope, '--net', '--uts');
  const { path } = await ipNetns(scope);
  const [plain, deep] = [await scan(), await scan(['--deep'])];
  for (const type of ['net', 'uts'] as const) {
    const id = idOf(held.pid, type);
    assertHeld(namespace(plain, type, id), { by: 'process', pid: held.pid });
    assertHeld(namespace(deep, type, id), { by: 'process', pid: held.pid });
  }
  assert.deepEqual(processOf(deep, held.pid), processOf(plain, held.pid));
  const mounted = [...deep.namespaces.values()].filter(({ held: holders }) =>
    holders.some((h) => h.by === 'mount' && h.path === path),
  );
  assert.equal(mounted.length, 1);
});

test('a file descriptor that many processes share is named for each of them', { skip }, async (t) => {
  const scope = testScope(t);
  const script = `exec 9</proc/self/ns/net; unshare --net sh -c 'exec sleep 1000' & child=$!; trap 'kill $child' EXIT; ${holdScript.replace('exec ', '')}`;
  const held = await hold(scope, ['unshare', '--net', 'sh', '-c', script]);
  const id = idOf(held.pid, 'net');
  const holders = namespace(await scan(['--deep']), 'net', id).held.filter((holder) => holder.by === 'fd');
  assert.ok(holders.length >= 2, JSON.stringify(holders));
  assert.ok(holders.every(({ fd }) => fd === 9));
});
