import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oldProgram } from './support/compile.ts';
import { runHelper } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { idOf, ipNetns, keep, look, unshare } from './support/namespaces.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { assertHeld, namespace, processOf, scan } from './support/snapshot.ts';
import { watch } from './support/watch.ts';

/**
 * Interfaces as on Linux 4.18, the oldest supported, of which no package can be had any more: whatever came later is refused as that kernel would
 * refuse it. The kernels that can be had are booted in kernels.test.ts.
 */
const skip = missing('root', 'gcc', 'unshare');
leakGuard();

for (const deep of [[], ['--deep']]) {
  test(`scan ${deep.join('')} with the interfaces of Linux 4.18`, { skip: skip || missing('ip') }, async (t) => {
    const scope = testScope(t);
    const held = await unshare(scope, '--user', '--map-root-user', '--net');
    const nested = await keep(scope, 'nested-user');
    const { path } = await ipNetns(scope);
    const snapshot = await scan(deep, { through: [await oldProgram(), '4.18'] });
    const { ns } = processOf(snapshot, held.pid);
    const net = namespace(snapshot, 'net', ns?.net);
    assert.equal(net.owner, ns?.user);
    assert.equal(namespace(snapshot, 'user', ns?.user).parent, idOf('self', 'user'));
    assertHeld(namespace(snapshot, 'user', nested.words['outer']), { by: 'child' });
    const mounted = namespace(snapshot, 'net', (await look(path)).id);
    assert.ok(mounted.held.some((holder) => holder.by === 'mount' && holder.path.endsWith(path)));
    for (const { nsid } of snapshot.namespaces.values()) assert.equal(nsid, undefined);
  });
}

test('without any ioctl on namespaces a scan lists what /proc shows', { skip }, async (t) => {
  const held = await unshare(testScope(t), '--net', '--user', '--map-root-user');
  for (const deep of [[], ['--deep']]) {
    const snapshot = await scan(deep, { through: [await oldProgram(), '4.8'] });
    const { ns } = processOf(snapshot, held.pid);
    for (const type of ['net', 'user'] as const) {
      const record = namespace(snapshot, type, ns?.[type]);
      assert.deepEqual(
        { owner: record.owner, parent: record.parent, uid: record.uid },
        { owner: undefined, parent: undefined, uid: undefined },
      );
    }
  }
});

test('threads and file descriptors are found with the interfaces of Linux 4.18', { skip }, async (t) => {
  const scope = testScope(t);
  const [fd, thread] = [await keep(scope, 'fd', 'uts'), await keep(scope, 'thread', 'net')];
  const snapshot = await scan(['--deep'], { through: [await oldProgram(), '4.18'] });
  assertHeld(namespace(snapshot, 'uts', fd.words['id']), { by: 'fd', pid: fd.pid, fd: fd.words['fd'] ?? -1 });
  const { id, tid = -1 } = thread.words;
  assertHeld(namespace(snapshot, 'net', id), { by: 'task', pid: thread.pid, tid });
});

test('facts say what the interfaces of Linux 4.18 lack', { skip }, async () => {
  const { code, records } = await runHelper(['facts'], { through: [await oldProgram(), '4.18'] });
  assert.equal(code, 0);
  const [record] = records;
  assert.ok(record && 'facts' in record);
  assert.deepEqual({ nsid: record.facts.nsid, listns: record.facts.listns }, { nsid: false, listns: false });
});

test('watch and serve work with the interfaces of Linux 4.18', { skip }, async (t) => {
  const scope = testScope(t);
  const watching = await watch(scope, ['--interval=50', '--budget=20'], [await oldProgram(), '4.18']);
  const held = await unshare(scope, '--net');
  await watching.seen('the new process', ({ processes }) => processes.get(held.pid)?.ns?.net === idOf(held.pid, 'net'));
  const { code, records } = await runHelper(['serve'], { through: [await oldProgram(), '4.18'] });
  assert.equal(code, 0);
  assert.ok(records[0] && 'helper' in records[0]);
});
