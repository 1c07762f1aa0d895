/** What a benchmark is: a file of this folder whose default export has a name and a `run`. `npm run bench` prints all rows as one table. */
export interface Row {
  readonly figure: string;
  readonly value: number | string;
  readonly unit: string;
  /** What the figure is to reach, in words: `≤ 300 ms`. */
  readonly reach: string;
  /** Undefined where there is nothing to reach. */
  readonly ok: boolean | undefined;
  /** Minimum and maximum, what it was compared with, the conditions. */
  readonly detail?: string;
}

export interface BenchContext {
  /** The project's folder; everything is built. */
  readonly root: string;
  /** Progress, for people. */
  readonly log: (message: string) => void;
}

export interface Benchmark {
  readonly name: string;
  run(context: BenchContext): Promise<readonly Row[]>;
}

/** Middle value; the mean of the two middle ones for an even count. `values` is not empty. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const low = sorted[Math.ceil(half) - 1];
  const high = sorted[Math.floor(half)];
  if (low === undefined || high === undefined) throw new RangeError('median of nothing');
  return (low + high) / 2;
}
