import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { create, end, facts, ping, pin, rename, scan, unpin, watch } from '../../../extension/helper/verbs.ts';
import { HelperError } from '../../../extension/helper/session.ts';
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

test('rename', async () => {
  const { session, say, input } = await openPeer();
  const renaming = rename(session, 'blue', 'red');
  say({ id: 1, record: { renamed: { name: 'red', from: 'blue' } } });
  say({ id: 1, end: {} });
  assert.deepEqual(await renaming, { name: 'red', from: 'blue' });
  assert.match(input(), /6:rename,4:blue,3:red,/);
  const refused = rename(session, 'blue', 'green');
  say({ id: 2, error: { step: 'name', errno: 'EEXIST', number: 17 } });
  await assert.rejects(refused, (error) => error instanceof HelperError && error.record.errno === 'EEXIST');
  const silent = rename(session, 'blue', 'green');
  say({ id: 3, end: {} });
  await assert.rejects(silent, (error) => error instanceof ConnectionError && error.code === 'helper');
});

test('pin by a name, by a holder and by a path', async () => {
  const { session, say, input } = await openPeer();
  const pinned = { type: 'net', id: 4026532290, name: 'blue', path: '/run/netns/blue' };
  const places = [{ name: 'blue', by: 'mount' }, { name: 'blue', by: 'holder' }, { path: '/srv/blue' }] as const;
  for (const [index, place] of places.entries()) {
    const id = index + 1;
    const pinning = pin(session, 'net:4026532290', place);
    say({ id, record: { pinned } });
    say({ id, end: {} });
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(await pinning, pinned);
  }
  const words = '3:pin,14:net:4026532290,11:--name=blue,';
  assert.ok(input().includes(`${words},`));
  assert.ok(input().includes(`${words}8:--holder,,`));
  assert.ok(input().includes('3:pin,14:net:4026532290,16:--path=/srv/blue,,'));
  const silent = pin(session, 'net:1', { path: '/srv/red' });
  say({ id: 4, end: {} });
  await assert.rejects(silent, (error) => error instanceof ConnectionError && error.code === 'helper');
});

test('unpin tells what has gone', async () => {
  const { session, say, input } = await openPeer();
  const done = [
    { unmounted: { path: '/run/netns/blue' } },
    { removed: { path: '/run/linux-namespaces/blue/uts' } },
    { ended: { pid: 912, start: 88123 } },
  ];
  const unpinning = unpin(session, 'blue', { leftover: true });
  for (const record of done) say({ id: 1, record });
  say({ id: 1, end: {} });
  assert.deepEqual(await unpinning, done);
  assert.match(input(), /5:unpin,4:blue,10:--leftover,,/);
  const none = unpin(session, '/run/netns/blue', { leftover: false });
  say({ id: 2, end: {} });
  assert.deepEqual(await none, []);
  assert.match(input(), /5:unpin,15:\/run\/netns\/blue,,/);
  const listed = unpin(session, '/run/netns/blue', { leftover: false, expected: 'net:4026532290' });
  say({ id: 3, end: {} });
  await listed;
  assert.match(input(), /5:unpin,15:\/run\/netns\/blue,23:--expect=net:4026532290,,/);
  const ending = end(session, 'pid:912:88123', { plan: true, expected: 'net:4026532290' });
  say({ id: 4, end: {} });
  await ending;
  assert.match(input(), /3:end,9:--dry-run,23:--expect=net:4026532290,13:pid:912:88123,,/);
});
