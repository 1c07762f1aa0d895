import assert from 'node:assert/strict';
import test from 'node:test';
import { SortedList } from '../../../extension/model/sorted-list.ts';
import { displayText, naturalKey } from '../../../extension/model/text.ts';
import { Random } from './world.ts';

const byNumber = (a: number, b: number): number => a - b;

void test('a sorted list is a sorted array, whatever is done to it', () => {
  for (const seed of [1, 2, 3]) {
    const random = new Random(seed);
    const list = new SortedList<number>(byNumber);
    const model = new Set<number>();
    for (let step = 0; step < 6000; step++) {
      const number = random.below(4000);
      if (random.below(3) > 0) assert.equal(list.add(number), !model.has(number));
      else assert.equal(list.delete(number), model.has(number));
      if (list.has(number)) model.add(number);
      else model.delete(number);
    }
    const sorted = [...model].toSorted(byNumber);
    assert.deepEqual([...list], sorted);
    assert.equal(list.size, sorted.length);
    assert.equal(list.first, sorted[0]);
    for (const index of [0, 1, 500, sorted.length - 1, sorted.length]) assert.equal(list.at(index), sorted[index]);
    for (const [start, end] of [
      [0, 200],
      [190, 1200],
      [sorted.length - 3, Infinity],
      [5, 5],
    ] as const) {
      assert.deepEqual(list.slice(start, end), sorted.slice(start, end));
    }
    for (const [index, number] of sorted.entries()) assert.equal(list.indexOf(number), index);
    assert.equal(list.indexOf(-1), -1);
    assert.equal(list.indexOf(1e9), -1);
    while (list.size > 0) assert.equal(list.shift(), sorted.shift());
    assert.equal(list.shift(), undefined);
    assert.deepEqual([...list], []);
  }
});

void test('a part of a long list is read without the rest', () => {
  let compared = 0;
  const list = new SortedList<number>((a, b) => {
    compared++;
    return a - b;
  });
  for (let number = 0; number < 50_000; number++) list.add(number);
  compared = 0;
  list.slice(25_000, 25_200);
  assert.equal(compared, 0);
  list.delete(30_000);
  list.add(30_000.5);
  list.indexOf(49_999);
  // Logarithmic: three searches.
  assert.ok(compared < 100, String(compared));
});

void test('text is made safe to show', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['nginx: worker process', 'nginx: worker process'],
    ['größe 日本 👩‍💻', 'größe 日本 👩\ufffd💻'],
    ['\u001b[31mred\u001b[0m', '\ufffd[31mred\ufffd[0m'],
    ['a\nb\tc\u0000d\u007f\u0085', 'a\ufffdb\ufffdc\ufffdd\ufffd\ufffd'],
    ['\u202egpj.exe', '\ufffdgpj.exe'],
    ['\u2066a\u2069\u200e\u061c', '\ufffda\ufffd\ufffd\ufffd'],
    ['zero\u200bwidth\ufeff', 'zero\ufffdwidth\ufffd'],
    ['half \ud83d', 'half \ufffd'],
    ['tag\u{e0041}', 'tag\ufffd'],
    ['line\u2028break', 'line\ufffdbreak'],
  ];
  for (const [text, shown] of cases) assert.equal(displayText(text), shown);
  assert.equal(displayText('x'.repeat(160)).length, 160);
  assert.equal(displayText('x'.repeat(161)), `${'x'.repeat(159)}…`);
  // A pair is not parted.
  assert.equal(displayText(`${'x'.repeat(8)}👍👍`, 10), `${'x'.repeat(8)}…`);
});

void test('names are ordered as people order them', () => {
  const names = [
    'web10',
    'web2',
    'Web1',
    'web',
    'api-2024-9',
    'api-2024-10',
    'zoo',
    '10',
    '9',
    'web02b',
    '_x',
    '007',
    '7a',
  ];
  const sorted = names.toSorted((a, b) => (naturalKey(a) < naturalKey(b) ? -1 : 1));
  assert.deepEqual(sorted, [
    '007',
    '7a',
    '9',
    '10',
    '_x',
    'api-2024-9',
    'api-2024-10',
    'web',
    'Web1',
    'web2',
    'web02b',
    'web10',
    'zoo',
  ]);
});
