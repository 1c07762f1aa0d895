import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isAlias, isMap, isNode, isScalar, isSeq, parseAllDocuments, type Document, type Node } from 'yaml';
import {
  booleanOf,
  deepest,
  entriesOf,
  integerOf,
  pieceOf,
  readYaml,
  resolved,
  scalarOf,
  stepsTo,
  textOf,
  valueAt,
  type YamlNode,
} from '../../server/language/yaml.ts';

/** The same shape from both readers: scalars as texts, maps as lists of pairs, aliases followed. */
type Shape = string | readonly Shape[] | { readonly pairs: readonly (readonly [string, Shape])[] };

function ours(node: YamlNode): Shape {
  const value = resolved(node);
  if (value === undefined) return '';
  if (value.kind === 'map') return { pairs: value.entries.map((entry) => [entry.key, ours(entry.value)] as const) };
  return value.kind === 'list' ? value.items.map(ours) : value.value;
}

function theirs(node: unknown, document: Document): Shape {
  if (isAlias(node)) return theirs(node.resolve(document), document);
  if (isMap(node)) return { pairs: node.items.map(({ key, value }) => [text(key), theirs(value, document)] as const) };
  if (isSeq(node)) return node.items.map((item) => theirs(item, document));
  return text(node);
}

function text(node: unknown): string {
  if (!isScalar(node)) return '';
  return node.type === 'PLAIN' ? (node.source ?? '') : String(node.value);
}

/** The places of all keys and values but block scalars, whose ends the two count differently. */
function places(node: YamlNode, found: number[][] = []): number[][] {
  if (node.kind === 'map') {
    for (const { keySpan, value } of node.entries) {
      found.push([keySpan.start, keySpan.end]);
      places(value, found);
    }
  } else if (node.kind === 'list') for (const item of node.items) places(item, found);
  else if (node.kind === 'scalar' && node.span.end > node.span.start && node.style !== 'block') {
    found.push([node.span.start, node.span.end]);
  }
  return found;
}

function theirPlaces(node: unknown, found: number[][] = []): number[][] {
  const push = ({ range }: Node): void => {
    if (range) found.push([range[0], range[1]]);
  };
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (isNode(key)) push(key);
      theirPlaces(value, found);
    }
  } else if (isSeq(node)) for (const item of node.items) theirPlaces(item, found);
  else if (isScalar(node) && !node.type?.startsWith('BLOCK') && node.range && node.range[1] > node.range[0]) push(node);
  return found;
}

const valid: Readonly<Record<string, string>> = {
  'a map in a list in a map': 'a:\n  - b: 1\n    c: [x, "y"]\n  - d\ne: f\n',
  'a list at the indentation of its key': 'a:\n- b\n- c: d\n  e: f\ng: h',
  'lists in lists': '- - a\n  - b\n-\n  - c\n- - - d\n',
  'flow over several lines': 'a: [1, {b: c, "d":e, f: }, [g]]\nh: {\n  i: j,\n  k,\n  }\nl: m',
  'what Helm templates look like': 'a: {{ .Values.b | quote }}\nc: d\n',
  'pairs in a flow list': '[a: b, "c": d, e]',
  'single and double quotes': "a: 'it''s'\nb: \"x\\ty\\u0041\\\n  z\"\n\"c d\": 'e\n\n  f'\n",
  'block scalars':
    'a: |\n  one\n    two\n\n  three\n\nb: >-\n  folded\n  more\n\n  new\n   kept\n  end\nc: |+\n  x\n\nd: |2\n   y\n',
  'plain scalars over several lines': 'a: one\n  two\n\n  three # comment\nb: c:d e#f -g\n',
  'anchors, aliases and merge keys': 'a: &x {b: c}\nd:\n  <<: *x\n  e: *x\nf: &y\n  g: h\ni: [*y, &z j, *z]\n',
  tags: 'a: !reset null\nb: !!str 5\nc: !override\n  - d\n',
  'documents and directives': '%YAML 1.2\n---\na: b\n---\n- c\n...\n---\nd\n--- e\n',
  'comments everywhere': '# a\nb: # c\n  # d\n  e: f # g\n  - h: i\n'.replace('  - h: i\n', ''),
  'explicit keys': '? a\n: b\n? c\n: - d\n',
  'windows line ends': 'a: b\r\nc:\r\n  - d\r\n  - "e"\r\nf: |\r\n  g\r\n  h\r\n',
  'a byte order mark': '\u{FEFF}a: b\n',
  'nothing but a scalar': 'hello\n  there\n',
  'empty values': 'a:\nb:\n  c:\n- d'.replace('\n- d', '\n'),
  'urls and times': 'a: http://x:80/y\nb: 10:20\nc: [80:80, a:b]\n',
};

const shape = (given: string): Shape => ours(readYaml(given)[0]?.root ?? assert.fail());

describe('the reader of YAML', () => {
  for (const [name, given] of Object.entries(valid)) {
    test(`reads ${name} as the yaml package does`, () => {
      const documents = parseAllDocuments(given, { uniqueKeys: false, logLevel: 'silent' });
      assert.ok(Array.isArray(documents));
      assert.deepEqual(
        documents.flatMap(({ errors }) => errors),
        [],
      );
      const read = readYaml(given);
      assert.deepEqual(
        read.map(({ root }) => ours(root)),
        documents.map((document) => theirs(document.contents, document)),
      );
      assert.deepEqual(
        read.map(({ root }) => places(root)),
        documents.map(({ contents }) => theirPlaces(contents)),
      );
    });
  }

  test('finds what merge keys bring in, own keys first and earlier sources before later', () => {
    const [document] = readYaml('a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n');
    const entries = entriesOf(valueAt(document?.root, 'c'));
    assert.deepEqual(
      [...entries].map(([key, { value }]) => [key, textOf(value)]),
      [
        ['x', '3'],
        ['y', '1'],
        ['z', '2'],
      ],
    );
  });

  test('does not expand what would be large', () => {
    const lines = ['a0: &a0 {k: v}'];
    for (let at = 1; at < 60; at += 1) lines.push(`a${at}: &a${at} {<<: [*a${at - 1}, *a${at - 1}], k${at}: v}`);
    for (let at = 1; at < 60; at += 1) lines.push(`b${at}: &b${at} [${`*b${at - 1}, `.repeat(9)}]`);
    const [document] = readYaml(lines.join('\n'));
    assert.equal(entriesOf(valueAt(document?.root, 'a59')).size, 60);
    const many = Array.from({ length: 5000 }, (_, at) => `x${at}: &x${at} {<<: *x${at - 1}, k${at}: v}`);
    const [large] = readYaml(many.join('\n'));
    assert.ok(entriesOf(valueAt(large?.root, 'x4999')).size <= 5000);
  });

  test('has no alias within what it refers to', () => {
    const [document] = readYaml('a: &a\n  b: *a\nc: &c [*c]\nd: *a\n');
    assert.equal(textOf(valueAt(document?.root, 'a', 'b')), undefined);
    assert.equal(valueAt(document?.root, 'd')?.kind, 'map');
  });

  test('leaves out what is deeper than trees may be', () => {
    for (const given of ['['.repeat(9999), '{a: '.repeat(9999), '- '.repeat(9999), '? '.repeat(9999)]) {
      let [depth, node] = [0, readYaml(given)[0]?.root];
      while (node !== undefined && node.kind !== 'scalar') {
        depth += 1;
        node = node.kind === 'list' ? node.items[0] : node.kind === 'map' ? node.entries[0]?.value : undefined;
      }
      assert.ok(depth <= deepest + 1, `${depth}`);
    }
  });

  test('takes what is not finished for what it will be', () => {
    assert.deepEqual(shape('a:\n  b: c\n  d\n  e: f\n'), {
      pairs: [
        [
          'a',
          {
            pairs: [
              ['b', 'c'],
              ['d', ''],
              ['e', 'f'],
            ],
          },
        ],
      ],
    });
    assert.deepEqual(shape('a:\n  b\n  c: d\n'), {
      pairs: [
        [
          'a',
          {
            pairs: [
              ['b', ''],
              ['c', 'd'],
            ],
          },
        ],
      ],
    });
    assert.deepEqual(shape('a: "b\nc: d\n'), {
      pairs: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    });
    assert.deepEqual(shape('a: [b, c\nd: e\n'), {
      pairs: [
        ['a', ['b', 'c']],
        ['d', 'e'],
      ],
    });
    assert.deepEqual(shape('a: service:\nb: c\n'), {
      pairs: [
        ['a', 'service:'],
        ['b', 'c'],
      ],
    });
  });

  test('tells types apart', () => {
    const [document] = readYaml('a: yes\nb: "true"\nc: 0x10\nd: "5"\ne: -7\nf: off\ng: ~\n');
    const at = (key: string) => valueAt(document?.root, key);
    assert.deepEqual([booleanOf(at('a')), booleanOf(at('b')), booleanOf(at('f'))], [true, undefined, false]);
    assert.deepEqual([integerOf(at('c')), integerOf(at('d')), integerOf(at('e'))], [16, undefined, -7]);
    assert.equal(textOf(at('g')), undefined);
  });

  test('finds the place of a piece, and the way to an offset', () => {
    const given = 'a:\n  - b: "host:80"\n';
    const [document] = readYaml(given);
    const scalar = scalarOf(document && resolved(document.root) && stepsValue(given, document.root));
    assert.ok(scalar && document);
    const { start, end } = pieceOf(scalar, 5, 7);
    assert.equal(given.slice(start, end), '80');
    const steps = stepsTo(document, given.indexOf('80'));
    assert.deepEqual(
      steps.map((step) => ('entry' in step ? step.entry.key : step.index)),
      ['a', 0, 'b'],
    );
  });
});

function stepsValue(given: string, root: YamlNode): YamlNode | undefined {
  const list = valueAt(root, 'a');
  const item = list?.kind === 'list' ? list.items[0] : assert.fail(given);
  return valueAt(item, 'b');
}
