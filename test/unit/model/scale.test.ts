import assert from 'node:assert/strict';
import test from 'node:test';
import { affected } from '../../../extension/model/affected.ts';
import { Filter } from '../../../extension/model/filter.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { childCount, children, pageSize, positionOf, roots } from '../../../extension/model/layout.ts';
import type { View } from '../../../extension/model/layout.ts';
import { idOf } from '../../../extension/model/node-ref.ts';
import type { NodeRef } from '../../../extension/model/node-ref.ts';
import { hostNamespaces, population } from './population.ts';

const graph = new HostGraph();
const records = population(50_000, 10_000);
const first = graph.apply(records);

void test('50,000 processes in 10,000 namespaces', () => {
  assert.equal(graph.processes.size, 50_000);
  assert.equal(graph.namespaces.size, 10_008);
  assert.equal(first.added.size, 10_008);
  assert.equal(graph.namespaces.get(`net:${hostNamespaces.net}`)?.memberList.size, 40_000);
  assert.equal(graph.namespaces.get(`user:${hostNamespaces.user}`)?.ownsList.size, 7 + 1250);
  assert.equal([...graph.workloads.values()].filter(({ kind }) => kind === 'docker').length, 1250);
});

void test('the same snapshot again changes nothing', () => {
  const again = graph.apply(records);
  assert.equal(again.reset, true);
  for (const keys of [again.added, again.removed, again.changed, again.processes, again.workloads]) {
    assert.equal(keys.size, 0);
  }
});

void test('a tree shows a page, and says how many there are', () => {
  for (const grouping of ['type', 'owner', 'workload'] as const) {
    const view: View = { graph, grouping, visible: undefined };
    const walk = (refs: readonly NodeRef[], depth: number): void => {
      assert.ok(refs.length <= pageSize + 1);
      for (const ref of refs.slice(0, 5)) if (depth > 0) walk(children(view, ref), depth - 1);
    };
    walk(roots(view), 3);
  }
  const view: View = { graph, grouping: 'type', visible: undefined };
  const list = children(view, { kind: 'type', type: 'net' });
  assert.deepEqual(list.at(-1), { kind: 'more', of: { kind: 'type', type: 'net' }, shown: pageSize, total: 1251 });
  assert.equal(children(view, { kind: 'type', type: 'net' }, Infinity).length, 1251);
  const host: NodeRef = { kind: 'namespace', key: `net:${hostNamespaces.net}`, under: 'type' };
  assert.equal(childCount(view, host), 40_000);
});

void test('one process more among 50,000 touches its namespaces and their rows only', () => {
  const record = {
    pid: 60_000,
    start: 60_000,
    ppid: 1,
    uid: 1000,
    comm: 'new',
    cgroup: '/system.slice/worker-1.service',
  };
  const change = graph.apply([{ process: { ...record, ns: { ...hostNamespaces } } }]);
  assert.equal(change.changed.size, 8);
  assert.deepEqual([...change.processes], [60_000]);
  assert.equal(change.former.size, 0);
  const ids = (grouping: View['grouping']): string[] =>
    affected({ graph, grouping, visible: undefined }, change, undefined).map(idOf).toSorted();
  assert.deepEqual(
    ids('type'),
    Object.entries(hostNamespaces)
      .map(([type, id]) => `type/${type}:${id}`)
      .toSorted(),
  );
  // The two rows that others are below show only their row of processes anew.
  const user = `user:${hostNamespaces.user}`;
  const below = Object.entries(hostNamespaces).filter(([type]) => type !== 'user' && type !== 'pid');
  assert.deepEqual(
    ids('owner'),
    [
      `owner:root/${user}/members`,
      `owner:${user}/pid:${hostNamespaces.pid}/members`,
      ...below.map(([type, id]) => `owner:${user}/${type}:${id}`),
    ].toSorted(),
  );
  assert.equal(ids('workload').length, 8);
  graph.apply([{ gone: { process: { pid: 60_000, start: 60_000 } } }]);
  assert.equal(graph.processes.size, 50_000);
});

void test('one namespace more among 10,000 touches one list', () => {
  const change = graph.apply([
    {
      ns: {
        type: 'net',
        id: 5_000_000_000,
        owner: hostNamespaces.user,
        held: [{ by: 'mount', path: '/run/netns/blue', mntns: hostNamespaces.mnt }],
      },
    },
  ]);
  assert.deepEqual([...change.added], ['net:5000000000']);
  const rows = (grouping: View['grouping']): string[] =>
    affected({ graph, grouping, visible: undefined }, change, undefined).map(idOf);
  assert.deepEqual(rows('type'), ['type/net']);
  assert.deepEqual(rows('owner'), [`owner:root/user:${hostNamespaces.user}`]);
  // The group of those without processes comes with the first of them.
  assert.deepEqual(rows('workload'), ['root']);
  const view: View = { graph, grouping: 'type', visible: undefined };
  const blue: NodeRef = { kind: 'namespace', key: 'net:5000000000', under: 'type' };
  // After the host's own and 1,250 containers with digits for names.
  assert.equal(positionOf(view, blue), 1251);
  assert.deepEqual(children(view, { kind: 'type', type: 'net' }, 1252).at(-1), blue);
  graph.apply([{ gone: { ns: 'net:5000000000' } }]);
});

void test('a filter over 50,000 processes finds by every field, and is kept up by changes', () => {
  const found = (text: string): number =>
    new Filter(graph, { text, types: undefined, hideInitial: true }).namespaces.size;
  assert.equal(found('nginx'), 10_000);
  assert.equal(found('--shard=31337'), 0);
  assert.equal(found('4026540007'), 1);
  assert.equal(found('NGINX worker'), 10_000);
  assert.equal(found('alice'), 0);
  const filter = new Filter(graph, { text: 'redis', types: new Set(['net']), hideInitial: false });
  assert.equal(filter.namespaces.size, 0);
  const container = graph.processes.get(2);
  assert.ok(container?.cgroup);
  const { pid, start, ppid, cgroup } = container;
  const ns = Object.fromEntries(
    Object.entries(container.namespaces ?? {}).map(([type, key]) => [type, Number(key.split(':')[1])]),
  );
  const change = graph.apply([{ process: { pid, start, ppid, cgroup, comm: 'redis', nspid: [2, 1], ns } }]);
  const filtered = filter.update(change);
  assert.deepEqual([...filtered.shown], [container.namespaces?.net]);
  assert.deepEqual([...filter.namespaces], [container.namespaces?.net]);
  assert.equal(filter.count('net'), 1);
  const members = children(
    { graph, grouping: 'type', visible: filter },
    {
      kind: 'namespace',
      key: container.namespaces?.net ?? 'net:0',
      under: 'type',
    },
  );
  assert.deepEqual(
    members.map((ref) => (ref.kind === 'process' ? ref.pid : 0)),
    [2],
  );
});
