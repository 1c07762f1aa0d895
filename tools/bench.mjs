// @ts-check
/**
 * `npm run bench [-- --json] [-- NAME…]`: every benchmark under test/bench, one table. Builds first, so that the figures are of this
 * state of the code. Figures depend on the machine and its noise: they are compared side by side in one run, never asserted.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageExtension } from './package.mjs';
import { ensurePackages, root, say, testNeeds } from './setup.mjs';

/** @typedef {import('../test/bench/bench.ts').Row} Row */
/** @typedef {import('../test/bench/bench.ts').Benchmark} Benchmark */

/** @returns {Promise<readonly Benchmark[]>} */
async function benchmarks() {
  const folder = join(root, 'test', 'bench');
  const { tsImport } = await import('tsx/esm/api');
  /** @type {Benchmark[]} */
  const found = [];
  for (const file of readdirSync(folder).toSorted()) {
    if (!file.endsWith('.ts')) continue;
    /** @type {{ default?: Benchmark }} */
    const module = await tsImport(pathToFileURL(join(folder, file)).href, import.meta.url);
    if (module.default !== undefined && 'run' in module.default) found.push(module.default);
  }
  return found;
}

/** @param {readonly Row[]} rows */
function table(rows) {
  const lines = rows.map((row) => {
    const verdict = row.ok === undefined ? '' : row.ok ? 'reached' : 'missed';
    return `| ${row.figure} | ${row.value} ${row.unit} | ${row.reach} | ${verdict} | ${row.detail ?? ''} |`;
  });
  return ['| figure | measured | reach | | detail |', '|---|---|---|---|---|', ...lines].join('\n');
}

const json = process.argv.includes('--json');
const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
// Progress must not end up in the JSON that a script reads from stdout.
if (json) process.stdout.write = process.stderr.write.bind(process.stderr);
ensurePackages(testNeeds, { required: false });
await packageExtension();
/** @type {Row[]} */
const rows = [];
for (const benchmark of await benchmarks()) {
  if (names.length > 0 && !names.includes(benchmark.name)) continue;
  say(benchmark.name);
  rows.push(...(await benchmark.run({ root, log: (message) => process.stderr.write(`  ${message}\n`) })));
}
const text = json ? JSON.stringify(rows, undefined, 2) : table(rows);
Reflect.deleteProperty(process.stdout, 'write');
process.stdout.write(`${text}\n`);
