// @ts-check
/** `npm run build`: the helper for this machine's architecture (`--all`: for every one) and the bundled extension, into dist/. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildNeeds, ensureNodeModules, ensurePackages, packageNeeds, root, run, say, which } from './setup.mjs';

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

/** What of a package never runs here, and would be half of what people download. */
const unused = {
  name: 'unused',
  /** @param {import('esbuild').PluginBuild} build */
  setup(build) {
    // ssh2's server side and its making of keys; the package has no entry without them.
    build.onResolve({ filter: /^\.\/(server|keygen|http-agents)\.js$/ }, ({ path, importer }) =>
      /[\\/]ssh2[\\/]lib[\\/]index\.js$/.test(importer) ? { path, namespace: 'unused' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * The entry and, each in a file of its own, what is loaded only when it is needed: VS Code waits until the whole entry is parsed.
 * @returns {Promise<{ metafile: import('esbuild').Metafile, entry: number, total: number }>} sizes in bytes
 */
export async function buildExtension() {
  const { build, transform } = await import('esbuild');
  // The Node of VS Code 1.100, the oldest supported.
  const options = /** @type {const} */ ({ platform: 'node', target: 'node20', minify: true, sourcesContent: false });
  const { outputFiles, metafile } = await build({
    ...options,
    absWorkingDir: root,
    entryPoints: ['extension/extension.ts'],
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    plugins: [unused],
    // Documents are written, never read: without the parser the package is a third.
    alias: { yaml: join(root, 'node_modules', 'yaml', 'dist', 'doc', 'Document.js') },
    // esbuild splits ES modules only, and VS Code 1.100 loads CommonJS only: the second step makes one of the other.
    format: 'esm',
    splitting: true,
    // ssh2 asks for its native parts in try blocks and works without them; they would tie the bundle to one platform.
    external: ['vscode', 'cpu-features', '*.node'],
    sourcemap: 'inline',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const folder = join(root, 'dist');
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (/\.cjs(\.map)?$/.test(file)) rmSync(join(folder, file));
  let entry = 0;
  let total = 0;
  for (const { path, text } of outputFiles) {
    const name = basename(path);
    const { code, map } = await transform(text, {
      ...options,
      format: 'cjs',
      sourcemap: 'external',
      // `import()` becomes `require`, which needs no other loader and ends in the same process tick.
      supported: { 'dynamic-import': false },
    });
    writeFileSync(join(folder, name), `${code}//# sourceMappingURL=${name}.map\n`);
    writeFileSync(join(folder, `${name}.map`), map);
    total += Buffer.byteLength(code);
    if (name === 'extension.cjs') entry = Buffer.byteLength(code);
  }
  return { metafile, entry, total };
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return (bytes / 1000).toFixed(0);
}

/** @param {{ all: boolean }} options */
export async function buildAll({ all }) {
  ensureNodeModules();
  ensurePackages(all ? packageNeeds : buildNeeds, { required: false });
  buildHelper({ all });
  const { metafile, entry, total } = await buildExtension();
  say(
    `Built dist/*.cjs (${kilobytes(total)} KB, of which ${kilobytes(entry)} KB are loaded at the start) and dist/helper/`,
  );
  return metafile;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildAll({ all: process.argv.includes('--all') });
}
