/** What several events in a row come to for somebody who hears of them at once. Pure. */

export type Change = 'created' | 'changed' | 'deleted';

/** `before` is undefined for the first. */
export function merged(before: Change | undefined, now: Change): Change {
  // A new file is written after it was made, and is new all the same.
  if (before === 'created' && now === 'changed') return 'created';
  // Another file that takes the place of one is the same file with another content.
  if (before === 'deleted' && now === 'created') return 'changed';
  return now;
}
