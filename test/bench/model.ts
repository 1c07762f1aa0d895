/** The graph and the tree's layout at full size, without an editor. */
import { affected } from '../../extension/model/affected.ts';
import { Filter } from '../../extension/model/filter.ts';
import { HostGraph } from '../../extension/model/graph.ts';
import { children, roots } from '../../extension/model/layout.ts';
import type { View } from '../../extension/model/layout.ts';
import type { Grouping } from '../../extension/model/node-ref.ts';
import { rowOf } from '../../extension/model/rows.ts';
import type { HelperRecord } from '../../extension/helper/protocol.ts';
import { hostNamespaces, population } from '../unit/model/population.ts';
import type { Benchmark, Row } from './bench.ts';
import { median } from './bench.ts';

const processCount = 50_000;
const namespaceCount = 10_000;
const rounds = 5;
const changeRounds = 200;

/** Of the calling process, in milliseconds of processor time: wall time says as much about the machine's other work. */
function measured(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function elapsed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)}`;
}

/** As it comes off the wire: every text its own string. */
function freshRecords(): HelperRecord[] {
  return population(processCount, namespaceCount);
}

function build(): { readonly graph: HostGraph; readonly rows: Row[] } {
  const wall: number[] = [];
  const cpu: number[] = [];
  let graph = new HostGraph();
  let heap = 0;
  for (let round = 0; round < rounds; round++) {
    const records = freshRecords();
    graph = new HostGraph();
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    cpu.push(measured(() => wall.push(elapsed(() => graph.apply(records)))));
    globalThis.gc?.();
    heap = process.memoryUsage().heapUsed - before;
  }
  const again = [elapsed(() => graph.apply(freshRecords())), elapsed(() => graph.apply(freshRecords()))];
  const size = `${processCount} processes, ${namespaceCount} namespaces`;
  return {
    graph,
    rows: [
      {
        figure: 'model: graph from a snapshot',
        value: Math.round(median(wall)),
        unit: 'ms',
        reach: '≤ 1000 ms',
        ok: median(wall) <= 1000,
        detail: `${size}; ${range(wall)}; processor time ${Math.round(median(cpu))}`,
      },
      {
        figure: 'model: memory of that graph',
        value: Math.round(heap / 1e6),
        unit: 'MB',
        reach: '≤ 100 MB',
        // Without a forced collection the figure means nothing.
        ok: globalThis.gc === undefined ? undefined : heap <= 100e6,
        detail: globalThis.gc === undefined ? 'not collected: run node with --expose-gc' : 'without the records',
      },
      {
        figure: 'model: the same snapshot again',
        value: Math.round(median(again)),
        unit: 'ms',
        reach: '',
        ok: undefined,
        detail: `${size}, with the making of the records`,
      },
    ],
  };
}

/** A namespace that comes with a process and goes again. */
function comingAndGoing(round: number): readonly [HelperRecord[], HelperRecord[]] {
  const pid = 1_000_000 + round;
  const id = 4_100_000_000 + round;
  const tick = { tick: { processes: 1, namespaces: 1, unreadable: 0, milliseconds: 1, interval: 1000, bound: 1000 } };
  const came: HelperRecord[] = [
    { ns: { type: 'net', id, owner: hostNamespaces.user, held: [{ by: 'process', pid }] } },
    {
      process: {
        pid,
        start: pid,
        ppid: 1,
        uid: 0,
        comm: 'unshare',
        cmdline: 'unshare --net sleep 1000',
        cgroup: '/user.slice/user-1000.slice/session-3.scope',
        ns: { ...hostNamespaces, net: id },
      },
    },
    tick,
  ];
  return [came, [{ gone: { process: { pid, start: pid } } }, { gone: { ns: `net:${id}` } }, tick]];
}

/** Everything that an editor asks for after a change: the graph, the rows to show anew, and those rows with what is below. */
function oneChange(graph: HostGraph, view: View, filter: Filter | undefined, records: readonly HelperRecord[]): number {
  return elapsed(() => {
    const change = graph.apply(records);
    const filtered = filter?.update(change);
    for (const ref of affected(view, change, filtered)) {
      rowOf(view, ref);
      for (const child of children(view, ref)) rowOf(view, child);
    }
  });
}

function changes(graph: HostGraph, grouping: Grouping, filter: Filter | undefined): Row {
  const view: View = { graph, grouping, visible: filter };
  const times: number[] = [];
  for (const ref of roots(view)) children(view, ref);
  for (let round = 0; round < changeRounds; round++) {
    for (const records of comingAndGoing(round)) times.push(oneChange(graph, view, filter, records));
  }
  const value = median(times);
  return {
    figure: `model: one change, tree by ${grouping}${filter === undefined ? '' : ', filtered'}`,
    value: Number(value.toFixed(2)),
    unit: 'ms',
    reach: '≤ 5 ms',
    ok: value <= 5,
    detail: `${namespaceCount} namespaces; graph, affected rows and their children; ${range(times)}`,
  };
}

const benchmark: Benchmark = {
  name: 'model',
  run(context) {
    context.log(`building graphs of ${processCount} processes`);
    const { graph, rows } = build();
    context.log('applying changes');
    const options = { text: 'n', types: undefined, hideInitial: true };
    for (const grouping of ['type', 'owner', 'workload'] as const) {
      rows.push(changes(graph, grouping, undefined));
    }
    const filtering = elapsed(() => new Filter(graph, options));
    rows.push(changes(graph, 'owner', new Filter(graph, options)), {
      figure: 'model: a new filter',
      value: Math.round(filtering),
      unit: 'ms',
      reach: '≤ 250 ms',
      ok: filtering <= 250,
      detail: `${processCount} processes`,
    });
    return Promise.resolve(rows);
  },
};

export default benchmark;
