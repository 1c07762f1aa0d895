// @ts-check
/**
 * `npm test`: sets the machine up, builds, checks and runs every tier. `npm test -- unit ssh` runs only those.
 * Node's own runner executes each tier; its closing counts are added up at the end.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureNodeModules, ensurePackages, root, run, say, testNeeds } from './setup.mjs';

/**
 * @typedef {object} Run
 * @property {string} tier what `npm test -- TIER` calls it
 * @property {string} [folder] under test/, when it is not called like the tier
 * @property {NodeJS.ProcessEnv} [environment]
 * @property {RegExp} [without] files that are left out
 * @property {number} [atOnce] files; otherwise one a core: most of the time is waiting
 */

/** @type {readonly Run[]} */
const runs = [
  { tier: 'unit' },
  // Each of them makes and ends processes and namespaces by the hundred, and looks at all that there are.
  { tier: 'helper', atOnce: 1 },
  // The helper's suite against the ASan and UBSan build, but for what concerns only the binaries that ship.
  {
    tier: 'sanitize',
    folder: 'helper',
    environment: { NSHELPER_BUILD: 'sanitize' },
    without: /(aarch64|fuzz|kernels)\.test\.ts$/,
    atOnce: 1,
  },
  { tier: 'language' },
  { tier: 'ssh' },
  // An editor and a browser are more than one core has time for.
  { tier: 'vscode', atOnce: 1 },
];
const tiers = runs.map(({ tier }) => tier);

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @param {string} name */
function testFiles(name) {
  const folder = join(root, 'test', name);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .toSorted()
    .map((file) => join('test', name, file));
}

/**
 * @param {readonly string[]} files
 * @param {number} atOnce
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<Counts>}
 */
async function runFiles(files, atOnce, environment) {
  const flags = ['--import', 'tsx', '--test', `--test-concurrency=${atOnce}`, '--test-reporter=spec'];
  const child = spawn(process.execPath, [...flags, ...files], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Heard from the start: the process can have ended when its output has been read.
  const ended = new Promise((resolve) => child.once('close', resolve));
  /** @type {Counts} */
  const counts = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Record<string, keyof Counts>} */
  const names = { pass: 'passed', fail: 'failed', cancelled: 'failed', skipped: 'skipped' };
  for await (const line of createInterface({ input: child.stdout })) {
    process.stdout.write(`${line}\n`);
    const [, word, number] = /^ℹ (pass|fail|cancelled|skipped) (\d+)$/.exec(line) ?? [];
    const name = word === undefined ? undefined : names[word];
    if (name) counts[name] += Number(number);
  }
  const code = await ended;
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

async function main() {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((tier) => !tiers.includes(tier));
  if (unknown.length > 0) throw new Error(`No such tier: ${unknown.join(', ')}. There are: ${tiers.join(', ')}`);
  ensureNodeModules();
  ensurePackages(testNeeds, { required: false });
  const { packageExtension } = await import('./package.mjs');
  await packageExtension();
  if (asked.length === 0) {
    say('Checking types, lint and format');
    run('npm', ['run', '--silent', 'check']);
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { tier, folder = tier, environment = {}, without, atOnce = availableParallelism() } of runs) {
    if (asked.length > 0 && !asked.includes(tier)) continue;
    const files = testFiles(folder).filter((file) => without?.test(file) !== true);
    // Without files Node's runner looks for some itself.
    if (files.length === 0) throw new Error(`There are no tests in test/${folder}`);
    const started = Date.now();
    say(`Tier ${tier}: ${files.length} files`);
    const counts = await runFiles(files, atOnce, environment);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    const seconds = Math.round((Date.now() - started) / 1000);
    say(`Tier ${tier}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${seconds} s`);
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

await main();
