import { asError } from '../as-error.ts';
import type { Disposable } from '../disposable.ts';
import { ConnectionError } from '../transport/errors.ts';

/** What a caller gets for something that a person ended. */
export function cancelled(label: string): ConnectionError {
  return new ConnectionError('cancelled', `Connecting to ${label} was cancelled.`, 'Connect again when you are ready.');
}

/**
 * Waits for a promise, but not beyond the signal: then it rejects with the signal's reason at once, whatever the promise
 * does. So nothing that hangs can hold up its caller. A value that comes afterwards goes to `late`, which releases it.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal, late?: (value: T) => void): Promise<T> {
  let listening: Disposable | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = (): void => reject(asError(signal.reason));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    listening = { dispose: () => signal.removeEventListener('abort', abort) };
  });
  try {
    return await Promise.race([aborted, promise]);
  } catch (error) {
    // Whether the promise itself was what failed does not matter: then nothing comes late, and its error is heard here.
    promise.then(late, () => {});
    throw error;
  } finally {
    listening?.dispose();
  }
}
