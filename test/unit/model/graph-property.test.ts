import assert from 'node:assert/strict';
import test from 'node:test';
import { HostGraph } from '../../../extension/model/graph.ts';
import { exportGraph } from '../../../extension/model/snapshot-export.ts';
import type { Change, Graph } from '../../../extension/model/types.ts';
import { World } from './world.ts';

type Exported = ReadonlyMap<string, string>;

/** Everything comparable of a graph, by kind and key. The order of lists is looked at by itself. */
function exported(graph: Graph): Exported {
  const state = new Map<string, string>();
  for (const namespace of graph.namespaces.values()) {
    const { key, members, workloads, name, held, owner, parent, uid, initial, leader } = namespace;
    const owns = namespace.owns.toSorted();
    const children = namespace.children.toSorted();
    const fields = { owns, children, members, workloads, name, held, owner, parent, uid, initial, leader };
    state.set(`ns ${key}`, JSON.stringify(fields));
  }
  const { processes, workloads } = exportGraph(graph);
  for (const process of processes) state.set(`process ${field(process, 'pid')}`, JSON.stringify(process));
  for (const workload of workloads) state.set(`workload ${field(workload, 'id')}`, JSON.stringify(workload));
  return state;
}

function field(of: object, name: string): string {
  return String(Object.entries(of).find(([key]) => key === name)?.[1]);
}

/** Lists in display order, which `exportGraph` has sorted away. */
function orders(graph: Graph): unknown {
  return {
    types: (['net', 'mnt', 'user', 'pid'] as const).map((type) => Array.from(graph.ofType(type), ({ key }) => key)),
    workloads: Array.from(graph.workloadList, ({ id, namespaces }) => [id, namespaces]),
    related: [...graph.namespaces.values()]
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, owns, children }) => [key, owns, children]),
  };
}

function assertTold(before: Exported, after: Exported, change: Change): void {
  const told: Record<string, (key: string) => boolean> = {
    ns: (key) =>
      // Keys of the map are those of namespaces.
      [change.added, change.removed, change.changed].some((set) => (set as ReadonlySet<string>).has(key)),
    process: (key) => change.processes.has(Number(key)),
    workload: (key) => change.workloads.has(key),
  };
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [kind = '', ...rest] = name.split(' ');
    const key = rest.join(' ');
    if (before.get(name) === after.get(name)) continue;
    assert.ok(told[kind]?.(key), `${name} changed untold:\n${before.get(name)}\n${after.get(name)}`);
  }
  for (const key of change.added) assert.ok(!before.has(`ns ${key}`) && after.has(`ns ${key}`), `added ${key}`);
  for (const key of change.removed) assert.ok(before.has(`ns ${key}`) && !after.has(`ns ${key}`), `removed ${key}`);
  for (const key of change.changed) assert.ok(before.has(`ns ${key}`) && after.has(`ns ${key}`), `changed ${key}`);
  for (const key of change.removed) assert.ok(change.former.has(key), `where ${key} was`);
}

for (let seed = 1; seed <= 16; seed++) {
  void test(`changes lead where a fresh snapshot leads (seed ${seed})`, () => {
    const world = new World(seed);
    for (let step = 0; step < 30; step++) world.step();
    const graph = new HostGraph();
    graph.apply(world.snapshot());
    for (let round = 0; round < 40; round++) {
      const state = world.state();
      const before = exported(graph);
      for (let steps = world.random.below(6); steps >= 0; steps--) world.step();
      const records = round % 10 === 9 ? world.snapshot() : world.changesSince(state);
      const change = graph.apply(records);
      assertTold(before, exported(graph), change);
      const fresh = new HostGraph();
      fresh.apply(world.snapshot());
      assert.deepEqual(Object.fromEntries(exported(graph)), Object.fromEntries(exported(fresh)));
      assert.deepEqual(orders(graph), orders(fresh));
    }
  });
}
