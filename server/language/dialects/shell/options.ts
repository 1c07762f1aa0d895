import type { Span } from '../../span.ts';
import { partOf, type Word } from './word.ts';

export type OptionKind = 'flag' | 'value' | 'optional';

/** The options of one program. */
export interface OptionTable {
  readonly long: ReadonlyMap<string, OptionKind>;
  /** Letter -> long name, or the letter itself where there is none. */
  readonly short: ReadonlyMap<string, { readonly name: string; readonly kind: OptionKind }>;
  /** Go's pflag: `--flag=false`, `-p=80:80`, no abbreviations. */
  readonly pflag: boolean;
}

/** An option as it has been given. */
export interface Given {
  /** The long name, whichever form was written. */
  readonly name: string;
  /** Where it stands, without its value. */
  readonly key: Span;
  /** All of it, value included: what must go to be rid of it. Undefined among other letters of one word. */
  readonly whole: Span | undefined;
  readonly value: Value | undefined;
}

export interface Value {
  /** Up to the first expansion. */
  readonly text: string;
  readonly literal: boolean;
  readonly span: Span;
}

export interface Parsed {
  readonly options: readonly Given[];
  readonly operands: readonly Word[];
  /** There may be more options than are known: an expansion stands where one could be, or one is unknown. */
  readonly open: boolean;
  readonly unknown: Unknown | undefined;
}

/** An option that the program does not know, or that lacks its value. */
export interface Unknown {
  readonly text: string;
  readonly span: Span;
}

/**
 * From `m,mount[=]` (the letter takes no value), `m[=],mount[=]`, `t,target=`, `f,fork`, `x`, and `x=` to a table.
 */
export function optionTable(entries: string, pflag = false): OptionTable {
  const long = new Map<string, OptionKind>();
  const short = new Map<string, { name: string; kind: OptionKind }>();
  for (const entry of entries.trim().split(/\s+/)) {
    const suffix = /(?:\[=\]|=)$/.exec(entry)?.[0] ?? '';
    const kind = suffix === '=' ? 'value' : suffix === '' ? 'flag' : 'optional';
    const parts = entry.slice(0, entry.length - suffix.length).split(',');
    const name = parts.find((part) => /^[\w-]{2,}$/.test(part));
    const letter = parts.find((part) => /^\w(?:\[=\])?$/.test(part));
    if (name !== undefined) long.set(name, kind);
    if (letter === undefined) continue;
    const own = kind === 'optional' && name !== undefined && letter.length === 1 ? 'flag' : kind;
    short.set(letter.charAt(0), { name: name ?? letter, kind: own });
  }
  return { long, short, pflag };
}

/** As getopt_long(3) with `+` and pflag do: options end at the first operand or at `--`. */
export function parseOptions(table: OptionTable, words: readonly Word[], from = 0): Parsed {
  const options: Given[] = [];
  let index = from;
  for (; index < words.length; index++) {
    const word = words[index];
    if (word === undefined) break;
    const { text } = word;
    if (!text.startsWith('-')) {
      // Anything may come of an expansion where an option could stand; behind other text it is part of an operand.
      if (text === '' && !word.literal) return openAfter(options);
      break;
    }
    if (text === '--') {
      index++;
      break;
    }
    if (word.splits || (!word.literal && !/^-[^-]|^--[\w-]+=/.test(text))) return openAfter(options);
    if (text === '-') break;
    const next = words[index + 1];
    const step = text.startsWith('--')
      ? longOption(table, word, next, options)
      : shortOptions(table, word, next, options);
    if (typeof step !== 'number') return openAfter(options, step);
    index += step;
  }
  return { options, operands: words.slice(index), open: false, unknown: undefined };
}

/** What follows is not known. */
function openAfter(options: readonly Given[], unknown?: Unknown): Parsed {
  return { options, operands: [], open: true, unknown };
}

/** How many further words have been taken, or what is wrong. */
type Step = number | Unknown;

function longOption(table: OptionTable, word: Word, next: Word | undefined, options: Given[]): Step {
  const { text } = word;
  const equals = text.indexOf('=');
  const written = text.slice(2, equals < 0 ? undefined : equals);
  const name = longName(table, written);
  const key = partOf(word, 0, equals < 0 ? text.length : equals);
  if (name === undefined) return { text: `--${written}`, span: key };
  const kind = table.long.get(name);
  if (equals >= 0) {
    const value = valueOf(word, equals + 1);
    if (kind === 'flag' && table.pflag && /^(?:0|f|false)$/i.test(value.text) && value.literal) return 0;
    options.push({ name, key, whole: word.span, value });
    return 0;
  }
  if (kind === 'value') return withNext(name, key, word.span, next, options);
  options.push({ name, key, whole: word.span, value: undefined });
  return 0;
}

/** `whole` begins with `from`; undefined where the option does not stand alone. */
function withNext(name: string, key: Span, from: Span | undefined, next: Word | undefined, options: Given[]): Step {
  if (next === undefined || next.splits) return { text: name, span: key };
  const value = valueOf(next, 0);
  options.push({ name, key, whole: from && { start: from.start, end: value.span.end }, value });
  return 1;
}

/** getopt_long(3) takes any beginning that only one option has. */
function longName(table: OptionTable, written: string): string | undefined {
  if (table.long.has(written)) return written;
  if (table.pflag || written === '') return undefined;
  const found = [...table.long.keys()].filter((name) => name.startsWith(written));
  return found.length === 1 ? found[0] : undefined;
}

function shortOptions(table: OptionTable, word: Word, next: Word | undefined, options: Given[]): Step {
  const { text } = word;
  for (let at = 1; at < text.length; at++) {
    const option = table.short.get(text.charAt(at));
    const key = text.length === 2 && word.literal ? word.span : partOf(word, at, at + 1);
    if (option === undefined) return { text: text.charAt(at), span: key };
    const { name, kind } = option;
    const last = at === text.length - 1 && word.literal;
    const alone = at === 1;
    if (kind === 'flag' || (kind === 'optional' && last)) {
      options.push({ name, key, whole: alone && last ? word.span : undefined, value: undefined });
      continue;
    }
    if (last) return withNext(name, key, alone ? word.span : undefined, next, options);
    const from = text[at + 1] === '=' && (table.pflag || kind === 'optional') ? at + 2 : at + 1;
    options.push({ name, key, whole: alone ? word.span : undefined, value: valueOf(word, from) });
    break;
  }
  return 0;
}

function valueOf(word: Word, from: number): Value {
  const { start } = partOf(word, from, word.text.length);
  return { text: word.text.slice(from), literal: word.literal, span: { start, end: word.span.end } };
}
