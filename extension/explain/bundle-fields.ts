/** Going through a JSON file member by member, so that none is left out in silence. */
import type { CreateOptions } from './preview.ts';

export interface BundleField {
  /** JSON pointer, RFC 6901. */
  readonly pointer: string;
  readonly why: string;
}

export type Members = Readonly<Record<string, unknown>>;
export type Draft = { -readonly [K in keyof CreateOptions]: CreateOptions[K] };

/** Collects what the plan is made of while the file is gone through. */
export interface Reading {
  readonly bundle: string;
  readonly draft: Draft;
  readonly notHonoured: BundleField[];
  readonly invalid: BundleField[];
}

export function members(value: unknown): Members | undefined {
  // Made by JSON.parse: every member is an own one, and is checked before use.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : undefined;
}

export function pointerTo(parent: string, name: string): string {
  return `${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Nothing is asked for by it. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value ?? {}).length === 0;
}

export type Field = (value: unknown, pointer: string, reading: Reading) => void;
export type Fields = ReadonlyMap<string, Field>;

/** Each member goes to its field; one that has none is not honoured. */
export function readMembers(from: Members, parent: string, fields: Fields, reading: Reading): void {
  for (const [name, value] of Object.entries(from)) {
    const pointer = pointerTo(parent, name);
    const field = fields.get(name);
    if (field !== undefined) field(value, pointer, reading);
    else if (!isEmpty(value)) reading.notHonoured.push({ pointer, why: 'this version does not know the field' });
  }
}

export function refuse(why: string): Field {
  return (value, pointer, { notHonoured }) => {
    if (!isEmpty(value)) notHonoured.push({ pointer, why });
  };
}

/** Has no effect by the specification, or was read elsewhere. */
export const taken: Field = () => undefined;

export function object(fields: Fields): Field {
  return (value, pointer, reading) => {
    const found = members(value);
    if (found === undefined) reading.invalid.push({ pointer, why: 'it is not an object' });
    else readMembers(found, pointer, fields, reading);
  };
}

export function text(take: (value: string, reading: Reading, pointer: string) => void): Field {
  return (value, pointer, reading) => {
    if (typeof value === 'string' && !value.includes('\0')) take(value, reading, pointer);
    else reading.invalid.push({ pointer, why: 'it is not text' });
  };
}

export function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xfffffffe;
}

export function id(take: (value: number, draft: Draft) => void): Field {
  return (value, pointer, { draft, invalid }) => {
    if (isId(value)) take(value, draft);
    else invalid.push({ pointer, why: 'it is not an id, 0 to 4294967294' });
  };
}
