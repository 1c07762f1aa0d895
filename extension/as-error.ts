/** What was thrown, which may be anything, or the reason of a signal. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
