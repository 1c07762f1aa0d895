import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { create, facts, ping, scan, unpin, watch } from '../../../extension/helper/verbs.ts';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import { openPeer, settled, version } from './peer.ts';

const snapshot = { snapshot: { time: 1, complete: true, source: ['proc'] } };
const tick = { tick: { processes: 1, namespaces: 8, unreadable: 0, milliseconds: 1, interval: 500, bound: 500 } };
const process = { process: { pid: 1, start: 0, ppid: 0, comm: 'init' } };

test('watch gives whole batches, the first with the snapshot', async () => {
  const { session, say, input } = await openPeer();
  const batches: (readonly HelperRecord[])[] = [];
  const control = new AbortController();
  const watching = watch(session, {
    interval: 500,
    budget: 0.5,
    onBatch: (records) => batches.push(records),
    signal: control.signal,
  });
  for (const record of [snapshot, process]) say({ id: 1, record });
  await settled();
  assert.deepEqual(batches, []);
  for (const record of [tick, tick, { gone: { ns: 'net:1' } }, tick, process]) say({ id: 1, record });
  await settled();
  assert.deepEqual(batches, [[snapshot, process, tick], [tick], [{ gone: { ns: 'net:1' } }, tick]]);
  assert.match(input(), /5:watch,14:--interval=500,12:--budget=0.5,/);
  control.abort();
  await assert.rejects(watching, { name: 'AbortError' });
});

test('watch refuses a host that begins without a snapshot', async () => {
  const { session, say } = await openPeer();
  const watching = watch(session, { interval: 500, budget: 1, onBatch: () => assert.fail() });
  say({ id: 1, record: tick });
  await assert.rejects(watching, (error) => error instanceof ConnectionError && error.code === 'helper');
});

test('scan', async () => {
  const { session, say, input } = await openPeer();
  const records: HelperRecord[] = [];
  const scanning = scan(session, { deep: true, onRecord: (record) => records.push(record) });
  for (const record of [snapshot, process]) say({ id: 1, record });
  say({ id: 1, end: { processes: 1 } });
  assert.deepEqual(await scanning, { processes: 1 });
  assert.deepEqual(records, [snapshot, process]);
  assert.match(input(), /4:scan,6:--deep,/);
});

test('facts, and their absence', async () => {
  const { session, say } = await openPeer();
  const asking = facts(session);
  const record = {
    facts: {
      kernel: '6.1',
      arch: 'x86_64',
      uid: 0,
      gid: 0,
      capabilities: [],
      types: [],
      own: {},
      limits: {},
      restrictions: {},
      subuid: [],
      subgid: [],
      cgroup: 'v2',
      listns: false,
      nsid: false,
      tools: {},
    },
  };
  say({ id: 1, record });
  say({ id: 1, end: {} });
  assert.deepEqual(await asking, record.facts);
  const again = facts(session);
  say({ id: 2, end: {} });
  await assert.rejects(again, /gave no facts/);
});

test('ping is a round trip', async () => {
  const { session, say } = await openPeer();
  const asking = ping(session);
  say({ id: 1, record: { helper: version } });
  say({ id: 1, end: {} });
  await asking;
});

const made = { made: { type: 'uts', id: 4026532290 } };
const kept = { kept: { name: 'web', holder: { pid: 912, start: 88 }, path: '/run/linux-namespaces/web' } };

test('what is kept is created although its program still runs, and is not waited for', async () => {
  const { session, say, input } = await openPeer();
  const creating = create(session, ['--new=uts', '--keep=web', '--', 'sleep', '9']);
  for (const record of [made, kept]) say({ id: 1, record });
  assert.deepEqual(await creating, { made: [made.made], kept: kept.kept });
  assert.match(input(), /6:cancel,1:1,/);
});

test('without a program, and before it is kept, it is the end or the error that counts', async () => {
  const { session, say } = await openPeer();
  const creating = create(session, ['--new=uts', '--keep=web']);
  for (const record of [made, kept]) say({ id: 1, record });
  await settled();
  say({ id: 1, error: { step: 'x', errno: 'EIO', number: 5 } });
  await assert.rejects(creating, { name: 'HelperError' });
  const running = create(session, ['--new=uts', '--keep=web', '--', 'x']);
  say({ id: 2, record: made });
  say({ id: 2, error: { step: 'execve', errno: 'ENOENT', number: 2 } });
  await assert.rejects(running, { name: 'HelperError' });
  const control = new AbortController();
  const cancelled = create(session, ['--new=uts', '--keep=web', '--', 'x'], control.signal);
  control.abort(new Error('no more'));
  await assert.rejects(cancelled, /no more/);
});

test('unpin tells what it took away', async () => {
  const { session, say, input } = await openPeer();
  const unpinning = unpin(session, '/run/netns/a', { leftover: true });
  say({ id: 1, record: { unmounted: { path: '/run/netns/a', type: 'net', id: 1 } } });
  say({ id: 1, record: { ended: { pid: 9, start: 1, signal: 15 } } });
  say({ id: 1, end: {} });
  assert.deepEqual(await unpinning, [{ unmounted: { path: '/run/netns/a' } }, { ended: { pid: 9, start: 1 } }]);
  assert.match(input(), /5:unpin,10:--leftover,12:\/run\/netns\/a,/);
});
