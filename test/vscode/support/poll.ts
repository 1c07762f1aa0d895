import { setTimeout as delay } from 'node:timers/promises';

/** Generous: the machine may run other suites at the same time. In milliseconds. */
export const patience = 60_000;

type Falsy = undefined | null | false;

/**
 * Asks until the answer is something other than undefined, null or false, and gives it back. Exceptions of `question` are
 * failures at once. `explain` adds what was there instead to the failure's message. Neither may hang: a page that does not
 * answer any more is a failure too.
 */
export async function until<T extends {}>(
  what: string,
  question: () => T | Falsy | Promise<T | Falsy>,
  options: { readonly within?: number; readonly every?: number; readonly explain?: () => unknown } = {},
): Promise<T> {
  const { within = patience, every = 40, explain } = options;
  const deadline = Date.now() + within;
  for (;;) {
    // The same question again and again: one after the other is the point.
    // oxlint-disable-next-line no-await-in-loop
    const answer = await limited(question(), `${what}: no answer`, Math.max(deadline - Date.now(), 0) + patience);
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > deadline) {
      // oxlint-disable-next-line no-await-in-loop
      const found = explain === undefined ? '' : `; instead: ${show(await limited(explain(), what, 10_000))}`;
      throw new Error(`Gave up waiting until ${what}${found}`);
    }
    // oxlint-disable-next-line no-await-in-loop
    await delay(every);
  }
}

/** A whole string, or a pattern. */
export type Match = string | RegExp;

export function matches(text: string, pattern: Match): boolean {
  return typeof pattern === 'string' ? text === pattern : pattern.test(text);
}

function show(found: unknown): string {
  return typeof found === 'string' ? `\n${found}` : JSON.stringify(found);
}

/** The value, or a failure with these words after so many milliseconds. */
export async function limited<T>(value: T | Promise<T>, words: string, milliseconds: number): Promise<T> {
  const abort = new AbortController();
  const late = delay(milliseconds, undefined, { signal: abort.signal }).then(() => {
    throw new Error(`${words} within ${milliseconds} ms`);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    abort.abort();
    late.catch(() => undefined);
  }
}
