import { Emitter } from '../disposable.ts';
import type { Disposable, Event, Listener } from '../disposable.ts';

/** Milliseconds between looks at the clock. */
const interval = 5_000;

/** A look that comes this many milliseconds late means that the machine slept. A busy event loop can also be the cause; what follows is harmless then. */
const drift = 10_000;

/**
 * Notices that this machine was asleep. Node tells nobody about it, but its timers stand still meanwhile (they count
 * CLOCK_MONOTONIC) and the wall clock does not. Ticks only while somebody listens.
 */
export class WakeDetector implements Disposable {
  readonly #emitter = new Emitter<void>();
  readonly #now: () => number;
  #listeners = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  readonly onDidWake: Event<void> = (listener: Listener<void>) => {
    const subscription = this.#emitter.event(listener);
    let active = true;
    if (this.#listeners++ === 0) this.#start();
    return {
      dispose: () => {
        if (!active) return;
        active = false;
        subscription.dispose();
        if (--this.#listeners === 0) this.#stop();
      },
    };
  };

  dispose(): void {
    this.#stop();
    this.#emitter.dispose();
  }

  #start(): void {
    this.#last = this.#now();
    this.#timer = setInterval(() => {
      const now = this.#now();
      const late = now - this.#last - interval;
      this.#last = now;
      if (late >= drift) this.#emitter.fire();
    }, interval);
    this.#timer.unref();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
