/**
 * JSON with the place of everything in it, for the dialects that are written in it. The tree is built from the scanner
 * of jsonc-parser with a stack of its own: that library's `parseTree` calls itself for each level, and a file of ten
 * thousand brackets ends it.
 */
import { createScanner } from 'jsonc-parser';
import { Names } from './names.ts';
import type { Edit } from './rule.ts';
import { contains, Placed, type Span } from './span.ts';

export type JsonValue = JsonObject | JsonArray | JsonScalar;

export interface JsonObject {
  readonly kind: 'object';
  readonly span: Span;
  /** In the order of the text; a name may be there more than once. */
  readonly members: readonly JsonMember[];
}

export interface JsonMember {
  readonly name: string;
  /** With its quotes. */
  readonly nameSpan: Span;
  /** From the name to the end of the value. */
  readonly span: Span;
  /** Undefined while it is still to be written. */
  readonly value: JsonValue | undefined;
}

export interface JsonArray {
  readonly kind: 'array';
  readonly span: Span;
  readonly items: readonly JsonValue[];
}

export interface JsonScalar {
  readonly kind: 'scalar';
  readonly span: Span;
  readonly value: string | number | boolean | null;
}

/** The library's `SyntaxKind`: a `const enum`, which one file alone cannot read (`isolatedModules`). */
const openBrace = 1;
const closeBrace = 2;
const openBracket = 3;
const closeBracket = 4;
const comma = 5;
const nullWord = 7;
const trueWord = 8;
const falseWord = 9;
const stringToken = 10;
const numberToken = 11;
const endOfText = 17;

/** Deeper values are left out: no file that people write is as deep, and a million open brackets are a million arrays. */
const deepest = 500;

/* As they are kept: each list no longer than what is in it. */

class ObjectNode extends Placed implements JsonObject {
  members: readonly Member[] = [];

  get kind(): 'object' {
    return 'object';
  }
}

class ArrayNode extends Placed implements JsonArray {
  items: readonly Node[] = [];

  get kind(): 'array' {
    return 'array';
  }
}

class ScalarNode extends Placed implements JsonScalar {
  declare readonly value: JsonScalar['value'];

  constructor(value: JsonScalar['value'], start: number, end: number) {
    super(start, end);
    this.value = value;
  }

  get kind(): 'scalar' {
    return 'scalar';
  }
}

class Member implements JsonMember {
  declare readonly name: string;
  declare readonly start: number;
  declare readonly nameEnd: number;
  declare value: Node | undefined;

  constructor(name: string, start: number, nameEnd: number) {
    this.name = name;
    this.start = start;
    this.nameEnd = nameEnd;
    this.value = undefined;
  }

  get nameSpan(): Span {
    return { start: this.start, end: this.nameEnd };
  }

  get span(): Span {
    return { start: this.start, end: this.value?.end ?? this.nameEnd };
  }
}

type Node = ObjectNode | ArrayNode | ScalarNode;

/** One that is not closed yet. */
interface Open {
  readonly node: ObjectNode | ArrayNode;
  /** Where its own begin among the members or items that are not in their lists yet. */
  readonly base: number;
}

/** The first value of a text; what is not JSON is passed over. Comments and commas that are too many are no problem. */
export function parseJson(text: string): JsonValue | undefined {
  return new TreeBuilder(text).build();
}

class TreeBuilder {
  readonly #text: string;
  #root: Node | undefined;
  /** What is open, from the root on. */
  readonly #open: Open[] = [];
  /** Of what is open, the innermost last. */
  readonly #members: Member[] = [];
  readonly #items: Node[] = [];
  readonly #names = new Names();
  /** How many are open in what is left out. */
  #tooDeep = 0;
  #openObjects = 0;
  /** Whether a string is the name of a member: at the beginning of an object and after each comma in it. */
  #expectsName = false;

  constructor(text: string) {
    this.#text = text;
  }

  get #inside(): ObjectNode | ArrayNode | undefined {
    return this.#open.at(-1)?.node;
  }

  build(): JsonValue | undefined {
    const scanner = createScanner(this.#text, true);
    for (let kind: number = scanner.scan(); kind !== endOfText; kind = scanner.scan()) {
      const start = scanner.getTokenOffset();
      const end = start + scanner.getTokenLength();
      if (kind === openBrace || kind === openBracket) this.#enter(kind, start, end);
      else if (kind === closeBrace || kind === closeBracket) this.#leave(kind, start, end);
      else if (this.#tooDeep > 0) continue;
      else if (kind === comma) this.#expectsName = this.#inside?.kind === 'object';
      else if (kind === stringToken) this.#string(scanner.getTokenValue(), start, end);
      else if (kind === numberToken) {
        const value = Number(scanner.getTokenValue());
        if (!Number.isNaN(value)) this.#put(new ScalarNode(value, start, end));
      } else if (kind === trueWord || kind === falseWord) this.#put(new ScalarNode(kind === trueWord, start, end));
      else if (kind === nullWord) this.#put(new ScalarNode(null, start, end));
      if (this.#root !== undefined && this.#inside === undefined) return this.#root;
    }
    while (this.#inside !== undefined) this.#close(this.#text.length);
    return this.#root;
  }

  #enter(kind: typeof openBrace | typeof openBracket, start: number, end: number): void {
    if (this.#tooDeep > 0 || this.#open.length === deepest) {
      this.#tooDeep++;
      return;
    }
    const isObject = kind === openBrace;
    const node = isObject ? new ObjectNode(start, end) : new ArrayNode(start, end);
    this.#put(node);
    this.#open.push({ node, base: isObject ? this.#members.length : this.#items.length });
    this.#expectsName = isObject;
    if (isObject) this.#openObjects++;
  }

  #leave(kind: typeof closeBrace | typeof closeBracket, start: number, end: number): void {
    if (this.#tooDeep > 0) {
      this.#tooDeep--;
      return;
    }
    // An array that was never closed ends with the object around it.
    if (kind === closeBrace && this.#openObjects > 0) while (this.#inside?.kind === 'array') this.#close(start);
    if (this.#inside?.kind === (kind === closeBrace ? 'object' : 'array')) this.#close(end);
    this.#expectsName = false;
  }

  #close(end: number): void {
    const closed = this.#open.pop();
    if (closed === undefined) return;
    const { node, base } = closed;
    node.end = end;
    if (node.kind === 'array') node.items = this.#items.splice(base);
    else {
      this.#openObjects--;
      node.members = this.#members.splice(base);
    }
  }

  #string(value: string, start: number, end: number): void {
    if (!this.#expectsName || this.#inside?.kind !== 'object') this.#put(new ScalarNode(value, start, end));
    else {
      this.#members.push(new Member(this.#names.once(value), start, end));
      this.#expectsName = false;
    }
  }

  #put(value: Node): void {
    const inside = this.#open.at(-1);
    if (inside === undefined) this.#root ??= value;
    else if (inside.node.kind === 'array') this.#items.push(value);
    else if (this.#members.length > inside.base) {
      const member = this.#members.at(-1);
      if (member !== undefined) member.value ??= value;
    }
  }
}

/** The value that is found by names in objects; of a name that is there twice, the last counts, as it does to Go's encoding/json and to JSON.parse. */
export function valueAt(from: JsonValue | undefined, ...names: readonly string[]): JsonValue | undefined {
  let value = from;
  for (const name of names) value = memberOf(value, name)?.value;
  return value;
}

export function memberOf(value: JsonValue | undefined, name: string): JsonMember | undefined {
  if (value?.kind !== 'object') return undefined;
  // Most of what rules do to a file is this: a function for each object would be most of the work.
  for (let index = value.members.length - 1; index >= 0; index--) {
    const member = value.members[index];
    if (member?.name === name) return member;
  }
  return undefined;
}

export function membersOf(value: JsonValue | undefined): readonly JsonMember[] {
  return value?.kind === 'object' ? value.members : [];
}

export function itemsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return value?.kind === 'array' ? value.items : [];
}

/** A string with its place. */
export interface JsonText extends JsonScalar {
  readonly value: string;
}

export function isText(value: JsonValue | undefined): value is JsonText {
  return value?.kind === 'scalar' && typeof value.value === 'string';
}

export function textOf(value: JsonValue | undefined): string | undefined {
  return isText(value) ? value.value : undefined;
}

export function numberOf(value: JsonValue | undefined): number | undefined {
  return value?.kind === 'scalar' && typeof value.value === 'number' ? value.value : undefined;
}

export function isTrue(value: JsonValue | undefined): boolean {
  return value?.kind === 'scalar' && value.value === true;
}

export function isNull(value: JsonValue | undefined): boolean {
  return value?.kind === 'scalar' && value.value === null;
}

/** One that a text has at an offset, with what leads to it from the root: names of members and indexes of items. */
export interface JsonPlace {
  readonly path: readonly (string | number)[];
  /** The member whose name or value it is, where it is in an object. */
  readonly member: JsonMember | undefined;
  /** Whether the offset is in the name. */
  readonly inName: boolean;
  /** The innermost value, such as the object around an offset that is between its members. */
  readonly value: JsonValue | undefined;
}

export function placeAt(root: JsonValue | undefined, offset: number): JsonPlace | undefined {
  if (root === undefined || !contains(root.span, offset)) return undefined;
  const path: (string | number)[] = [];
  let place: JsonPlace = { path, member: undefined, inName: false, value: root };
  for (;;) {
    const { value } = place;
    if (value?.kind === 'object') {
      const member = value.members.find(({ span }) => contains(span, offset));
      if (member === undefined) {
        const unfinished = value.members.findLast(({ span }) => span.end <= offset);
        if (unfinished === undefined || unfinished.value !== undefined) return { ...place, member: undefined };
        path.push(unfinished.name);
        return { path, member: unfinished, inName: false, value: undefined };
      }
      path.push(member.name);
      const inName = contains(member.nameSpan, offset);
      if (inName || member.value === undefined || !contains(member.value.span, offset)) {
        return { path, member, inName, value: member.value };
      }
      place = { path, member, inName, value: member.value };
    } else if (value?.kind === 'array') {
      const index = value.items.findIndex(({ span }) => contains(span, offset));
      if (index < 0) return { ...place, member: undefined };
      path.push(index);
      place = { path, member: undefined, inName: false, value: value.items[index] };
    } else return place;
  }
}

/** Takes one out of the members or items of a list, with the comma that parted it from the next or else from the last. */
export function removal(list: readonly { readonly span: Span }[], index: number): Edit | undefined {
  const one = list[index];
  if (one === undefined) return undefined;
  const next = list[index + 1];
  const before = list[index - 1];
  if (next !== undefined) return { span: { start: one.span.start, end: next.span.start }, text: '' };
  return { span: { start: before === undefined ? one.span.start : before.span.end, end: one.span.end }, text: '' };
}

/** Puts a piece of JSON behind the last member or item, parted from it as that is from the one before. */
export function addition(text: string, to: JsonObject | JsonArray, piece: string): Edit {
  const list: readonly { readonly span: Span }[] = to.kind === 'object' ? to.members : to.items;
  const last = list.at(-1);
  const inside = to.span.start + 1;
  if (last === undefined) return { span: { start: inside, end: inside }, text: piece };
  const before = list.at(-2);
  const gap = text.slice(before?.span.end ?? inside, last.span.start);
  const blank = gap.slice(gap.trimEnd().length);
  return { span: { start: last.span.end, end: last.span.end }, text: `,${blank || (before ? '' : ' ')}${piece}` };
}
