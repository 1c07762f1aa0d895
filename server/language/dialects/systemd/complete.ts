import type { Completion } from '../../dialect.ts';
import type { Host } from '../../host.ts';
import { contains, type Span } from '../../span.ts';
import { directives, type Choice, type Directive } from './directives.ts';
import type { Section } from './text.ts';
import { directiveOf, type UnitDocument } from './unit.ts';
import { wordsOf } from './words.ts';

/** Keys at the beginning of a line, and values of those that concern namespaces. */
export function completeUnit(
  unit: UnitDocument,
  text: string,
  offset: number,
  host: Host | undefined,
): readonly Completion[] {
  const section = unit.sections.findLast(({ span }) => span.start <= offset);
  if (section === undefined || contains(section.span, offset)) return [];
  const assignment = section.assignments.find(
    ({ keySpan, value }) => keySpan.end < offset && offset <= Math.max(value.span.end, lineEnd(text, keySpan.end)),
  );
  if (assignment === undefined) return keys(unit, section, text, offset);
  const directive = directiveOf(unit, assignment);
  if (directive === undefined || text.indexOf('=', assignment.keySpan.end) >= offset) return [];
  const { value } = assignment;
  if (directive.grammar.kind === 'types') {
    const word = wordsOf(value).find(({ span }) => contains(span, offset))?.span ?? { start: offset, end: offset };
    const tilde = text[word.start] === '~' ? 1 : 0;
    return directive.grammar.known.map((type) => ({
      label: type,
      span: { start: Math.min(word.start + tilde, offset), end: Math.max(word.end, offset) },
      kind: 'type',
    }));
  }
  const span = value.text !== '' && contains(value.span, offset) ? value.span : { start: offset, end: offset };
  return values(directive, span, host);
}

function values({ grammar }: Directive, span: Span, host: Host | undefined): readonly Completion[] {
  const of = (word: string, meaning?: string): Completion => ({
    label: word,
    span,
    kind: 'value',
    ...(meaning === undefined ? {} : { documentation: meaning }),
  });
  const booleans = [of('yes'), of('no')];
  const choices = (list: readonly Choice[]): Completion[] =>
    list.map(({ word, since, meaning }) =>
      of(word, since === undefined ? meaning : `${meaning} Since systemd ${since}.`),
    );
  switch (grammar.kind) {
    case 'boolean':
      return booleans;
    case 'choice':
      return [...(grammar.boolean ? booleans : []), ...choices(grammar.choices)];
    case 'hostname':
      return [...booleans, ...choices(grammar.choices)];
    case 'ids':
      return [
        ...booleans,
        of('pick', 'A range that is free.'),
        of('managed'),
        of('identity', 'The ids 0 to 65535 stay what they are.'),
      ];
    case 'namespace path':
      return (host?.named ?? [])
        .filter(({ type }) => type === grammar.type)
        .flatMap(({ paths, name }) =>
          paths.map((path): Completion => ({ label: path, span, detail: name, kind: 'path' })),
        );
    case 'root':
    case 'types':
    case 'binds':
    case 'units':
    case 'free':
      break;
  }
  return [];
}

function keys(
  { kind, execSection }: UnitDocument,
  section: Section,
  text: string,
  offset: number,
): readonly Completion[] {
  const start = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  const before = text.slice(start, offset);
  if (!/^\s*\w*$/.test(before)) return [];
  const word = /\w*$/.exec(before)?.[0].length ?? 0;
  const span = { start: offset - word, end: offset };
  return directives
    .filter(({ places }) =>
      places.some((place) =>
        place === 'exec'
          ? section.name === execSection
          : section.name === place && (kind === 'nspawn') === (place !== 'Unit'),
      ),
    )
    .map(({ key, summary, since }) => ({
      label: `${key}=`,
      span,
      kind: 'key',
      documentation: summary,
      ...(since === undefined ? {} : { detail: `since systemd ${since}` }),
    }));
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  const line = end < 0 ? text.length : end;
  return text[line - 1] === '\r' ? line - 1 : line;
}
