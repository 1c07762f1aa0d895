import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { eventGap, Pacer } from '../../../extension/features/tree/pacer.ts';

/** A timer without a delay takes one. Step by step: the mocked clock jumps to the end of a tick before it runs what is due. */
function pass(milliseconds: number): void {
  for (let step = 0; step < milliseconds; step++) mock.timers.tick(1);
}

describe('the pace of the tree’s events', () => {
  let runs: number[];
  let pacer: Pacer;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 10_000 });
    runs = [];
    pacer = new Pacer(
      () => runs.push(Date.now() - 10_000),
      () => Date.now(),
    );
  });

  afterEach(() => {
    pacer.dispose();
    mock.timers.reset();
  });

  it('runs once for several wishes, at the earliest of them', () => {
    pacer.within(600);
    pacer.within(0);
    pacer.within(40);
    pass(1000);
    assert.deepEqual(runs, [1]);
  });

  it('leaves the gap that VS Code wants, and not more', () => {
    pacer.now();
    pass(100);
    pacer.within(0);
    pacer.within(40);
    pass(1000);
    assert.deepEqual(runs, [0, eventGap]);
  });

  it('does not wait after the gap', () => {
    pacer.now();
    pass(500);
    pacer.within(0);
    pass(1);
    assert.deepEqual(runs, [0, 501]);
  });

  it('lets what comes late give way to what someone waits for', () => {
    pacer.now();
    pass(10);
    pacer.within(600);
    pass(220);
    pacer.within(0);
    pass(1000);
    assert.deepEqual(runs, [0, 231]);
  });

  it('runs no more once it is disposed', () => {
    pacer.within(40);
    pacer.dispose();
    pacer.within(0);
    pacer.now();
    pass(1000);
    assert.deepEqual(runs, []);
  });
});
