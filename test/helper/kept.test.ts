import assert from 'node:assert/strict';
import { unlinkSync } from 'node:fs';
import { test } from 'node:test';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { leakGuard } from './support/leaks.ts';
import { idOf, ipNetns, keep, look, mountKept } from './support/namespaces.ts';
import { hold, holdScript, output } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { assertHeld, namespace, processOf, scan } from './support/snapshot.ts';

const skip = missing('root', 'unshare', 'gcc');
leakGuard();

test(
  'a net namespace of ip netns with no process appears with its path',
  { skip: skip || missing('ip') },
  async (t) => {
    const { path } = await ipNetns(testScope(t));
    const { id, nsid } = await look(path);
    const record = namespace(await scan(), 'net', id);
    assert.equal(record.owner, idOf('self', 'user'));
    assert.equal(record.nsid, nsid);
    const mounts = record.held.filter((holder) => holder.by === 'mount');
    assert.deepEqual(record.held.length, mounts.length, 'held by something else than mounts');
    const own = mounts.filter(({ mntns }) => mntns === idOf('self', 'mnt'));
    assert.ok(own.length > 0, `not held in the caller's mount namespace: ${JSON.stringify(mounts)}`);
    for (const mount of mounts) assert.equal(mount.path.replace(/^\/var/, ''), path);
  },
);

for (const type of namespaceTypes) {
  test(`a ${type} namespace kept only by a mount in another mount namespace appears with both`, { skip }, async (t) => {
    const held = await mountKept(testScope(t), type);
    const { id } = await look(`/proc/${held.pid}/root${held.path}`);
    const snapshot = await scan();
    const mntns = idOf(held.pid, 'mnt');
    assert.equal(processOf(snapshot, held.pid).ns?.mnt, mntns);
    assertHeld(namespace(snapshot, type, id), { by: 'mount', path: held.path, mntns, pid: held.pid });
    const { nsid, ...kernel } = await look(`/proc/${held.pid}/root${held.path}`);
    const record = namespace(snapshot, type, id);
    assert.equal(record.nsid, nsid);
    assert.deepEqual(
      { id: record.id, owner: record.owner, parent: record.parent, uid: record.uid },
      { owner: undefined, parent: undefined, uid: undefined, ...kernel },
    );
  });
}

test('the path of a mount is unescaped, whatever its name', { skip }, async (t) => {
  const scope = testScope(t);
  for (const name of [
    'a b',
    'tab\there',
    'line\nbreak',
    'back\\slash',
    '\\040',
    'ünï',
    '"quoted"',
    '#hash',
    '\u0007\u007f',
  ]) {
    const held = await mountKept(scope, 'net', name);
    const { id } = await look(`/proc/${held.pid}/root${held.path}`);
    const record = namespace(await scan(), 'net', id);
    assertHeld(record, { by: 'mount', path: held.path, mntns: idOf(held.pid, 'mnt'), pid: held.pid });
  }
});

test('a mount over which another one lies still keeps its namespace', { skip }, async (t) => {
  const held = await mountKept(testScope(t), 'net');
  const { id } = await look(`/proc/${held.pid}/root${held.path}`);
  await output(['nsenter', '--mount', '--target', String(held.pid), 'mount', '--bind', '/proc/self/ns/uts', held.path]);
  const record = namespace(await scan(), 'net', id);
  assertHeld(record, { by: 'mount', path: held.path, mntns: idOf(held.pid, 'mnt'), pid: held.pid });
});

test('a mount whose file was deleted in another mount namespace is no reason to fail', { skip }, async (t) => {
  const scope = testScope(t);
  const { path } = await ipNetns(scope);
  const { id } = await look(path);
  // A private copy of all mounts, in which the mount stays when ip deletes it here.
  const other = await hold(scope, ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', holdScript]);
  await output(['umount', path]);
  unlinkSync(path);
  const snapshot = await scan();
  const [copy] = snapshot.namespaces.get(`net:${Number(id)}`)?.held ?? [];
  // Since Linux 3.19 deleting the file detaches the mount everywhere; where it does not, the copy must be named.
  if (copy !== undefined) assert.ok(copy.by === 'mount' && copy.mntns === idOf(other.pid, 'mnt'), JSON.stringify(copy));
});

test('a mount namespace in which no process is, kept by a mount, is looked into', { skip }, async (t) => {
  const scope = testScope(t);
  // A net namespace bound inside a mount namespace that is itself kept by nothing but a mount.
  const held = await mountKept(scope, 'mnt');
  const inside = `/proc/${held.pid}/root${held.path}`;
  const script = 'mount -t tmpfs none /mnt && : >/mnt/deep && unshare --net=/mnt/deep true && stat -Lc %i /mnt/deep';
  const id = Number(await output(['nsenter', `--mount=${inside}`, 'sh', '-c', script]));
  const record = namespace(await scan(), 'net', id);
  assertHeld(record, { by: 'mount', path: '/mnt/deep', mntns: Number((await look(inside)).id) });
});

test('a user namespace kept only by a child is listed', { skip }, async (t) => {
  const held = await keep(testScope(t), 'nested-user');
  const snapshot = await scan();
  assertHeld(namespace(snapshot, 'user', held.words['outer']), { by: 'child' });
  const inner = namespace(snapshot, 'user', held.words['inner']);
  assert.equal(inner.parent, held.words['outer']);
  assertHeld(inner, { by: 'process', pid: held.pid });
  assert.equal(namespace(snapshot, 'user', held.words['outer']).parent, idOf('self', 'user'));
});

test('a chain of user namespaces is followed up to the root', { skip }, async (t) => {
  const depth = 12;
  const words = Array.from({ length: depth }, () => ['unshare', '--user', '--map-root-user']).flat();
  const held = await hold(testScope(t), [...words, 'sh', '-c', holdScript]);
  const snapshot = await scan();
  let record = namespace(snapshot, 'user', idOf(held.pid, 'user'));
  let levels = 0;
  for (; record.parent !== undefined; levels++) record = namespace(snapshot, 'user', record.parent);
  assert.equal(record.id, idOf('self', 'user'));
  assert.equal(levels, depth);
});

test('a pid namespace kept only by a child is listed', { skip }, async (t) => {
  const held = await keep(testScope(t), 'nested-pid');
  const snapshot = await scan(['--deep']);
  const inner = namespace(snapshot, 'pid', held.words['inner']);
  assertHeld(inner, { by: 'fd', pid: held.pid, fd: held.words['fd'] ?? -1 });
  assert.equal(inner.parent, held.words['outer']);
  assertHeld(namespace(snapshot, 'pid', held.words['outer']), { by: 'child' });
});

test('a user namespace kept only by what it owns is listed', { skip }, async (t) => {
  const held = await keep(testScope(t), 'owner');
  const snapshot = await scan(['--deep']);
  const net = namespace(snapshot, 'net', held.words['net']);
  assert.equal(net.owner, held.words['user']);
  assertHeld(net, { by: 'fd', pid: held.pid, fd: held.words['fd'] ?? -1 });
  assertHeld(namespace(snapshot, 'user', held.words['user']), { by: 'child' });
});

test('where the children of a process would be created keeps a time namespace', { skip }, async (t) => {
  const held = await keep(testScope(t), 'for-children', 'time');
  const snapshot = await scan();
  assertHeld(namespace(snapshot, 'time', held.words['id']), { by: 'for_children', pid: held.pid });
  const record = processOf(snapshot, held.pid);
  assert.equal(record.ns?.time, idOf('self', 'time'));
  assert.equal(record.ns?.time_for_children, held.words['id']);
});

test('where the children of a process would be created is told of a pid namespace', { skip }, async (t) => {
  const held = await keep(testScope(t), 'for-children', 'pid');
  const snapshot = await scan();
  const child = held.words['child'] ?? -1;
  assertHeld(
    namespace(snapshot, 'pid', held.words['id']),
    { by: 'process', pid: child },
    { by: 'for_children', pid: held.pid },
  );
  assert.equal(processOf(snapshot, held.pid).ns?.pid_for_children, held.words['id']);
});
