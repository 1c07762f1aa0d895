import assert from 'node:assert/strict';
import test from 'node:test';
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import type { HelperRecord, Holder, NamespaceType } from '../../../extension/helper/protocol.ts';
import { affected } from '../../../extension/model/affected.ts';
import { Filter } from '../../../extension/model/filter.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { children } from '../../../extension/model/layout.ts';
import { idOf } from '../../../extension/model/node-ref.ts';
import type { Grouping, NodeRef } from '../../../extension/model/node-ref.ts';
import { tooltipOf } from '../../../extension/model/rows.ts';
import { namespaceDetails } from '../../../extension/model/details.ts';
import { exportText } from '../../../extension/model/snapshot-export.ts';
import { TreeView } from './tree-view.ts';
import { Random } from './world.ts';

const texts = [
  'nginx',
  'conmon',
  'bwrap',
  '\u202egpj.exe',
  '\u001b[2J',
  '',
  'a'.repeat(5000),
  '\ud800',
  '../../x',
  '__proto__',
];
const cgroups = [
  '',
  '/',
  '///',
  '..',
  '/docker/',
  '/lxc.payload./x',
  `/docker/${'f'.repeat(64)}`,
  '/a'.repeat(2000),
  '/\\x2d\\xff\\xc3.service',
  '/kubepods/pod/pod',
];

/** Any record that has the right shape, out of few numbers, so that they meet. */
function anyRecord(random: Random): HelperRecord {
  const number = (): number =>
    random.pick([0, 1, 2, 3, 4, 5, 6, 7, 4026531837, 4026531836, 4026531840, -1, 1.5, NaN, 2 ** 60]);
  const maybe = <T extends object>(fields: T): T | object => (random.below(3) === 0 ? {} : fields);
  const type = random.pick(namespaceTypes);
  switch (random.below(9)) {
    case 0:
      return { snapshot: { time: number(), complete: random.below(2) === 0, source: [random.pick(texts)] } };
    case 1:
      return { end: { ...maybe({ processes: number() }), ...maybe({ unreadable: number() }) } };
    case 2:
      return { gone: { ns: `${type}:${number()}` } };
    case 3:
      return { gone: { process: { pid: number(), start: number() } } };
    case 4:
      return { user: { uid: number(), name: random.pick(texts) } };
    case 5:
    case 6: {
      const held = Array.from({ length: random.below(4) }, () => anyHolder(random, number));
      return {
        ns: {
          type,
          id: number(),
          held,
          ...maybe({ owner: number() }),
          ...maybe({ parent: number() }),
          ...maybe({ uid: number() }),
        },
      };
    }
    default: {
      const ns: Partial<Record<NamespaceType | 'pid_for_children', number>> = {};
      for (const each of [...namespaceTypes, 'pid_for_children'] as const) if (random.below(4) > 0) ns[each] = number();
      return {
        process: {
          pid: number(),
          start: number(),
          ppid: number(),
          comm: random.pick(texts),
          ...maybe({ uid: number() }),
          ...maybe({
            cmdline: `${random.pick(texts)} -c ${'f'.repeat(64)} -n ${random.pick(texts)} -- ${random.pick(texts)}`,
          }),
          ...maybe({ cgroup: random.pick(cgroups) }),
          ...maybe({ nspid: [number(), number()] }),
          ...maybe({ ns }),
        },
      };
    }
  }
}

function anyHolder(random: Random, number: () => number): Holder {
  return random.pick<Holder>([
    { by: 'process', pid: number() },
    { by: 'mount', path: `/${random.pick(texts)}`, mntns: number() },
    { by: 'fd', pid: number(), fd: number() },
    { by: 'task', pid: number(), tid: number() },
    { by: 'socket', pid: number(), fd: number() },
    { by: 'for_children', pid: number() },
    { by: 'child' },
  ]);
}

for (const grouping of ['type', 'owner', 'workload'] as const satisfies readonly Grouping[]) {
  void test(`whatever records come, the tree by ${grouping} is finite and up to date`, () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed);
      const graph = new HostGraph();
      const filter = seed % 2 === 0 ? new Filter(graph, { text: 'n', types: undefined, hideInitial: true }) : undefined;
      const view = { graph, grouping, visible: filter };
      const tree = new TreeView(view, 5);
      for (let round = 0; round < 30; round++) {
        const records = Array.from({ length: random.below(8) }, () => anyRecord(random));
        const change = graph.apply(records);
        const filtered = filter?.update(change);
        for (const ref of affected(view, change, filtered)) if (tree.rows.has(idOf(ref))) tree.ask(ref);
        const visible = filter === undefined ? undefined : new Filter(graph, filter.options);
        assert.deepEqual(tree.state(), new TreeView({ ...view, visible }, 5).state(), `seed ${seed}, round ${round}`);
      }
      for (const { ref, text } of tree.rows.values()) assertSafe(`${text}${tooltipOf(view, ref) ?? ''}`);
      exportText(graph);
    }
  });
}

/** Nothing in it can move the cursor or turn the text around. */
function assertSafe(text: string): void {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u);
}

void test('circles of owners and parents are shown flat, each namespace once', () => {
  const graph = new HostGraph();
  graph.apply([
    { ns: { type: 'user', id: 10, owner: 11, parent: 11, held: [] } },
    { ns: { type: 'user', id: 11, owner: 10, parent: 10, held: [] } },
    { ns: { type: 'user', id: 12, owner: 12, parent: 12, held: [] } },
    { ns: { type: 'pid', id: 20, owner: 10, parent: 20, held: [] } },
  ]);
  const view = { graph, grouping: 'owner', visible: undefined } as const;
  const all = (ref: NodeRef): NodeRef[] => [ref, ...children(view, ref).flatMap(all)];
  const keys = all({ kind: 'root' }).flatMap((ref) => (ref.kind === 'namespace' ? [ref.key] : []));
  assert.deepEqual(keys.toSorted(), ['pid:20', 'user:10', 'user:11', 'user:12']);
});

void test('nesting deeper than a kernel allows is shown to the end', () => {
  const graph = new HostGraph();
  graph.apply(
    Array.from({ length: 300 }, (_, index) => ({
      ns: { type: 'user' as const, id: index + 1, parent: index, owner: index, held: [] },
    })),
  );
  const view = { graph, grouping: 'owner', visible: undefined } as const;
  const tree = new TreeView(view, 1000);
  assert.equal([...tree.rows.values()].filter(({ ref }) => ref.kind === 'namespace').length, 300);
});

void test('a gone record for what is unknown or another process changes nothing', () => {
  const graph = new HostGraph();
  graph.apply([{ process: { pid: 5, start: 100, ppid: 1, comm: 'new', ns: { net: 7 } } }]);
  const change = graph.apply([
    { gone: { process: { pid: 5, start: 99 } } },
    { gone: { process: { pid: 6, start: 1 } } },
    { gone: { ns: 'mnt:9' } },
  ]);
  assert.equal(graph.processes.get(5)?.comm, 'new');
  assert.deepEqual([change.added.size, change.removed.size, change.changed.size, change.processes.size], [0, 0, 0, 0]);
});

void test('a namespace that processes are in outlives a gone record, and goes with the last of them', () => {
  const graph = new HostGraph();
  graph.apply([
    { ns: { type: 'net', id: 7, owner: 1, held: [{ by: 'process', pid: 5 }] } },
    { process: { pid: 5, start: 100, ppid: 1, comm: 'a', ns: { net: 7 } } },
  ]);
  assert.equal(graph.namespaces.get('net:7')?.owner, 'user:1');
  graph.apply([{ gone: { ns: 'net:7' } }]);
  assert.deepEqual(graph.namespaces.get('net:7')?.members, [5]);
  assert.equal(graph.namespaces.get('net:7')?.owner, undefined);
  const change = graph.apply([{ gone: { process: { pid: 5, start: 100 } } }]);
  assert.deepEqual([...change.removed], ['net:7']);
});

void test('a snapshot that does not end takes nothing away', () => {
  const graph = new HostGraph();
  graph.apply([
    { snapshot: { time: 1, complete: true, source: [] } },
    { process: { pid: 5, start: 100, ppid: 1, comm: 'a', ns: { net: 7 } } },
    { end: {} },
  ]);
  const cut = graph.apply([
    { snapshot: { time: 2, complete: true, source: [] } },
    { process: { pid: 6, start: 200, ppid: 1, comm: 'b', ns: { net: 8 } } },
  ]);
  assert.equal(cut.reset, false);
  assert.deepEqual(new Set(graph.processes.keys()), new Set([5, 6]));
  const whole = graph.apply([
    { snapshot: { time: 3, complete: true, source: [] } },
    { process: { pid: 6, start: 200, ppid: 1, comm: 'b', ns: { net: 8 } } },
    { end: {} },
  ]);
  assert.equal(whole.reset, true);
  assert.deepEqual([...whole.removed], ['net:7']);
  assert.deepEqual([...whole.processes], [5]);
});

test('the details of a namespace stay readable when a hundred thousand descriptors hold it', () => {
  const graph = new HostGraph();
  const held = Array.from({ length: 100_000 }, (_, fd): Holder => ({ by: 'fd', pid: 7, fd }));
  graph.apply([
    { snapshot: { time: 1, complete: true, source: ['proc'] } },
    { ns: { type: 'net', id: 4026532290, held } },
  ]);
  const namespace = graph.namespaces.get('net:4026532290');
  assert.ok(namespace);
  const details = namespaceDetails(graph, namespace);
  assert.ok(typeof details === 'object' && details !== null && 'held by' in details);
  const holders: unknown = details['held by'];
  assert.ok(Array.isArray(holders));
  assert.equal(holders.length, 1001);
  assert.deepEqual(holders.at(-1), { more: 99_000 });
});
