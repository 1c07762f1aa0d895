import type { Description } from '../../dialect.ts';
import { contains } from '../../span.ts';
import { linkOf, type Directive } from './directives.ts';
import type { Assignment } from './text.ts';
import { directiveOf, type UnitDocument } from './unit.ts';

/** What a directive does to namespaces, and what its value means. */
export function describeUnit(unit: UnitDocument, _text: string, offset: number): Description | undefined {
  const assignment = assignmentAt(unit, offset);
  const directive = assignment === undefined ? undefined : directiveOf(unit, assignment);
  if (assignment === undefined || directive === undefined) return undefined;
  const { keySpan, value } = assignment;
  const ofKey = contains(keySpan, offset);
  if (!ofKey && !contains(value.span, offset)) return undefined;
  const meaning = meaningOf(directive, value.text);
  const { since } = directive;
  return {
    span: ofKey ? keySpan : value.span,
    paragraphs: [
      directive.summary,
      ...(meaning === undefined ? [] : [`${value.text}: ${meaning}`]),
      ...(since === undefined ? [] : [`Since systemd ${since}.`]),
    ],
    link: linkOf(directive),
  };
}

function meaningOf({ grammar }: Directive, text: string): string | undefined {
  if (grammar.kind !== 'choice' && grammar.kind !== 'hostname') return undefined;
  const choice = grammar.choices.find(({ word }) => word === text);
  if (choice === undefined) return undefined;
  return choice.since === undefined ? choice.meaning : `${choice.meaning} Since systemd ${choice.since}.`;
}

function assignmentAt({ sections }: UnitDocument, offset: number): Assignment | undefined {
  for (const { assignments } of sections) {
    const found = assignments.find(({ span }) => contains(span, offset));
    if (found !== undefined) return found;
  }
  return undefined;
}
