/** What is taken over from an earlier version of a text is the same as what is found in the text anew. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { OpenDocument } from '../../server/language/dialect.ts';
import { kubernetes } from '../../server/language/dialects/kubernetes/index.ts';
import { dialects } from '../../server/language/dialects/index.ts';
import { judge, noSettings, verdictOn } from '../../server/language/engine.ts';
import type { Span } from '../../server/language/span.ts';
import { documentStarts } from '../../server/language/yaml-documents.ts';
import { readYaml } from '../../server/language/yaml.ts';
import { Random } from '../unit/model/world.ts';

const folder = join(import.meta.dirname, 'fixtures');

function fixtures(id: string): string[] {
  return readdirSync(join(folder, id), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

/** All that is said of a document, with help at some places. */
function sayings(document: OpenDocument): unknown {
  const { text, declared } = document;
  const offsets = Array.from({ length: 12 }, (_, index) => Math.floor((text.length * index) / 11));
  return {
    judgements: judge(document).map(({ rule, ...rest }) => ({ rule: rule.id, ...rest })),
    workloads: declared.workloads,
    help: offsets.map((offset) => [document.describe(offset), document.complete(offset, undefined)]),
  };
}

/** The texts that findings mark. */
function spans(document: OpenDocument): string[] {
  return judge(document).map(({ span: { start, end } }) => document.text.slice(start, end));
}

function excerpt(text: string, { start, end }: Span): string {
  return `${start}: ${text.slice(start, end)}`;
}

function pod(name: string, more = ''): string {
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  hostPID: true\n${more}  containers: [{ name: a, image: b }]\n---\n`;
}

/** What people type into manifests, cut out of them, and put in. */
const typed = [
  '\n---\n',
  '---',
  '\n...\n',
  '-',
  '#',
  ' ',
  '\n',
  '\r\n',
  '"',
  '[',
  '{',
  '&a ',
  '*a',
  'x',
  'hostPID: true\n',
  '%YAML 1.2\n',
  '|\n',
];
const rounds = 60;

for (const dialect of dialects) {
  const texts = fixtures(dialect.id);
  test(`${dialect.id}: after each of many changes, and back`, () => {
    const random = new Random(4);
    const whole = texts.slice(0, 6).join('\n---\n');
    const versions = [whole];
    let [text, document] = [whole, dialect.open(whole)];
    const step = (next: string): void => {
      text = next;
      document = dialect.open(text, '', document);
      assert.equal(document.text, text);
      assert.deepEqual(sayings(document), sayings(dialect.open(text)));
    };
    for (let round = 0; round < rounds; round++) {
      const at = random.below(text.length + 1);
      const cut = random.below(3) === 0 ? random.below(200) : 0;
      step(text.slice(0, at) + random.pick(typed) + text.slice(at + cut));
      versions.push(text);
    }
    for (const before of versions.toReversed().filter((_, index) => index % 4 === 0)) step(before);
  });
}

for (const dialect of dialects) {
  test(`${dialect.id}: a first part of what is found is of what is found in all, and does not spoil the rest`, () => {
    for (const text of fixtures(dialect.id)) {
      const all = judge(dialect.open(text));
      const document = dialect.open(text);
      for (const maximum of [1, 3, 8, 1000]) {
        const { judgements, more } = verdictOn(document, undefined, { ...noSettings, maximum });
        assert.equal(judgements.length, Math.min(maximum, all.length));
        assert.equal(more !== undefined, all.length > maximum);
        for (const each of judgements) assert.ok(all.some((other) => isDeepStrictEqual(other, each)));
      }
      assert.deepEqual(judge(document), all);
    }
  });
}

test('a manifest in which one document changes says of the others what it said', () => {
  const first = kubernetes.open(pod('a') + pod('b') + pod('c'));
  const longer = pod('a') + pod('b', '  hostIPC: true\n') + pod('c');
  const second = kubernetes.open(longer, '', first);
  assert.deepEqual(
    spans(first).filter((text) => text.includes('host')),
    Array(3).fill('hostPID: true'),
  );
  assert.deepEqual(
    spans(second).filter((text) => text.includes('host')),
    ['hostPID: true', 'hostPID: true', 'hostIPC: true', 'hostPID: true'],
  );
  // The shift is undone too.
  assert.deepEqual(spans(kubernetes.open(first.text, '', second)), spans(first));
});

test('what is said of a manifest is the same of its places behind another one', () => {
  for (const text of fixtures('kubernetes')) {
    const before = 'a: b\n---\n';
    const behind = before + text;
    const found = (of: string, by: number): unknown =>
      judge(kubernetes.open(of)).map(({ rule, span, related = [], fixes = [] }) =>
        [
          span,
          ...related.map((each) => each.span),
          ...fixes.flatMap(({ edits }) => edits.map((edit) => edit.span)),
        ].map((each) => `${rule.id} ${excerpt(of.slice(by), { start: each.start - by, end: each.end - by })}`),
      );
    assert.deepEqual(found(behind, before.length), found(text, 0));
    const declared = (of: string, by: number): unknown =>
      kubernetes
        .open(of)
        .declared.workloads.map(({ span, namespaces, sysctls }) =>
          [
            span,
            ...namespaces.flatMap((each) => [each.span, each.sourceSpan]),
            ...sysctls.flatMap((each) => [each.keySpan, each.valueSpan]),
          ].map((each) => excerpt(of.slice(by), { start: each.start - by, end: each.end - by })),
        );
    assert.deepEqual(declared(behind, before.length), declared(text, 0));
    for (const offset of [0, 40, text.length >> 1]) {
      const described = kubernetes.open(behind).describe(offset + before.length);
      const alone = kubernetes.open(text).describe(offset);
      assert.deepEqual(described?.span.start, alone && alone.span.start + before.length);
    }
  }
});

test('documents of a text begin where the reader of YAML has them begin', () => {
  for (const text of [
    ...fixtures('kubernetes'),
    ...fixtures('compose'),
    'a: 1\n--- b\n---\n...\nc: 2\n----\n---x\n',
    '---',
    '',
    '\r---\r',
  ]) {
    const starts = documentStarts(text);
    const apart = starts.flatMap((start, index) => readYaml(text.slice(start, starts[index + 1])));
    assert.equal(apart.length, readYaml(text).length);
  }
});
