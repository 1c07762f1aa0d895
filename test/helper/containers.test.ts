import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podmanContainer, runcContainer, type Container } from './support/containers.ts';
import { leakGuard } from './support/leaks.ts';
import { cgroupOf, idOf } from './support/namespaces.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { namespace, processOf, scan } from './support/snapshot.ts';

leakGuard();

async function assertContainer(container: Container): Promise<void> {
  const snapshot = await scan();
  const record = processOf(snapshot, container.pid);
  assert.deepEqual(record.nspid, [container.pid, 1]);
  assert.equal(record.comm, 'tail');
  assert.equal(record.cmdline, '/bin/tail -f /dev/null');
  assert.equal(record.root, undefined, 'pivot_root leaves the root of a mount namespace, not a chroot');
  const cgroup = cgroupOf(container.pid);
  assert.equal(record.cgroup, cgroup);
  assert.ok(cgroup?.includes(container.id), `${cgroup} does not name ${container.id}`);
  for (const type of ['mnt', 'uts', 'ipc', 'pid', 'net'] as const) {
    const id = idOf(container.pid, type);
    assert.notEqual(id, idOf('self', type));
    assert.equal(record.ns?.[type], id);
    assert.ok(
      namespace(snapshot, type, id).held.some((holder) => holder.by === 'process' && holder.pid === container.pid),
    );
  }
  for (const type of ['user', 'time'] as const) assert.equal(record.ns?.[type], idOf('self', type));
}

test('a container of runc is described whole', { skip: missing('root', 'runc', 'busybox') }, async (t) => {
  await assertContainer(await runcContainer(testScope(t)));
});

test('a container of podman is described whole', { skip: missing('root', 'podman', 'runc', 'busybox') }, async (t) => {
  await assertContainer(await podmanContainer(testScope(t)));
});
