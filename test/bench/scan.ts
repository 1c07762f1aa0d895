/** `scan` against lsns and against the floor, on one population in one run; and whether its cost per process stays flat. */
import { helper } from '../helper/support/helper.ts';
import { compile } from '../helper/support/compile.ts';
import { population } from '../helper/support/population.ts';
import { output } from '../helper/support/process.ts';
import { Scope } from '../helper/support/scope.ts';
import { median, type BenchContext, type Benchmark, type Row } from './bench.ts';
import { interleaved } from './timing.ts';

const lsns = ['lsns', '-J', '-o', 'NS,TYPE,NPROCS,PID,PPID,COMMAND,UID,USER,PNS,ONS'];

async function withPopulation<T>(count: number, use: () => Promise<T>): Promise<T> {
  const scope = new Scope();
  try {
    await population(scope, count);
    return await use();
  } finally {
    await scope.close();
  }
}

/** Of the pairs of one round each, so that both sides met the same machine. */
function ratio(over: readonly number[], under: readonly number[]): number {
  return median(over.map((value, index) => value / (under[index] ?? Number.NaN)));
}

async function againstLsns({ log }: BenchContext): Promise<Row[]> {
  const floor = await compile(new URL('floor.c', import.meta.url));
  return withPopulation(5000, async () => {
    log('5,000 processes: scan, lsns and the bare loop in turn');
    const [scan = [], peer = [], bare = []] = await interleaved([[helper, 'scan'], lsns, [floor]], 7);
    const version = (await output(['lsns', '--version'])).split(' ').at(-1) ?? '';
    const faster = ratio(peer, scan);
    const dearer = ratio(scan, bare);
    const times = `scan ${median(scan).toFixed(0)} ms, lsns ${version} ${median(peer).toFixed(0)} ms, bare loop ${median(bare).toFixed(0)} ms`;
    return [
      {
        figure: 'scan against lsns, 5,000 processes',
        value: faster.toFixed(1),
        unit: '× faster',
        reach: '≥ 6 ×',
        ok: faster >= 6,
        detail: times,
      },
      {
        figure: 'scan against a bare readlink-and-stat loop',
        value: dearer.toFixed(2),
        unit: '×',
        reach: '≤ 1.5 ×',
        ok: dearer <= 1.5,
        detail: times,
      },
    ];
  });
}

async function flatness({ log }: BenchContext): Promise<Row> {
  const perProcess: number[] = [];
  const sizes = [1000, 5000, 20_000];
  for (const size of sizes) {
    const microseconds = await withPopulation(size, async () => {
      log(`${size.toLocaleString('en-US')} processes: scan`);
      const [times = []] = await interleaved([[helper, 'scan']], 7);
      const last = (await output([helper, 'scan'])).trimEnd().split('\n').at(-1) ?? '';
      const processes = Number(/"processes":(\d+)/.exec(last)?.[1]);
      return (Math.min(...times) * 1000) / processes;
    });
    perProcess.push(microseconds);
  }
  const growth = (perProcess.at(-1) ?? Number.NaN) / (perProcess[0] ?? Number.NaN);
  return {
    figure: 'scan, cost per process, 20,000 against 1,000',
    value: growth.toFixed(2),
    unit: '×',
    reach: '≤ 1.10 ×',
    ok: growth <= 1.1,
    detail: sizes
      .map((size, index) => `${size.toLocaleString('en-US')}: ${perProcess[index]?.toFixed(1)} µs`)
      .join(', '),
  };
}

const benchmark: Benchmark = {
  name: 'scan',
  run: async (context) => [...(await againstLsns(context)), await flatness(context)],
};

export default benchmark;
