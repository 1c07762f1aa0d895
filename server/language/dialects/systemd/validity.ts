import type { NamespaceType } from '../../../../extension/helper/protocol.ts';
import type { Span } from '../../span.ts';
import type { Directive } from './directives.ts';
import type { Value } from './text.ts';
import { booleanOf, hasSpecifier, wordsOf, type Word } from './words.ts';

/** What is wrong with a value: the reason completes «Systemd ignores KEY= here, since …». */
export interface Problem {
  readonly kind: 'value' | 'type' | 'delegated user' | 'path' | 'root' | 'bind' | 'unit' | 'ids';
  readonly span: Span;
  readonly reason: string;
  readonly remedy: string;
  /** What to write in the place of the span. */
  readonly instead?: string;
}

/** All reasons for which systemd ignores a value that is not empty, or a part of it. A value is of one directive. */
export function validity({ key, grammar }: Directive, value: Value): readonly Problem[] {
  const { text } = value;
  switch (grammar.kind) {
    case 'boolean':
      return booleanOf(text) === undefined
        ? [wrong(value, 'it takes a boolean', 'Write yes or no.', ['yes', 'no'])]
        : [];
    case 'choice':
      return choiceProblems(value, grammar);
    case 'hostname':
      return hostnameProblems(value);
    case 'namespace path':
      return pathProblems(text, value, 'path');
    case 'root':
      return pathProblems(text, value, 'root');
    case 'types':
      return typeProblems(key, value, grammar.known);
    case 'binds':
      return wordsOf(value, true).flatMap(bindProblems);
    case 'units':
      return wordsOf(value).flatMap(unitProblems);
    case 'ids':
      return idProblems(value);
    case 'free':
      break;
  }
  return [];
}

type ChoiceGrammar = Extract<Directive['grammar'], { readonly kind: 'choice' }>;

function choiceProblems(value: Value, grammar: ChoiceGrammar): readonly Problem[] {
  const { choices, boolean } = grammar;
  if (choices.some(({ word }) => word === value.text) || (boolean && booleanOf(value.text) !== undefined)) return [];
  const known = choiceWords.get(grammar) ?? wordsOfChoice(grammar);
  choiceWords.set(grammar, known);
  return [wrong(value, known.reason, known.remedy, known.words)];
}

/** What is said of a wrong value: it is asked for as often as there are such values. */
const choiceWords = new WeakMap<ChoiceGrammar, ReturnType<typeof wordsOfChoice>>();

function wordsOfChoice({ choices, boolean }: ChoiceGrammar) {
  const own = choices.map(({ word }) => word);
  const words = boolean ? ['yes', 'no', ...own] : own;
  return {
    words,
    reason: `it takes ${boolean ? 'a boolean, ' : ''}${listed(own, 'or')}`,
    remedy: `Write ${listed(words, 'or')}.`,
  };
}

function hostnameProblems(value: Value): readonly Problem[] {
  const colon = value.text.indexOf(':');
  const mode = colon < 0 ? value.text : value.text.slice(0, colon);
  const on = mode === 'private' || booleanOf(mode) === true;
  if (!on && (colon >= 0 || booleanOf(mode) !== false)) {
    const reason = 'it takes a boolean or private, and a host name after a colon only where it is on';
    return [wrong(value, reason, 'Write yes, private, or one of them with :HOSTNAME.', ['yes', 'no', 'private'])];
  }
  const name = value.text.slice(colon + 1);
  if (colon < 0 || hasSpecifier(name) || isHostname(name)) return [];
  return [
    {
      kind: 'value',
      span: value.at(colon + 1, value.text.length),
      reason: 'what follows the colon is no host name',
      remedy: 'Write a host name of letters, digits, hyphens and dots, with 64 characters at most.',
    },
  ];
}

function isHostname(name: string): boolean {
  return name.length <= 64 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i.test(name);
}

/** Of what stands in `where`: its place is sought only when something is wrong. */
function pathProblems(text: string, where: { readonly span: Span }, kind: 'path' | 'root'): readonly Problem[] {
  // A specifier such as %t can stand for an absolute path.
  if (text.startsWith('%') && hasSpecifier(text)) return [];
  if (!text.startsWith('/')) {
    return [{ kind, span: where.span, reason: 'the path is not absolute', remedy: 'Write the whole path, from / on.' }];
  }
  if (/(?:^|\/)\.\.(?:\/|$)/.test(text)) {
    return [{ kind, span: where.span, reason: 'the path has a .. in it', remedy: 'Write the path without dots.' }];
  }
  return [];
}

const typeNames: Readonly<Record<string, NamespaceType>> = {
  network: 'net',
  netns: 'net',
  mount: 'mnt',
  mounts: 'mnt',
  hostname: 'uts',
  users: 'user',
  userns: 'user',
  pids: 'pid',
  cgroups: 'cgroup',
};

function typeProblems(key: string, value: Value, known: readonly NamespaceType[]): readonly Problem[] {
  if (booleanOf(value.text) !== undefined) return [];
  const problems: Problem[] = [];
  for (const [index, word] of wordsOf(value).entries()) {
    if (known.some((type) => type === word.text)) continue;
    for (const each of index === 0 ? withoutTilde(word) : [word]) problems.push(...typeProblem(key, each, known));
  }
  // Systemd complains of the delegation of user only where it could read all the types.
  return problems.some(({ kind }) => kind === 'type') ? problems.filter(({ kind }) => kind === 'type') : problems;
}

function withoutTilde({ text, span }: Word): readonly Word[] {
  if (!text.startsWith('~')) return [{ text, span }];
  return text === '~' ? [] : [{ text: text.slice(1), span: { start: span.start + 1, end: span.end } }];
}

function typeProblem(key: string, { text, span }: Word, known: readonly NamespaceType[]): readonly Problem[] {
  if (known.some((type) => type === text)) return [];
  if (key === 'DelegateNamespaces' && text === 'user') {
    return [
      {
        kind: 'delegated user',
        span,
        reason: 'a user namespace cannot be delegated',
        remedy: 'Leave user out: the user namespace of the unit is the owner of what is delegated.',
      },
    ];
  }
  const parts = text.split(',').map((part) => typeNames[part.toLowerCase()] ?? part.toLowerCase());
  const corrected = parts.every((part) => known.some((type) => type === part)) ? parts.join(' ') : undefined;
  return [
    {
      kind: 'type',
      span,
      reason: text.includes(',')
        ? 'the types are separated by blanks, not by commas'
        : `${quoted(text)} is no type of namespace`,
      remedy: `Write types out of ${known.join(', ')}, with blanks between them.`,
      ...(corrected === undefined ? {} : { instead: corrected }),
    },
  ];
}

const bindOptions = ['', 'rbind', 'norbind'];

function bindProblems(word: Word): readonly Problem[] {
  const parts = word.text.replace(/^-/, '').replaceAll('\\:', '\0').split(':');
  const options = parts[2];
  for (const [index, path] of parts.slice(0, 2).entries()) {
    const [problem] = pathProblems(path, word, 'path');
    if (problem !== undefined) {
      const reason = problem.reason.replace('path', `path of the ${index === 0 ? 'source' : 'destination'}`);
      return [
        { ...problem, kind: 'bind', reason, remedy: 'Write SOURCE[:DESTINATION[:OPTIONS]] with absolute paths.' },
      ];
    }
  }
  if (parts.length > 3 || (options !== undefined && !bindOptions.includes(options))) {
    const reason = 'its only options are rbind and norbind';
    return [
      { kind: 'bind', span: word.span, reason, remedy: 'Leave the option out, or write one that systemd knows.' },
    ];
  }
  return [];
}

const unitName = /^[\w:.\\@%-]+\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/;

function unitProblems(word: Word): readonly Problem[] {
  const { text } = word;
  if (unitName.test(text) || hasSpecifier(text)) return [];
  const whole = /^[\w:\\@-]+$/.test(text);
  return [
    {
      kind: 'unit',
      span: word.span,
      reason: text.includes(',')
        ? 'the units are separated by blanks, not by commas'
        : `${quoted(text)} is no name of a unit`,
      remedy: 'Write whole names of units, such as other.service, with blanks between them.',
      ...(whole ? { instead: `${text}.service` } : {}),
    },
  ];
}

const maximumId = 2 ** 32 - 1;

function idProblems(value: Value): readonly Problem[] {
  const { text } = value;
  if (booleanOf(text) !== undefined || /^(?:pick|identity|managed)$/.test(text)) return [];
  const numbers = /^(\d{1,20})(?::(\d{1,20}))?$/.exec(text);
  const [shift, range] = [Number(numbers?.[1]), Number(numbers?.[2] ?? 65_536)];
  if (numbers !== null && range > 0 && shift + range <= maximumId) return [];
  return [
    {
      kind: 'ids',
      span: value.span,
      reason:
        numbers === null
          ? 'it takes a boolean, pick, identity, managed, or UID[:RANGE]'
          : 'the range is empty or does not fit below 2³²−1',
      remedy: 'Write pick for a range that is free, or UID:RANGE.',
    },
  ];
}

function wrong(value: Value, reason: string, remedy: string, words: readonly string[]): Problem {
  const plain = /^["']?([^\s"'#;]*)["']?(?:\s+[#;].*)?$/.exec(value.text)?.[1];
  const exact = words.find((word) => word === plain) ?? words.find((word) => word === plain?.toLowerCase());
  const instead =
    exact ?? (plain !== undefined && words.includes('yes') && booleanOf(plain) !== undefined ? plain : undefined);
  const why = / [#;]/.test(value.text)
    ? `${reason}, and a comment needs a line of its own`
    : /^(["']).*\1$/.test(value.text)
      ? `${reason} without quotes`
      : reason;
  return { kind: 'value', span: value.span, reason: why, remedy, ...(instead === undefined ? {} : { instead }) };
}

export function listed(words: readonly string[], join: 'and' | 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${join} ${words.at(-1) ?? ''}`;
}

/** A piece of a text in a message, short. */
function quoted(text: string): string {
  return `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
}
