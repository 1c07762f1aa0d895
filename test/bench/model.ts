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
const size = `${processCount} processes, ${namespaceCount} namespaces`;
const rounds = 5;
const changeRounds = 200;

/**
 * Milliseconds of each run by the clock, which other work on the machine slows, or of processor time, which counts every
 * thread that collects garbage beside it: whichever is less.
 */
class Times {
  readonly #values: number[] = [];

  measure(run: () => void): void {
    const start = performance.now();
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    this.#values.push(Math.min(performance.now() - start, (user + system) / 1000));
  }

  get value(): number {
    return median(this.#values);
  }

  get detail(): string {
    return range(this.#values);
  }
}

function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)}`;
}

/** As it comes off the wire: every text its own string. */
function freshRecords(): HelperRecord[] {
  return population(processCount, namespaceCount);
}

/** Bytes that a graph takes with all its texts; undefined where garbage cannot be collected on demand (`--expose-gc`). */
function memory(): number | undefined {
  const collect = globalThis.gc;
  if (collect === undefined) return undefined;
  collect();
  const before = process.memoryUsage().heapUsed;
  const graph = new HostGraph();
  graph.apply(freshRecords());
  collect();
  const after = process.memoryUsage().heapUsed;
  // Read afterwards, so that it is not collected before.
  return graph.namespaces.size === 0 ? undefined : after - before;
}

function memoryRow(): Row {
  const bytes = memory();
  return {
    figure: 'model: memory of a graph',
    value: bytes === undefined ? 'not measured' : Math.round(bytes / 1e6),
    unit: 'MB',
    reach: '≤ 100 MB',
    ok: bytes === undefined ? undefined : bytes <= 100e6,
    detail: bytes === undefined ? 'needs node --expose-gc' : size,
  };
}

function build(): { readonly graph: HostGraph; readonly rows: Row[] } {
  const times = new Times();
  const again = new Times();
  let graph = new HostGraph();
  for (let round = 0; round < rounds; round++) {
    const records = freshRecords();
    graph = new HostGraph();
    times.measure(() => graph.apply(records));
    const same = freshRecords();
    again.measure(() => graph.apply(same));
  }
  return {
    graph,
    rows: [
      {
        figure: 'model: graph from a snapshot',
        value: Math.round(times.value),
        unit: 'ms',
        reach: '≤ 1000 ms',
        ok: times.value <= 1000,
        detail: `${size}; ${times.detail}`,
      },
      {
        figure: 'model: the same snapshot again',
        value: Math.round(again.value),
        unit: 'ms',
        reach: '',
        ok: undefined,
        detail: `${size}; ${again.detail}`,
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
function oneChange(graph: HostGraph, view: View, filter: Filter | undefined, records: readonly HelperRecord[]): void {
  const change = graph.apply(records);
  const filtered = filter?.update(change);
  for (const ref of affected(view, change, filtered)) {
    rowOf(view, ref);
    for (const child of children(view, ref)) rowOf(view, child);
  }
}

function changes(graph: HostGraph, grouping: Grouping, filter: Filter | undefined): Row {
  const view: View = { graph, grouping, visible: filter };
  const times = new Times();
  for (const ref of roots(view)) children(view, ref);
  for (let round = 0; round < changeRounds; round++) {
    for (const records of comingAndGoing(round)) times.measure(() => oneChange(graph, view, filter, records));
  }
  const { value } = times;
  // With a filter, what is above a visible namespace has to be found again.
  const reach = filter === undefined ? 5 : 25;
  return {
    figure: `model: one change, tree by ${grouping}${filter === undefined ? '' : ', filtered'}`,
    value: Number(value.toFixed(2)),
    unit: 'ms',
    reach: `≤ ${reach} ms`,
    ok: value <= reach,
    detail: `${size}; the graph, the affected rows and their children; ${times.detail}`,
  };
}

const benchmark: Benchmark = {
  name: 'model',
  run(context) {
    context.log(`building graphs of ${size}`);
    const used = memoryRow();
    const { graph, rows } = build();
    rows.push(used);
    context.log('applying changes');
    for (const grouping of ['type', 'owner', 'workload'] as const) rows.push(changes(graph, grouping, undefined));
    const options = { text: 'n', types: undefined, hideInitial: true };
    for (const grouping of ['type', 'owner', 'workload'] as const) {
      rows.push(changes(graph, grouping, new Filter(graph, options)));
    }
    const filtering = new Times();
    for (let round = 0; round < rounds; round++) filtering.measure(() => new Filter(graph, options));
    rows.push({
      figure: 'model: a new filter',
      value: Math.round(filtering.value),
      unit: 'ms',
      reach: '≤ 250 ms',
      ok: filtering.value <= 250,
      detail: `${size}; ${filtering.detail}`,
    });
    return Promise.resolve(rows);
  },
};

export default benchmark;
