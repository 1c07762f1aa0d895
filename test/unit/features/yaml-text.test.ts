import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { yamlText } from '../../../extension/features/documents/yaml-text.ts';
import type { Plain } from '../../../extension/model/details.ts';

/** Reproducible: a linear congruential generator. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

const pieces: readonly string[] = [
  ...Array.from('aZ09 :#-?[]{}!&*|>%@`"\'~=,./\\<_\n\t\r\u0007\u0085\u2028\ufeff·…éλ'),
  ...'null True no y 0x1f 1e3 .inf << --- ... 2024-01-01 1:20 😀'.split(' '),
  ': ',
  ' #',
  '- ',
];

function text(next: (below: number) => number): string {
  return Array.from({ length: next(5) }, () => pieces[next(pieces.length)] ?? '').join('');
}

function value(next: (below: number) => number, depth: number): Plain {
  const kind = next(depth > 3 ? 3 : 5);
  if (kind === 0) return next(100_000);
  if (kind === 1) return next(2) === 0;
  if (kind === 2) return text(next);
  const items = Array.from({ length: next(4) }, () => value(next, depth + 1));
  return kind === 3 ? items : Object.fromEntries(items.map((item) => [text(next), item]));
}

test('whatever is written is read as the same, by YAML 1.2 and 1.1', () => {
  for (let seed = 0; seed < 3000; seed++) {
    const written = value(random(seed), 0);
    const yaml = yamlText(written);
    // Mappings may come without a prototype, or with keys in another order: JSON of both says the same.
    assert.deepEqual(parse(yaml), written, yaml);
    assert.deepEqual(parse(yaml, { version: '1.1' }), written, yaml);
  }
});

test('what people read has no more quotation marks than it needs', () => {
  const details = {
    namespace: 'net:4026532290',
    name: 'blue',
    members: [
      { pid: 7, command: 'sleep 1000' },
      { pid: 8, command: 'no' },
    ],
    paths: ['/run/netns/blue'],
    held: [],
    none: {},
    cgroup: '/user.slice/user@0.service',
    note: 'a: b',
  };
  assert.equal(
    yamlText(details),
    `namespace: net:4026532290
name: blue
members:
  - pid: 7
    command: sleep 1000
  - pid: 8
    command: "no"
paths:
  - /run/netns/blue
held: []
none: {}
cgroup: /user.slice/user@0.service
note: "a: b"
`,
  );
});
