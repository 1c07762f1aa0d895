import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { facts, ping, scan, watch } from '../../../extension/helper/verbs.ts';
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
