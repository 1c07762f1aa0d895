import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  addition,
  itemsOf,
  memberOf,
  numberOf,
  parseJson,
  placeAt,
  removal,
  textOf,
  valueAt,
  type JsonValue,
} from '../../server/language/json.ts';
import { applied } from './support/judging.ts';

/** What JSON.parse would have made of it. */
function plain(value: JsonValue | undefined): unknown {
  if (value?.kind === 'object') return Object.fromEntries(value.members.map((one) => [one.name, plain(one.value)]));
  return value?.kind === 'array' ? value.items.map(plain) : value?.value;
}

function added(text: string): string {
  const root = parseJson(text);
  assert.ok(root !== undefined && root.kind !== 'scalar');
  return applied(text, [addition(text, root, '9')]);
}

describe('JSON with places', () => {
  test('is what JSON.parse reads', () => {
    for (const text of [
      '{"a":[1,-2.5e3,"x\\u00e9\\n",true,false,null,{},[]],"b":{"c":{"d":[[1]]}}}',
      ' [ ] ',
      '"x"',
      '7',
    ]) {
      assert.deepEqual(plain(parseJson(text)), JSON.parse(text));
    }
  });

  test('each value has its own piece of the text, whatever ends its lines', () => {
    const text = '{\r\n\t"one": [10, "zwei \u{1f600}"],\r\n\t"two": {"three": null}\r\n}';
    const root = parseJson(text);
    const piece = (value: { readonly span: { start: number; end: number } } | undefined): string | undefined =>
      value && text.slice(value.span.start, value.span.end);
    assert.equal(piece(root), text);
    assert.deepEqual(itemsOf(valueAt(root, 'one')).map(piece), ['10', '"zwei \u{1f600}"']);
    assert.equal(piece(memberOf(root, 'two')), '"two": {"three": null}');
    assert.equal(piece(valueAt(root, 'two', 'three')), 'null');
  });

  test('comments and commas that are too many are passed over', () => {
    assert.deepEqual(plain(parseJson('// first\n{"a": 1, /* b */ "c": [2,], }')), { a: 1, c: [2] });
  });

  test('of a name that is there twice the last counts', () => {
    assert.equal(numberOf(valueAt(parseJson('{"a":1,"a":2}'), 'a')), 2);
    assert.equal(valueAt(parseJson('{"a":1}'), '__proto__'), undefined);
  });

  test('what is still being written is read as far as it goes', () => {
    const text = '{"process":{"cwd":"/"},"linux":{"namespaces":[{"type":"pid"},{"type":';
    for (let end = 0; end <= text.length; end++) parseJson(text.slice(0, end));
    const root = parseJson(text);
    assert.equal(textOf(valueAt(itemsOf(valueAt(root, 'linux', 'namespaces'))[0], 'type')), 'pid');
    assert.deepEqual(plain(parseJson('{"a":[1,2}')), { a: [1, 2] });
    assert.deepEqual(plain(parseJson('{"a":1 "b":2}')), { a: 1 });
    assert.equal(parseJson(''), undefined);
    assert.deepEqual(plain(parseJson(']}{"a":1}')), { a: 1 });
  });

  test('deep nesting overflows nothing, and what follows it is read', () => {
    const deep = 200_000;
    assert.equal(parseJson('['.repeat(deep))?.kind, 'array');
    assert.equal(parseJson('{"a":'.repeat(deep))?.kind, 'object');
    const root = parseJson(`{"a":${'['.repeat(deep)}${']'.repeat(deep)},"b":1}`);
    assert.equal(numberOf(valueAt(root, 'b')), 1);
  });

  test('an offset has a path', () => {
    const text = '{"a":[{"b":"x"}, 3],  "c":{ } }';
    const path = (offset: number): unknown => {
      const { path: found, inName, member } = placeAt(parseJson(text), offset) ?? {};
      return [found, inName, member?.name];
    };
    assert.deepEqual(path(text.indexOf('"b"') + 1), [['a', 0, 'b'], true, 'b']);
    assert.deepEqual(path(text.indexOf('x')), [['a', 0, 'b'], false, 'b']);
    assert.deepEqual(path(text.indexOf('3')), [['a', 1], false, undefined]);
    assert.deepEqual(path(text.indexOf('{ }') + 1), [['c'], false, undefined]);
    assert.equal(placeAt(undefined, 0), undefined);
  });

  test('an item goes with the comma that belongs to it', () => {
    const text = '[ 1, 2,\n 3 ]';
    const without = (index: number): string => {
      const edit = removal(itemsOf(parseJson(text)), index);
      return edit === undefined ? text : applied(text, [edit]);
    };
    assert.deepEqual([0, 1, 2, 3].map(without), ['[ 2,\n 3 ]', '[ 1, 3 ]', '[ 1, 2 ]', text]);
  });

  test('an item is added as the others are written', () => {
    assert.equal(added('[]'), '[9]');
    assert.equal(added('[1]'), '[1, 9]');
    assert.equal(added('[1, 2]'), '[1, 2, 9]');
    assert.equal(added('[\n  1\n]'), '[\n  1,\n  9\n]');
    assert.equal(added('[\n  1,\n  2\n]'), '[\n  1,\n  2,\n  9\n]');
  });
});
