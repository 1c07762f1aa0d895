import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetWords } from '../../../extension/files/target-words.ts';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { HostGraph } from '../../../extension/model/graph.ts';

const own = { mnt: 4026531832, user: 4026531837 };

function processRecord(pid: number, mnt: number, cmdline: string): HelperRecord {
  return { process: { pid, start: pid * 10, ppid: 1, uid: 0, comm: 'x', cmdline, ns: { mnt, user: own.user } } };
}

function graph(): HostGraph {
  const built = new HostGraph();
  built.apply([
    { snapshot: { boot: 'boot', time: 1, complete: true, source: ['proc'] } },
    { ns: { type: 'user', id: own.user, held: [] } },
    { ns: { type: 'mnt', id: own.mnt, owner: own.user, held: [] } },
    { ns: { type: 'mnt', id: 4026532300, owner: own.user, held: [] } },
    { ns: { type: 'mnt', id: 4026532400, owner: 4026532401, held: [{ by: 'mount', path: '/run/x', mntns: own.mnt }] } },
    { ns: { type: 'user', id: 4026532401, owner: own.user, held: [] } },
    processRecord(1, own.mnt, '/sbin/init'),
    processRecord(50, 4026532300, 'linux-namespaces: web mnt'),
    { end: { processes: 2, namespaces: 5, unreadable: 0, milliseconds: 1 } },
  ]);
  return built;
}

test('a namespace is reached by its leading process, by itself, or by the helper’s own root', () => {
  const known = graph();
  assert.deepEqual(targetWords(known, own, { kind: 'namespace', key: 'mnt:4026532300' }), {
    words: ['--target=pid:50:500', '--expect=mnt:4026532300'],
  });
  assert.deepEqual(targetWords(known, own, { kind: 'namespace', key: 'mnt:4026531832' }), {
    words: ['--target=mnt:4026531832'],
  });
  assert.deepEqual(targetWords(known, own, { kind: 'namespace', key: 'mnt:4026532400' }), {
    words: ['--target=mnt:4026532400', '--target=user:4026532401'],
  });
});

test('a process is meant by its start, an instance by its name; what is gone is said', () => {
  const known = graph();
  assert.deepEqual(targetWords(known, own, { kind: 'process', pid: 50, start: 500 }), {
    words: ['--target=pid:50:500'],
  });
  assert.deepEqual(targetWords(known, own, { kind: 'instance', name: 'web' }), { words: ['--target=pid:50:500'] });
  const gone = [
    { kind: 'process', pid: 50, start: 501 },
    { kind: 'instance', name: 'other' },
    { kind: 'namespace', key: 'mnt:4026539999' },
  ] as const;
  for (const target of gone) assert.ok('gone' in targetWords(known, own, target));
});
