/** Sizes of what is shipped. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Benchmark, Row } from './bench.ts';

const limits = [
  { figure: 'extension bundle, minified', folder: 'dist', files: /\.cjs$/, limit: 700 },
  { figure: 'helper for x86_64', folder: 'dist/helper', files: /^nshelper-linux-x86_64$/, limit: 200 },
] as const;

const benchmark: Benchmark = {
  name: 'size',
  run: ({ root }) =>
    Promise.all(
      limits.map(async ({ figure, folder, files, limit }): Promise<Row> => {
        const names = (await readdir(join(root, folder))).filter((name) => files.test(name));
        const sizes = await Promise.all(names.map(async (name) => (await stat(join(root, folder, name))).size));
        const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1000;
        return {
          figure,
          value: Math.round(kilobytes),
          unit: 'KB',
          reach: `≤ ${limit} KB`,
          ok: names.length > 0 && kilobytes <= limit,
        };
      }),
    ),
};

export default benchmark;
