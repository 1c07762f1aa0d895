/** ConnectionErrors that several parts of this folder give. */
import { ConnectionError } from '../transport/errors.ts';

/** The person, or what acts for the person, gave up waiting. */
export function cancelled(signal: AbortSignal): ConnectionError {
  return new ConnectionError(
    'cancelled',
    'Connecting was cancelled.',
    'Connect again when you are ready.',
    signal.reason,
  );
}

/** A process ended without a status: it was not the process, but what carries it. */
export function lost(cause?: unknown): ConnectionError {
  return new ConnectionError('lost', 'The connection to the host was lost.', 'Connect again.', cause);
}

/** `what` completes a sentence that begins with “The helper”. */
export function misunderstanding(what: string, cause?: unknown): ConnectionError {
  const remedy = 'Connect again. If it happens again, please report it with the log.';
  return new ConnectionError('helper', `The helper ${what}.`, remedy, cause);
}
