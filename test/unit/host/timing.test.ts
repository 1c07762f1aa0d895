import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { abortable } from '../../../extension/host/abortable.ts';
import { defaultReconnectPolicy, reconnectDelay } from '../../../extension/host/reconnect.ts';
import { WakeDetector } from '../../../extension/host/wake.ts';
import { Deferred, settle } from './fakes.ts';

describe('the delay before a reconnect', () => {
  it('lies anywhere between nothing and a ceiling that doubles from 1 s to 60 s', () => {
    const ceilings = [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000);
    for (const [tries, ceiling] of ceilings.entries()) {
      assert.equal(reconnectDelay(defaultReconnectPolicy, tries, 0), 0);
      assert.equal(reconnectDelay(defaultReconnectPolicy, tries, 0.25), ceiling / 4);
      assert.ok(reconnectDelay(defaultReconnectPolicy, tries, 1 - Number.EPSILON) <= ceiling);
    }
    assert.equal(reconnectDelay(defaultReconnectPolicy, 5_000, 0.5), 30_000);
  });
});

describe('waking', () => {
  it('is noticed by the wall clock running ahead of the timers, and looked for only while somebody listens', () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      let now = 0;
      let looks = 0;
      const detector = new WakeDetector(() => {
        looks++;
        return now;
      });
      let woke = 0;
      mock.timers.tick(60_000);
      assert.equal(looks, 0);
      const first = detector.onDidWake(() => woke++);
      const second = detector.onDidWake(() => woke++);
      const pass = (milliseconds: number, late = 0): void => {
        now += milliseconds + late;
        mock.timers.tick(milliseconds);
      };
      for (let turn = 0; turn < 10; turn++) pass(5_000, 500);
      assert.equal(woke, 0);
      pass(5_000, 3_600_000);
      assert.equal(woke, 2);
      first.dispose();
      first.dispose();
      pass(5_000);
      pass(5_000, 20_000);
      assert.equal(woke, 3);
      // Back in time, as after a correction of the clock.
      pass(5_000, -7_200_000);
      assert.equal(woke, 3);
      second.dispose();
      const before = looks;
      pass(60_000);
      assert.equal(looks, before);
      detector.dispose();
    } finally {
      mock.timers.reset();
    }
  });
});

describe('abortable', () => {
  it('gives the value or the error of its promise', async () => {
    const { signal } = new AbortController();
    assert.equal(await abortable(Promise.resolve(1), signal), 1);
    await assert.rejects(abortable(Promise.reject(new Error('no')), signal), /no/);
  });

  it('ends with the reason at once, and releases what comes late', async () => {
    const controller = new AbortController();
    const deferred = new Deferred<string>();
    const late: string[] = [];
    const waiting = abortable(deferred.promise, controller.signal, (value) => late.push(value));
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    deferred.resolve('late');
    await settle();
    assert.deepEqual(late, ['late']);
    await assert.rejects(
      abortable(Promise.resolve('too late'), controller.signal, (value) => late.push(value)),
      /enough/,
    );
    await settle();
    assert.deepEqual(late, ['late', 'too late']);
  });

  it('hears an error that comes late, so that it is not reported as unhandled', async () => {
    const controller = new AbortController();
    const deferred = new Deferred<string>();
    const waiting = abortable(deferred.promise, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    deferred.reject(new Error('late'));
    await settle();
  });
});
