import { abortable } from './abortable.ts';

/**
 * One question at a time, whichever host asks: two boxes would hide each other, and a person must not type one host's
 * password into another's.
 */
export class PromptQueue {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Asks once all earlier questions have gone from the screen. Undefined as soon as the signal aborts: at once, and the
   * question is not shown if it was still waiting. One that is on the screen keeps its place until it is gone.
   */
  async ask<T>(show: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const shown = this.#after(this.#last, show, signal);
    this.#last = shown.catch(() => {});
    try {
      return await abortable(shown, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async #after<T>(last: Promise<unknown>, show: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    await last;
    return signal.aborted ? undefined : show();
  }
}
