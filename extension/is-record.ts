/** What may have members: for values that come from elsewhere, such as settings, addresses and arguments of commands. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
