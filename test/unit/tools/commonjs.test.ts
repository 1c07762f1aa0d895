import assert from 'node:assert/strict';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { describe, it } from 'node:test';
import { compileFunction } from 'node:vm';
import { transform } from 'esbuild';
import { toCommonJs } from '../../../tools/commonjs.mjs';

const source = `import { one as first, two } from './numbers.js';
import './effects.js';
import * as path from 'node:path';
export const sum = first + two;
const text = \`a
b\`;
import { posix, sep } from 'node:path';
export async function load() { return (await import('./late.js')).late; }
export { path as module, posix, sep, text };
export function fail() { throw new Error('here'); }
`;
const modules: Readonly<Record<string, unknown>> = {
  './numbers.cjs': { n1: 1, n2: 2 },
  './late.cjs': { late: 'late' },
  'node:path': { posix: 'posix', sep: '/' },
};

async function converted(imports = 4) {
  const { code: text, map } = await transform(source, {
    format: 'esm',
    minify: true,
    sourcemap: 'external',
    sourcefile: 'source.js',
  });
  const names: Readonly<Record<string, string>> = { one: 'n1', two: 'n2' };
  const converting = () =>
    toCommonJs(
      { text, map, imports },
      'file.js',
      (imported) =>
        imported.path.startsWith('./')
          ? {
              ...imported,
              path: imported.path.replace('.js', '.cjs'),
              names: imported.names.map(([name, local]) => [names[name] ?? name, local] as const),
            }
          : imported,
      (path) => (path === './late.js' ? './late.cjs' : undefined),
    );
  return { text, converting };
}

describe('an ES module as CommonJS', () => {
  it('asks for what it imports, under the names there, and gives what it exports', async () => {
    const { code } = (await converted()).converting();
    const asked: string[] = [];
    const module: { exports: Record<string, unknown> } = { exports: {} };
    const require = (path: string): unknown => {
      asked.push(path);
      return modules[path];
    };
    Reflect.apply(compileFunction(code, ['require', 'module']), undefined, [require, module]);
    // A file without names is not loaded, and one that is asked for twice is loaded once.
    assert.deepEqual(asked, ['./numbers.cjs', 'node:path']);
    const { load, fail, ...values } = module.exports;
    assert.deepEqual(values, { sum: 3, text: 'a\nb', module: modules['node:path'], posix: 'posix', sep: '/' });
    assert.equal(typeof fail, 'function');
    assert.ok(typeof load === 'function');
    assert.equal(await Reflect.apply(load, undefined, []), 'late');
  });

  it('keeps the places in the source', async () => {
    const { code, map } = (await converted()).converting();
    // The format is esbuild's.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const payload = JSON.parse(map) as SourceMapPayload;
    const sourceMap = new SourceMap(payload);
    const wanted = source.split('\n').findIndex((line) => line.includes("'here'"));
    const lines = code.split('\n');
    const line = lines.findIndex((text) => text.includes('throw new Error'));
    const entry = sourceMap.findEntry(line, (lines[line] ?? '').indexOf('throw new Error'));
    assert.ok('originalLine' in entry);
    assert.equal(entry.originalLine, wanted);
    assert.equal(entry.originalColumn, (source.split('\n')[wanted] ?? '').indexOf('throw'));
  });

  it('is refused where an import has not been understood', async () => {
    const { converting } = await converted(5);
    assert.throws(converting, /file\.js has 5 imports, and 4 were found/);
  });
});
