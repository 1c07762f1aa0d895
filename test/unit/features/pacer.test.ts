import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { eventGap, Pacer } from '../../../extension/features/tree/pacer.ts';

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
    mock.timers.tick(1000);
    assert.deepEqual(runs, [0]);
  });

  it('leaves the gap that VS Code wants, and not more', () => {
    pacer.now();
    mock.timers.tick(100);
    pacer.within(0);
    pacer.within(40);
    mock.timers.tick(1000);
    assert.deepEqual(runs, [0, eventGap]);
  });

  it('does not wait after the gap', () => {
    pacer.now();
    mock.timers.tick(500);
    pacer.within(0);
    mock.timers.tick(0);
    assert.deepEqual(runs, [0, 500]);
  });

  it('lets what comes late give way to what someone waits for', () => {
    pacer.now();
    mock.timers.tick(10);
    pacer.within(600);
    mock.timers.tick(220);
    pacer.within(0);
    mock.timers.tick(1000);
    assert.deepEqual(runs, [0, 230]);
  });

  it('runs no more once it is disposed', () => {
    pacer.within(40);
    pacer.dispose();
    pacer.within(0);
    pacer.now();
    mock.timers.tick(1000);
    assert.deepEqual(runs, []);
  });
});
