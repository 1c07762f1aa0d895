/**
 * Shape checks for JSON that came from a host. Each takes named members only and copies what it accepts, so unknown
 * members, and names such as `__proto__`, never reach the rest of the product.
 */

/** A record does not have the shape that its kind has. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

export type Fields = Readonly<Record<string, unknown>>;

/** What a checked record is built in. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

export const maximumPid = 0x7fffffff;
export const maximumUid = 0xffffffff;

export function fail(what: string): never {
  throw new RecordError(what);
}

export function fields(value: unknown, what: string): Fields {
  return isFields(value) ? value : fail(`${what} is not an object`);
}

/** Made by JSON.parse: every member is an own one, and is checked before use. */
function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whole, exact, from 0 up to `maximum`. */
export function whole(from: Fields, name: string, maximum: number = Number.MAX_SAFE_INTEGER): number {
  const value = from[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > maximum) {
    fail(`${name} is not a whole number up to ${maximum}`);
  }
  return value;
}

export function optionalWhole(from: Fields, name: string, maximum?: number): number | undefined {
  return from[name] === undefined ? undefined : whole(from, name, maximum);
}

/** Finite and not negative: a time or a duration. */
export function amount(from: Fields, name: string): number {
  const value = from[name];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) fail(`${name} is not an amount`);
  return value;
}

export function optionalAmount(from: Fields, name: string): number | undefined {
  return from[name] === undefined ? undefined : amount(from, name);
}

export function text(from: Fields, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') fail(`${name} is not text`);
  return value;
}

export function optionalText(from: Fields, name: string): string | undefined {
  return from[name] === undefined ? undefined : text(from, name);
}

export function truth(from: Fields, name: string): boolean {
  const value = from[name];
  if (typeof value !== 'boolean') fail(`${name} is neither true nor false`);
  return value;
}

export function list<T>(from: Fields, name: string, item: (value: unknown) => T): T[] {
  const value = from[name];
  if (!Array.isArray(value)) fail(`${name} is not a list`);
  return value.map(item);
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : fail('an item is not text');
}

export function asPid(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > maximumPid) {
    fail('an item is not a pid');
  }
  return value;
}

/** An open set of names: those that a program, a limit or a setting can have. */
const memberName = /^[\w.+/:-]{1,128}$/;
const maximumMembers = 1000;

/**
 * A dictionary with names that the host chose. A name that would mean something to JavaScript, or that is no name at
 * all, is dropped, and so is a member whose value `take` gives undefined for.
 */
export function dictionary<T>(
  from: Fields,
  name: string,
  take: (value: unknown) => T | undefined,
): Readonly<Record<string, T>> {
  const members: [string, T][] = [];
  for (const [key, value] of Object.entries(fields(from[name], name)).slice(0, maximumMembers)) {
    if (!memberName.test(key) || key in Object.prototype) continue;
    const taken = take(value);
    if (taken !== undefined) members.push([key, taken]);
  }
  return Object.fromEntries(members);
}
