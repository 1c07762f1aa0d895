import type { Assignment } from '../../dialects/systemd/text.ts';
import type { Unit, UnitDocument } from '../../dialects/systemd/unit.ts';
import { findingsOf, type Findings, type Fix, type Rule, type RuleInfo } from '../../rule.ts';
import type { Span } from '../../span.ts';

export type SystemdRule = Rule<UnitDocument>;

const pages = 'https://www.freedesktop.org/software/systemd/man/latest';

export function manual(page: 'exec' | 'unit' | 'nspawn', key: string): string {
  return `${pages}/systemd.${page}.html#${key}=`;
}

/** A rule about units; files of systemd-nspawn are none. */
export function unitRule(info: RuleInfo, check: (unit: Unit) => Findings): SystemdRule {
  return rule(info, (unit) => (unit.execSection === undefined ? undefined : check(unit)));
}

/** A rule about what a unit lacks, which only a whole one can say. */
export function wholeUnitRule(info: RuleInfo, check: (unit: Unit) => Findings): SystemdRule {
  return unitRule(info, (unit) => (unit.complete ? check(unit) : undefined));
}

export function containerRule(info: RuleInfo, check: (unit: Unit) => Findings): SystemdRule {
  return rule(info, (unit) => (unit.kind === 'nspawn' ? check(unit) : undefined));
}

export function rule(info: RuleInfo, check: (unit: Unit) => Findings): SystemdRule {
  return {
    ...info,
    check: (document) => findingsOf(check(document)),
  };
}

/** Takes an assignment out, with its line where nothing else is on it. */
export function removal({ text }: Unit, { key, span }: Assignment): Fix {
  return { title: `Remove ${key}=`, edits: [{ span: wholeLine(text, span), text: '' }] };
}

function wholeLine(text: string, { start, end }: Span): Span {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const until = text.indexOf('\n', end);
  const to = until < 0 ? text.length : until + 1;
  return text.slice(from, start).trim() === '' && text.slice(end, to).trim() === ''
    ? { start: from, end: to }
    : { start, end };
}

export function insertion(unit: Unit, after: Assignment, line: string): Fix {
  const end = after.span.end;
  const newline = unit.text.includes('\r\n') ? '\r\n' : '\n';
  return { title: `Add ${line}`, edits: [{ span: { start: end, end }, text: `${newline}${line}` }] };
}

export function related(assignment: Assignment): { readonly span: Span; readonly message: string } {
  const { key, value, span } = assignment;
  return { span, message: `${key}=${value.text.length > 60 ? `${value.text.slice(0, 60)}…` : value.text}` };
}
