/** Sizes of what is shipped. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Benchmark, Row } from './bench.ts';

const limits = [
  // The client of the Language Server Protocol is a library that is loaded for the first file of ours only.
  {
    figure: 'extension bundle, minified, without the language client',
    folder: 'dist',
    files: /^(?!server|nslint|language-).*\.cjs$/,
    limit: 700,
  },
  { figure: 'language client, minified', folder: 'dist', files: /^language-.*\.cjs$/, limit: undefined },
  // Its dialects are loaded with the first file of theirs.
  {
    figure: 'language server, minified, loaded at its start',
    folder: 'dist',
    files: /^server\.cjs$/,
    limit: undefined,
  },
  { figure: 'its dialects, minified', folder: 'dist', files: /^server-.*\.cjs$/, limit: undefined },
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
          reach: limit === undefined ? '' : `≤ ${limit} KB`,
          ok: limit === undefined ? undefined : names.length > 0 && kilobytes <= limit,
        };
      }),
    ),
};

export default benchmark;
