// @ts-check
/** `npm run build`: the helper for this machine's architecture (`--all`: for every one) and the bundled extension, into dist/. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildNeeds, ensureNodeModules, ensurePackages, packageNeeds, root, run, say, which } from './setup.mjs';
import { buildSplit, scriptOptions } from './split.mjs';
import { trim } from './trim.mjs';

const helperFolder = join(root, 'dist', 'helper');
const helperSource = join('server', 'helper');

/** Machine names as `uname -m` prints them -> compilers, best first; a further architecture is a line here. */
const architectures = {
  x86_64: ['musl-gcc', 'x86_64-linux-gnu-gcc'],
  aarch64: ['aarch64-linux-musl-gcc', 'aarch64-linux-gnu-gcc'],
};

/** @typedef {keyof typeof architectures} Architecture */

/** @returns {Architecture} */
export function ownArchitecture() {
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64';
}

/** @param {Architecture} architecture */
function compiler(architecture) {
  const native = architecture === ownArchitecture();
  const candidates = native ? ['musl-gcc', ...architectures[architecture], 'gcc'] : architectures[architecture];
  const found = candidates.find((name) => which(name) && (native || name !== 'musl-gcc'));
  if (!found) throw new Error(`No compiler for ${architecture}; looked for ${candidates.join(', ')}`);
  if (!found.includes('musl') && native) {
    say(`musl-gcc is missing: the ${architecture} helper is a static glibc binary, some ten times larger`);
  }
  return found;
}

/** @param {{ all: boolean }} options */
export function buildHelper({ all }) {
  mkdirSync(helperFolder, { recursive: true });
  /** @type {Architecture[]} */
  const wanted = all ? ['x86_64', 'aarch64'] : [ownArchitecture()];
  for (const architecture of wanted) {
    const out = join(helperFolder, `nshelper-linux-${architecture}`);
    run('make', [
      '-s',
      '-C',
      helperSource,
      `ARCH=${architecture}`,
      `CC=${compiler(architecture)}`,
      `OUT=${out}`,
      'all',
    ]);
  }
  writeManifest();
}

/** @param {string} target */
function askMake(target) {
  const result = spawnSync('make', ['-s', '-C', helperSource, target], { cwd: root, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`make ${target}: ${result.stderr}`);
  return result.stdout.trim();
}

/** dist/helper/manifest.json: what the extension carries. A binary of older sources must not ship under the new build's name. */
function writeManifest() {
  const build = askMake('print-build');
  /** @type {Record<string, { file: string, size: number, sha256: string }>} */
  const files = {};
  for (const file of readdirSync(helperFolder)) {
    const architecture = /^nshelper-linux-(.+)$/.exec(file)?.[1];
    if (architecture === undefined) continue;
    const bytes = readFileSync(join(helperFolder, file));
    if (!bytes.includes(build)) {
      rmSync(join(helperFolder, file));
      continue;
    }
    files[architecture] = { file, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  const manifest = { version: askMake('print-version'), build, files };
  writeFileSync(join(helperFolder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/**
 * The editor's API, asked for once. By itself esbuild copies its some four hundred members for each file that imports it.
 * @type {import('esbuild').Plugin}
 */
const editor = {
  name: 'editor',
  setup(build) {
    // A package that asks for it takes what no file of ours does.
    build.onResolve({ filter: /^vscode$/ }, ({ path, namespace, importer }) =>
      namespace === 'editor' || importer.includes('node_modules')
        ? { path, external: true }
        : { path, namespace: 'editor' },
    );
    build.onLoad({ filter: /.*/, namespace: 'editor' }, () => {
      const sources = readdirSync(join(root, 'extension'), { recursive: true, encoding: 'utf8' });
      const used = new Set(
        sources
          .filter((file) => file.endsWith('.ts'))
          .flatMap((file) => [...readFileSync(join(root, 'extension', file), 'utf8').matchAll(/\bvscode\.(\w+)/g)])
          .map(([, member]) => member),
      );
      const members = [...used].map((member) => `export const ${member} = api.${member};`);
      return { contents: ["import api from 'vscode';", ...members].join('\n') };
    });
  },
};

/** @param {string} name of a package that has the form */
function umd(name) {
  return { [name]: join(root, 'node_modules', name, 'lib', 'umd', 'main.js') };
}

export async function buildExtension() {
  const folder = join(root, 'dist');
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (/\.cjs(\.map)?$/.test(file)) rmSync(join(folder, file));
  return buildSplit('extension/extension.ts', 'extension', {
    plugins: [trim, editor],
    // The language client asks for them by `require`, which is not for their other form.
    alias: {
      ...scriptOptions.alias,
      ...umd('vscode-languageserver-types'),
      ...umd('vscode-languageserver-textdocument'),
    },
    // ssh2 asks for its native parts in try blocks and works without them; they would tie the bundle to one platform.
    external: ['vscode', 'cpu-features', '*.node'],
  });
}

/**
 * Programs of their own: the language server, which the extension starts, and the same rules as a command, `nslint`.
 * @returns {Promise<readonly import('esbuild').Metafile[]>}
 */
async function buildPrograms() {
  const { build } = await import('esbuild');
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const server = await buildSplit('server/language/main.ts', 'server', { chunkNames: 'server-[name]-[hash]' });
  const { metafile } = await build({
    ...scriptOptions,
    absWorkingDir: root,
    entryPoints: { nslint: 'server/language/nslint.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' },
    define: { nslintVersion: JSON.stringify(version) },
    sourcemap: 'linked',
    metafile: true,
  });
  chmodSync(join(root, 'dist', 'nslint.cjs'), 0o755);
  return [server.metafile, metafile];
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return (bytes / 1000).toFixed(0);
}

/**
 * @param {{ all: boolean }} options
 * @returns {Promise<readonly string[]>} the source files of everything that is bundled
 */
export async function buildAll({ all }) {
  ensureNodeModules();
  ensurePackages(all ? packageNeeds : buildNeeds, { required: false });
  buildHelper({ all });
  const { metafile, entry, total } = await buildExtension();
  const programs = await buildPrograms();
  say(
    `Built dist/*.cjs (${kilobytes(total)} KB, of which ${kilobytes(entry)} KB are loaded at the start) and dist/helper/`,
  );
  return [metafile, ...programs].flatMap(({ inputs }) => Object.keys(inputs));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildAll({ all: process.argv.includes('--all') });
}
