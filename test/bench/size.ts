/** Sizes of what is shipped. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Benchmark, Row } from './bench.ts';

const limits = [
  { figure: 'extension bundle, minified', file: 'dist/extension.cjs', limit: 700 },
  { figure: 'helper for x86_64', file: 'dist/helper/nshelper-linux-x86_64', limit: 200 },
] as const;

const benchmark: Benchmark = {
  name: 'size',
  run: ({ root }) =>
    Promise.all(
      limits.map(async ({ figure, file, limit }): Promise<Row> => {
        const kilobytes = (await stat(join(root, file))).size / 1000;
        return { figure, value: Math.round(kilobytes), unit: 'KB', reach: `≤ ${limit} KB`, ok: kilobytes <= limit };
      }),
    ),
};

export default benchmark;
