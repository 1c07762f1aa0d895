import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { namespaceTypes } from '../../extension/helper/protocol.ts';
import { leakGuard } from './support/leaks.ts';
import { cgroupOf, idOf, look, unreadable, unshare } from './support/namespaces.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { assertHeld, namespace, processOf, scan } from './support/snapshot.ts';

const skip = missing('root', 'unshare');
leakGuard();

test('a scan says when, on which boot and whether it is complete', { skip }, async () => {
  const { snapshot, end, users } = await scan();
  assert.equal(snapshot.boot, readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  assert.ok(Math.abs(snapshot.time - Date.now() / 1000) < 600, `time ${snapshot.time}`);
  const hidden = unreadable();
  assert.equal(end.unreadable, hidden.length);
  assert.equal(snapshot.complete, hidden.length === 0);
  for (const source of ['proc', 'mounts', 'ioctl']) assert.ok(snapshot.source.includes(source), source);
  for (const source of ['tasks', 'fds', 'sockets']) assert.ok(!snapshot.source.includes(source), source);
  assert.equal(users.get(0), 'root');
});

test('a deep scan names its further sources', { skip }, async () => {
  const { snapshot } = await scan(['--deep']);
  for (const source of ['proc', 'mounts', 'ioctl', 'tasks', 'fds', 'sockets'])
    assert.ok(snapshot.source.includes(source), source);
});

const options = {
  mnt: ['--mount'],
  uts: ['--uts'],
  ipc: ['--ipc'],
  pid: ['--pid', '--fork'],
  net: ['--net'],
  user: ['--user', '--map-root-user'],
  cgroup: ['--cgroup'],
  time: ['--time', '--fork'],
} as const;

for (const type of namespaceTypes) {
  test(`a ${type} namespace made by unshare is listed with its process, owner and parent`, { skip }, async (t) => {
    const held = await unshare(testScope(t), ...options[type]);
    const snapshot = await scan();
    // With --fork it is the child of unshare that is in the namespace.
    const inside = [...snapshot.processes.values()].find(
      ({ pid, ppid, ns }) => (pid === held.pid || ppid === held.pid) && ns?.[type] !== idOf('self', type),
    );
    assert.ok(inside, 'no process of the test is in a namespace of its own');
    assert.equal(inside.ns?.[type], idOf(inside.pid, type));
    const record = namespace(snapshot, type, inside.ns?.[type]);
    // pid and time are also where the children of unshare itself would be created.
    const children =
      options[type].length === 2 && type !== 'user' ? [{ by: 'for_children', pid: held.pid } as const] : [];
    assertHeld(record, { by: 'process', pid: inside.pid }, ...children);
    const { nsid, ...kernel } = await look(`/proc/${inside.pid}/ns/${type}`);
    assert.equal(record.nsid, nsid, 'nsid is not what NS_GET_ID says');
    assert.deepEqual(
      { id: record.id, owner: record.owner, parent: record.parent, uid: record.uid },
      { owner: undefined, parent: undefined, uid: undefined, ...kernel },
    );
    assert.equal(record.owner, idOf('self', 'user'));
  });
}

test('a process is described as /proc describes it', { skip }, async (t) => {
  const held = await unshare(testScope(t), '--uts');
  const record = processOf(await scan(), held.pid);
  const stat = readFileSync(`/proc/${held.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const { ns, ...described } = record;
  assert.deepEqual(described, {
    pid: held.pid,
    start: Number(fields[19]),
    ppid: process.pid,
    uid: 0,
    comm: 'cat',
    cmdline: 'cat',
    cgroup: cgroupOf(held.pid),
  });
  for (const link of [...namespaceTypes, 'pid_for_children', 'time_for_children'] as const) {
    const expected = idOf(held.pid, link);
    const said = ns?.[link];
    // What is the same as the namespace that the process is in may be left out.
    const same = link.endsWith('_for_children') && expected === idOf(held.pid, link.replace('_for_children', ''));
    assert.ok(said === expected || (same && said === undefined), `${link}: ${said} instead of ${expected}`);
  }
});

test('a process in nested pid namespaces has a pid at each level', { skip }, async (t) => {
  const nested = await unshare(testScope(t), '--pid', '--fork', '--mount-proc', 'unshare', '--pid', '--fork');
  const { processes } = await scan();
  const outer = [...processes.values()].find(({ ppid }) => ppid === nested.pid);
  const inner = [...processes.values()].find(({ ppid }) => ppid === outer?.pid);
  assert.ok(outer && inner);
  assert.deepEqual(outer.nspid, [outer.pid, 1]);
  assert.deepEqual(inner.nspid, [inner.pid, 2, 1]);
});

test('user namespaces say who made them', { skip: skip || missing('setpriv') }, async (t) => {
  const scope = testScope(t);
  const held = await unshare(
    scope,
    '--mount',
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    'unshare',
    '--user',
  );
  const snapshot = await scan();
  const record = namespace(snapshot, 'user', processOf(snapshot, held.pid).ns?.user);
  assert.equal(record.uid, 65534);
  assert.equal(record.parent, idOf('self', 'user'));
});

test('the initial namespaces have no parent and no owner beyond the first user namespace', { skip }, async () => {
  const snapshot = await scan();
  const user = namespace(snapshot, 'user', idOf('self', 'user'));
  assert.deepEqual(
    { parent: user.parent, owner: user.owner, uid: user.uid },
    { parent: undefined, owner: undefined, uid: 0 },
  );
  const pid = namespace(snapshot, 'pid', idOf('self', 'pid'));
  assert.deepEqual({ parent: pid.parent, owner: pid.owner }, { parent: undefined, owner: user.id });
});
