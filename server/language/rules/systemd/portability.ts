import type { Directive } from '../../dialects/systemd/directives.ts';
import type { Placed, Unit } from '../../dialects/systemd/unit.ts';
import { validity } from '../../dialects/systemd/validity.ts';
import { booleanOf, hasSpecifier } from '../../dialects/systemd/words.ts';
import type { Finding, RuleInfo } from '../../rule.ts';

/** The oldest version that distributions with long support still have, so that nobody need be told of what it knows. */
const everywhere = 247;
/** What is younger than this is missing in more than one distribution of today. */
const widespread = 252;

export const newerRule: RuleInfo = {
  id: 'systemd/needs-newer-systemd',
  severity: 'information',
  summary: 'A directive or a value that older versions of systemd ignore',
  link: 'https://github.com/systemd/systemd/blob/main/NEWS',
};

export function newer({ kind }: Unit, { assignment, directive }: Placed): Finding | undefined {
  const { key, value } = assignment;
  if (value.text === '' || booleanOf(value.text) === false || validity(directive, value).length > 0) return undefined;
  const program = kind === 'nspawn' ? 'systemd-nspawn' : 'systemd';
  const ofValue = sinceOf(value.text, directive);
  const since = Math.max(directive.since ?? 0, ofValue ?? 0);
  if (since <= everywhere) return undefined;
  const what =
    ofValue === undefined || ofValue <= (directive.since ?? 0) ? `${key}=` : `the value ${shown(value.text)}`;
  return {
    span: what === `${key}=` ? assignment.keySpan : value.span,
    message: `${program} before ${since} ignores this line with a warning: it does not know ${what} yet.`,
    remedy: 'Make sure that all hosts have this version, or that the unit is safe without the line.',
    severity: since > widespread ? 'information' : 'hint',
  };
}

function sinceOf(text: string, { grammar }: Directive): number | undefined {
  if (grammar.kind === 'hostname') return text.includes(':') || booleanOf(text) === undefined ? 258 : undefined;
  if (grammar.kind !== 'choice') return undefined;
  return grammar.choices.find(({ word }) => word === text)?.since;
}

function shown(text: string): string {
  return hasSpecifier(text) || text.length > 40 ? 'with a host name' : text;
}
