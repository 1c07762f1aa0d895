import type { Disposable } from '../disposable.ts';

/** Runs `action` once, `delay` milliseconds after the first of any number of calls of `run`. */
export function coalesce(action: () => void, delay: number): Disposable & { run(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let disposed = false;
  return {
    run: () => {
      if (disposed) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        action();
      }, delay);
    },
    dispose: () => {
      disposed = true;
      clearTimeout(timer);
    },
  };
}
