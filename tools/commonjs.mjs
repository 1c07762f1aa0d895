// @ts-check
/**
 * CommonJS of ES modules as esbuild writes them minified: imports at the beginning, one list of exports at the end. esbuild's own
 * CommonJS has a getter for every export, `(0, a.b)(…)` for every call of another file's function and half a kilobyte of helpers
 * in each file: a seventh of what people would download. Plain variables do here, since no binding is exported that changes later
 * (the linter sees to ours, tools/split.mjs to those of packages).
 */
import { compileFunction } from 'node:vm';
import { applyEdits, mapAfterEdits } from './source-map.mjs';

/**
 * @typedef {{ text: string, map: string, imports: number }} Module with the number of its import statements as esbuild counts them
 * @typedef {readonly [exported: string, local: string]} Name
 * @typedef {object} Import
 * @property {string} path
 * @property {readonly Name[]} names
 * @property {string | undefined} whole the variable of the module itself, or of its default export: for what Node or the editor has, the same
 */

const importStatement = /(?<=^|[;}\n])import ?(?:(?:\*as )?([\w$]+))?,?(?:\{([^{}]*)\})? ?(?:from)?"([^"]+)";/g;
const exportList = /export\{([^{}]*)\};\s*$/;

/**
 * `a as b,c` -> [a, b], [c, c]
 * @param {string | undefined} list
 */
function namesOf(list) {
  if (list === undefined || list === '') return [];
  return list.split(',').map((item) => {
    const [first = '', second = first] = item.split(' as ');
    return /** @type {Name} */ ([first, second]);
  });
}

/**
 * @param {Module} module
 * @param {string} file name of the module
 * @param {(imported: Import) => Import} resolve what is to be required; of a module without names nothing is
 * @param {(path: string) => string | undefined} resolveDynamic the file that an `import()` loads, if it is one of ours
 * @returns {{ code: string, map: string }}
 * @throws SyntaxError where the text has another form than is known here
 */
export function toCommonJs({ text, map, imports: count }, file, resolve, resolveDynamic) {
  /** @type {Import[]} */
  const imports = [];
  /** @type {import('./source-map.mjs').Edit[]} */
  const edits = [];
  for (const match of text.matchAll(importStatement)) {
    const [statement, whole, names, path = ''] = match;
    imports.push(resolve({ path, names: namesOf(names), whole }));
    edits.push({ start: match.index, end: match.index + statement.length, text: '' });
  }
  if (imports.length !== count) throw new SyntaxError(`${file} has ${count} imports, and ${imports.length} were found`);
  for (const match of text.matchAll(/\bimport\("([^"]+)"\)/g)) {
    const loaded = resolveDynamic(match[1] ?? '');
    if (loaded === undefined) continue;
    // Needs no other loader and ends in the same process tick.
    const loading = `Promise.resolve().then(()=>require("${loaded}"))`;
    edits.push({ start: match.index, end: match.index + match[0].length, text: loading });
  }
  const exported = exportList.exec(text);
  if (exported !== null) {
    const names = namesOf(exported[1]).map(([local, name]) => (local === name ? name : `${name}:${local}`));
    const end = exported.index + exported[0].trimEnd().length;
    edits.push({ start: exported.index, end, text: `module.exports={${names.join()}};` });
  }
  // As imports are, before everything else.
  edits.push({ start: 0, end: 0, text: requires(imports) });
  edits.sort((a, b) => a.start - b.start || a.end - b.end);
  const code = applyEdits(text, edits);
  // Nothing of an ES module may be left.
  compileFunction(code, ['require', 'module'], { filename: file });
  return { code, map: mapAfterEdits(map, text, edits) };
}

/** @param {readonly Import[]} imports */
function requires(imports) {
  /** @type {Map<string, { wholes: string[], names: string[] }>} */
  const byPath = new Map();
  for (const { path, names, whole } of imports) {
    const of = byPath.get(path) ?? { wholes: [], names: [] };
    byPath.set(path, of);
    if (whole !== undefined) of.wholes.push(whole);
    of.names.push(...names.map(([name, local]) => (name === local ? name : `${name}:${local}`)));
  }
  const variables = [...byPath].flatMap(([path, { wholes, names }]) => {
    const patterns = [...wholes, ...(names.length === 0 ? [] : [`{${names.join()}}`])];
    return patterns.map((pattern, index) => `${pattern}=${index === 0 ? `require("${path}")` : (wholes[0] ?? '')}`);
  });
  return variables.length === 0 ? '' : `var ${variables.join()};`;
}
