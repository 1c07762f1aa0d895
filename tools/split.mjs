// @ts-check
/** A program as its entry and, each in a file of its own, what is loaded only when it is needed. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { toCommonJs } from './commonjs.mjs';
import { root } from './setup.mjs';

export const scriptOptions = /** @type {const} */ ({
  // Its other form asks for its own files in a way that esbuild does not see.
  alias: { 'jsonc-parser': join(root, 'node_modules', 'jsonc-parser', 'lib', 'esm', 'main.js') },
  // The Node of VS Code 1.100, the oldest supported.
  platform: 'node',
  target: 'node20',
  minify: true,
  // Words for people have quotation marks and dots beyond ASCII, which would be written as escapes of twice the size.
  charset: 'utf8',
  // They are in LICENCES.txt.
  legalComments: 'none',
  sourcesContent: false,
  logLevel: 'warning',
});

/** @typedef {import('./commonjs.mjs').Module} Module */

/**
 * A program's entry and, each in a file of its own, what is loaded only when it is needed: nothing runs before all of the entry is parsed.
 * @param {string} entryPoint
 * @param {string} name of the program in dist/
 * @param {Pick<import('esbuild').BuildOptions, 'plugins' | 'external' | 'chunkNames' | 'alias'>} options
 * @returns {Promise<{ metafile: import('esbuild').Metafile, entry: number, total: number }>} sizes in bytes
 */
export async function buildSplit(entryPoint, name, options) {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    ...scriptOptions,
    ...options,
    absWorkingDir: root,
    entryPoints: { [name]: entryPoint },
    outdir: 'dist',
    bundle: true,
    // esbuild splits ES modules only, and VS Code 1.100 loads CommonJS only: the second step makes one of the other.
    format: 'esm',
    splitting: true,
    sourcemap: 'external',
    metafile: true,
    write: false,
  });
  checkBindings(metafile);
  const modules = modulesOf(outputFiles, metafile);
  let total = 0;
  const files = await joinStart(modules, startOf(metafile, name), options.external ?? []);
  for (const [file, { code, map }] of files) {
    writeFileSync(join(root, 'dist', file), `${code}//# sourceMappingURL=${file}.map\n`);
    writeFileSync(join(root, 'dist', `${file}.map`), map);
    total += Buffer.byteLength(code);
  }
  return { metafile, entry: Buffer.byteLength(files.get(`${name}.cjs`)?.code ?? ''), total };
}

/**
 * @param {readonly import('esbuild').OutputFile[]} outputFiles
 * @param {import('esbuild').Metafile} metafile
 * @returns {ReadonlyMap<string, Module>} by the names of the files
 */
function modulesOf(outputFiles, metafile) {
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  return new Map(
    Object.entries(metafile.outputs).flatMap(([path, { imports }]) => {
      const file = basename(path);
      const text = texts.get(file);
      const map = texts.get(`${file}.map`);
      if (text === undefined || map === undefined) return [];
      return [[file, { text, map, imports: imports.filter(({ kind }) => kind === 'import-statement').length }]];
    }),
  );
}

/**
 * An ES module that is asked for by `require` is evaluated late, so that its exports change after they have been read.
 * @param {import('esbuild').Metafile} metafile
 */
function checkBindings({ inputs }) {
  for (const [importer, { imports }] of Object.entries(inputs)) {
    for (const { path, kind } of imports) {
      if (kind === 'require-call' && inputs[path]?.format === 'esm')
        throw new Error(`${importer} requires ${path}, an ES module`);
    }
  }
}

/**
 * Names of the files that the entry needs before it can start, itself first.
 * @param {import('esbuild').Metafile} metafile
 * @param {string} name
 */
function startOf(metafile, name) {
  const start = [`dist/${name}.js`];
  for (const path of start) {
    for (const { path: imported, kind } of metafile.outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && imported.startsWith('dist/') && !start.includes(imported))
        start.push(imported);
    }
  }
  return start.map((path) => basename(path));
}

/** @param {string} file */
function commonJs(file) {
  return file.replace(/js$/, 'cjs');
}

/**
 * CommonJS of the files that esbuild has split, with those of the start joined into one: each file that is looked for,
 * read and compiled by itself costs about a millisecond. The other files find what they share with the start among its exports.
 * @param {ReadonlyMap<string, Module>} modules
 * @param {readonly string[]} start the entry, then what it imports
 * @param {readonly string[]} external
 * @returns {Promise<Map<string, { code: string, map: string }>>}
 */
async function joinStart(modules, start, external) {
  const [entry = ''] = start;
  /** @param {string} path */
  const fileOf = (path) => (modules.has(basename(path)) ? basename(path) : undefined);
  /** @param {string} path */
  const resolveDynamic = (path) => {
    const file = fileOf(path);
    return file === undefined ? undefined : `./${commonJs(file)}`;
  };
  /**
   * What others import of the start: short names, as each file has names of its own for what it exports.
   * @type {Map<string, string>}
   */
  const shared = new Map();
  /** @param {import('./commonjs.mjs').Import} imported */
  const resolve = (imported) => {
    const file = fileOf(imported.path);
    if (file === undefined) return imported;
    if (!start.includes(file)) return { ...imported, path: `./${commonJs(file)}` };
    const names = imported.names.map(([name, local]) => {
      const key = `${file} ${name}`;
      const short = shared.get(key) ?? `$${shared.size.toString(36)}`;
      shared.set(key, short);
      return /** @type {const} */ ([short, local]);
    });
    return { ...imported, path: `./${commonJs(entry)}`, names };
  };
  /** @type {Map<string, { code: string, map: string }>} */
  const files = new Map();
  for (const [file, module] of modules) {
    if (!start.includes(file)) files.set(commonJs(file), toCommonJs(module, file, resolve, resolveDynamic));
  }
  const joined = await joinedModule(modules, entry, shared, external);
  files.set(commonJs(entry), toCommonJs(joined, entry, resolve, resolveDynamic));
  return files;
}

/**
 * @param {ReadonlyMap<string, Module>} modules
 * @param {string} entry
 * @param {ReadonlyMap<string, string>} shared `file name` -> the name under which the others look for it
 * @param {readonly string[]} external
 * @returns {Promise<Module>}
 */
async function joinedModule(modules, entry, shared, external) {
  const { build } = await import('esbuild');
  const exported = [...shared].map(([key, short]) => {
    const [file, name] = key.split(' ');
    return `export {${name} as ${short}} from './${file}';`;
  });
  /** @type {import('esbuild').Plugin} */
  const pieces = {
    name: 'pieces',
    setup(building) {
      building.onResolve({ filter: /^\.\// }, ({ path, kind }) => {
        if (!modules.has(basename(path))) return undefined;
        return kind === 'dynamic-import' ? { path, external: true } : { path: basename(path), namespace: 'piece' };
      });
      building.onLoad({ filter: /.*/, namespace: 'piece' }, ({ path }) => {
        const { text = '', map = '' } = modules.get(path) ?? {};
        const url = `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
        return { contents: `${text}//# sourceMappingURL=${url}`, resolveDir: root };
      });
    },
  };
  const { outputFiles, metafile } = await build({
    ...scriptOptions,
    // Warnings have been given for the sources.
    logLevel: 'error',
    stdin: {
      contents: [`export * from './${entry}';`, ...exported].join('\n'),
      resolveDir: root,
      sourcefile: 'start.js',
    },
    outfile: join(root, 'dist', entry),
    bundle: true,
    format: 'esm',
    plugins: [pieces],
    external: [...external],
    sourcemap: 'external',
    metafile: true,
    write: false,
  });
  const module = modulesOf(outputFiles, metafile).get(entry);
  if (module === undefined) throw new Error(`esbuild wrote no ${entry}`);
  return module;
}
