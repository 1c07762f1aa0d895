import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../../extension/disposable.ts';
import { untilAnswered } from '../../../extension/features/quick-input.ts';
import { until } from '../../helper/support/wait.ts';

/** One that tells what happens to it. */
function input(name: string, happened: string[]) {
  const hidden = new Emitter<void>();
  const made = {
    show: () => void happened.push(`${name} is shown`),
    dispose: () => void happened.push(`${name} goes`),
    onDidHide: (listener: () => void) => hidden.event(listener),
  };
  return { made, hide: () => hidden.fire() };
}

test('a question that follows an answer takes its place, so that the focus goes nowhere in between', async () => {
  const happened: string[] = [];
  const ask = (name: string): Promise<string | undefined> =>
    untilAnswered<string>((_store, resolve) => {
      resolve('yes');
      return input(name, happened).made;
    });
  assert.equal(await ask('one'), 'yes');
  assert.equal(await ask('two'), 'yes');
  await until('both are gone', () => happened.length === 4);
  assert.deepEqual(happened, ['one is shown', 'two is shown', 'one goes', 'two goes']);
});

test('one that is left has no answer, and goes', async () => {
  const happened: string[] = [];
  const { made, hide } = input('it', happened);
  const answer = untilAnswered<string>(() => made);
  hide();
  assert.equal(await answer, undefined);
  await until('it is gone', () => happened.length === 2);
});
