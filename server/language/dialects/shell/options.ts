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
  const result = (open: boolean, unknown?: Unknown): Parsed => ({
    options,
    operands: open ? [] : words.slice(index),
    open,
    unknown,
  });
  for (; index < words.length; index++) {
    const word = words[index];
    if (word === undefined || word.text === '--') {
      index++;
      break;
    }
    // Anything may come of an expansion where an option could stand; behind other text it is part of an operand.
    const option = /^-[^-]|^--[\w-]+=/.test(word.text);
    if (word.text === '' && !word.literal) return result(true);
    if (word.text.startsWith('-') && (word.splits || (!word.literal && !option))) return result(true);
    if (!word.text.startsWith('-') || word.text === '-') break;
    const next = words[index + 1];
    const step = word.text.startsWith('--') ? longOption(table, word, next) : shortOptions(table, word, next);
    options.push(...step.options);
    if (step.unknown !== undefined) return result(true, step.unknown);
    index += step.taken;
  }
  return result(false);
}

interface Step {
  readonly options: readonly Given[];
  /** Further words that it has taken. */
  readonly taken: number;
  readonly unknown?: Unknown;
}

function longOption(table: OptionTable, word: Word, next: Word | undefined): Step {
  const equals = word.text.indexOf('=');
  const written = word.text.slice(2, equals < 0 ? undefined : equals);
  const name = longName(table, written);
  const key = partOf(word, 0, equals < 0 ? word.text.length : equals);
  if (name === undefined) return { options: [], taken: 0, unknown: { text: `--${written}`, span: key } };
  const kind = table.long.get(name);
  if (equals >= 0) {
    const value = valueOf(word, equals + 1);
    if (kind === 'flag' && table.pflag && /^(?:0|f|false)$/i.test(value.text) && value.literal)
      return { options: [], taken: 0 };
    return { options: [{ name, key, whole: word.span, value }], taken: 0 };
  }
  if (kind !== 'value') return { options: [{ name, key, whole: word.span, value: undefined }], taken: 0 };
  return withNext(name, key, word.span, next);
}

function withNext(name: string, key: Span, from: Span, next: Word | undefined): Step {
  if (next === undefined || next.splits) return { options: [], taken: 0, unknown: { text: name, span: key } };
  const value = valueOf(next, 0);
  return { options: [{ name, key, whole: { start: from.start, end: next.span.end }, value }], taken: 1 };
}

/** getopt_long(3) takes any beginning that only one option has. */
function longName(table: OptionTable, written: string): string | undefined {
  if (table.long.has(written)) return written;
  if (table.pflag || written === '') return undefined;
  const found = [...table.long.keys()].filter((name) => name.startsWith(written));
  return found.length === 1 ? found[0] : undefined;
}

function shortOptions(table: OptionTable, word: Word, next: Word | undefined): Step {
  const options: Given[] = [];
  const { text } = word;
  for (let at = 1; at < text.length; at++) {
    const option = table.short.get(text[at] ?? '');
    const key = text.length === 2 && word.literal ? word.span : partOf(word, at, at + 1);
    if (option === undefined) return { options, taken: 0, unknown: { text: text.charAt(at), span: key } };
    const { name, kind } = option;
    const last = at === text.length - 1 && word.literal;
    const alone = at === 1;
    if (kind === 'flag' || (kind === 'optional' && last)) {
      options.push({ name, key, whole: alone && last ? word.span : undefined, value: undefined });
      continue;
    }
    if (last) {
      const step = withNext(name, key, word.span, next);
      const [given] = step.options;
      if (given !== undefined) options.push(alone ? given : { ...given, whole: undefined });
      return { ...step, options };
    }
    const from = text[at + 1] === '=' && (table.pflag || kind === 'optional') ? at + 2 : at + 1;
    options.push({ name, key, whole: alone ? word.span : undefined, value: valueOf(word, from) });
    break;
  }
  return { options, taken: 0 };
}

function valueOf(word: Word, from: number): Value {
  const { start } = partOf(word, from, word.text.length);
  return { text: word.text.slice(from), literal: word.literal, span: { start, end: word.span.end } };
}
