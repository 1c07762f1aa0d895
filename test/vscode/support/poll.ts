import { setTimeout as delay } from 'node:timers/promises';

/** Generous: the machine may run other suites at the same time. In milliseconds. */
export const patience = 60_000;

type Falsy = undefined | null | false;

/**
 * Asks until the answer is something other than undefined, null or false, and gives it back. Exceptions of `question` are
 * failures at once. `explain` adds what was there instead to the failure's message.
 */
export async function until<T extends {}>(
  what: string,
  question: () => T | Falsy | Promise<T | Falsy>,
  options: { readonly within?: number; readonly every?: number; readonly explain?: () => unknown } = {},
): Promise<T> {
  const deadline = Date.now() + (options.within ?? patience);
  for (;;) {
    // The same question again and again: one after the other is the point.
    // oxlint-disable-next-line no-await-in-loop
    const answer = await question();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > deadline) {
      // oxlint-disable-next-line no-await-in-loop
      const found = options.explain === undefined ? '' : `; instead: ${show(await options.explain())}`;
      throw new Error(`Gave up waiting until ${what}${found}`);
    }
    // oxlint-disable-next-line no-await-in-loop
    await delay(options.every ?? 40);
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
