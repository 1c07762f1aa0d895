import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DisposableStore, Emitter } from '../../extension/disposable.ts';

describe('DisposableStore', () => {
  it('disposes the last first, and what arrives late at once', () => {
    const order: string[] = [];
    const item = (name: string) => ({ dispose: () => void order.push(name) });
    const store = new DisposableStore();
    store.add(item('first'));
    store.add(item('second'));
    store.dispose();
    store.dispose();
    store.add(item('late'));
    assert.deepEqual(order, ['second', 'first', 'late']);
  });
});

describe('Emitter', () => {
  it('tells every listener, also after one that throws', () => {
    const emitter = new Emitter<number>();
    const heard: number[] = [];
    emitter.event(() => {
      throw new Error('broken');
    });
    emitter.event((value) => heard.push(value));
    assert.throws(() => emitter.fire(7), /broken/);
    assert.deepEqual(heard, [7]);
  });

  it('counts one function subscribed twice as two subscriptions', () => {
    const emitter = new Emitter<number>();
    const heard: number[] = [];
    const listener = (value: number) => void heard.push(value);
    const first = emitter.event(listener);
    emitter.event(listener);
    emitter.fire(1);
    first.dispose();
    emitter.fire(2);
    assert.deepEqual(heard, [1, 1, 2]);
  });
});
