import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Once } from '../../../extension/features/files/once.ts';

test('what is kept is taken once, and not when it is old', () => {
  let now = 0;
  const once = new Once<string>(1000, () => now);
  once.put('a', 'first');
  once.put('b', 'second');
  assert.equal(once.take('a'), 'first');
  assert.equal(once.take('a'), undefined);
  now = 1001;
  assert.equal(once.take('b'), undefined);
  once.put('b', 'again');
  assert.equal(once.take('b'), 'again');
});
