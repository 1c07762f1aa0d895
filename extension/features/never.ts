/** For the end of a `switch` over all kinds: the compiler proves that nothing gets there. */
export function never(value: never): never {
  throw new TypeError(`no such kind: ${JSON.stringify(value)}`);
}
