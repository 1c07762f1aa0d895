/** No text, however broken, large or deep, makes a dialect fail, point outside of it, or take more than its share of time. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Dialect } from '../../server/language/dialect.ts';
import { dialects } from '../../server/language/dialects/index.ts';
import { judge } from '../../server/language/engine.ts';
import { hostile } from './support/hostile.ts';
import { holdSound } from './support/soundness.ts';

interface Fixture {
  readonly name: string;
  readonly text: string;
}

const folder = join(import.meta.dirname, 'fixtures');
const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

function fixturesOf({ id }: Dialect): readonly Fixture[] {
  if (!folders.some(({ name }) => name === id)) return [];
  return readdirSync(join(folder, id), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((path) => ({ name: path.slice(folder.length + 1), text: readFileSync(path, 'utf8') }));
}

/** So many places of a text at most: all of a small one. */
function places(text: string, most: number): number[] {
  const step = Math.max(1, Math.ceil(text.length / most));
  return Array.from({ length: Math.ceil(text.length / step) }, (_, index) => index * step);
}

/** What happens to a file on its way through editors, systems and networks. */
const damages: Readonly<Record<string, (text: string) => string>> = {
  CRLF: (text) => text.replaceAll(/\r?\n/g, '\r\n'),
  'CR only': (text) => text.replaceAll(/\r?\n/g, '\r'),
  tabs: (text) => text.replaceAll(/^ +/gm, (blanks) => '\t'.repeat(blanks.length)),
  'a byte order mark': (text) => `\uFEFF${text}`,
  'replacement characters': (text) => text.replaceAll(/[aeiou]/g, '\uFFFD'),
  'lone surrogates': (text) => text.replaceAll('e', '\uD800'),
  'wide characters': (text) => text.replaceAll('o', '🐧'),
  NULs: (text) => text.replaceAll(' ', '\0'),
  'one line': (text) => text.replaceAll(/\s+/g, ' '),
  'no line end at the end': (text) => text.trimEnd(),
  backwards: (text) => Array.from(text).toReversed().join(''),
  twice: (text) => text + text,
  'quotes exchanged': (text) => text.replaceAll(/["']/g, (quote) => (quote === '"' ? "'" : '"')),
};

function processorTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** The shortest of some runs: what else the machine does only lengthens them. */
function shortest(work: () => void): number {
  return Math.min(...Array.from({ length: 3 }, () => processorTime(work)));
}

/** Four times the text may take four times the time; what grows with the square takes sixteen times. */
const bound = 10;
/** What a busy machine or the garbage collector adds comes and goes, a square stays. */
const attempts = 5;

function holdLinear(dialect: Dialect, make: (size: number) => string): void {
  const work = (size: number): (() => void) => {
    const text = make(size);
    return () => {
      judge(dialect.open(text));
    };
  };
  let size = 1 << 14;
  // Below some milliseconds the clock and the compiler are all that is seen.
  while (size < 1 << 20 && shortest(work(size)) < 8000) size *= 2;
  const ratios: string[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const time = Math.max(shortest(work(size)), 2000);
    const ratio = shortest(work(size * 4)) / time;
    if (ratio < bound) return;
    ratios.push(ratio.toFixed(1));
  }
  assert.fail(`${size * 4} characters take ${ratios.join(', ')} times as long as ${size}`);
}

function repeated(piece: string): (size: number) => string {
  return (size) => piece.repeat(Math.ceil(size / Math.max(1, piece.length)));
}

for (const dialect of dialects) {
  const fixtures = fixturesOf(dialect);

  describe(`${dialect.id}: fixtures`, () => {
    test('there are some', () => assert.ok(fixtures.length >= 3, `${fixtures.length} in ${folder}/${dialect.id}`));

    for (const { name, text } of fixtures) {
      test(`${name}: as it is, with help everywhere`, () => {
        assert.ok(dialect.recognises({ path: `/${name}`, languageId: undefined, text }), 'It is not recognised.');
        holdSound(dialect, text, places(text, 2000));
      });
      test(`${name}: every beginning`, () => {
        for (const end of places(text, 400)) holdSound(dialect, text.slice(0, end), [0, end, end >> 1]);
      });
      test(`${name}: without a piece, and without its beginning`, () => {
        for (const at of places(text, 150)) {
          holdSound(dialect, text.slice(0, at) + text.slice(at + 7), [at]);
          holdSound(dialect, text.slice(at), [0]);
        }
      });
      for (const [kind, damage] of Object.entries(damages)) {
        test(`${name}: ${kind}`, () => {
          const damaged = damage(text);
          holdSound(dialect, damaged, places(damaged, 50));
        });
      }
      test(`${name}: many times over, in linear time`, () => {
        holdLinear(dialect, repeated(`${text}\n`));
      });
    }
  });

  describe(`${dialect.id}: hostile texts`, () => {
    for (const [name, make] of Object.entries(hostile)) {
      test(name, () => {
        // Behind something that makes it worth reading, too.
        for (const text of [make(), (fixtures[0]?.text ?? '') + make()]) {
          holdSound(dialect, text, [0, text.length >> 1, text.length]);
        }
      });
    }
    for (const piece of ['a', '\\\n', 'a: b\n', '[', '{', '$(', '"', '"$(', '${', 'a@(', '`', '- ', 'x=y\n']) {
      test(`${JSON.stringify(piece)} in linear time`, () => {
        holdLinear(dialect, (size) => `${fixtures[0]?.text ?? ''}\n${repeated(piece)(size)}`);
      });
    }
  });
}
