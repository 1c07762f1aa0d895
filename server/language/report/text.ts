import { severities, type Severity } from '../protocol.ts';
import { wordsOf, type RuleInfo } from '../rule.ts';
import type { LocatedFinding, Report } from './located.ts';

/** SGR parameters of console_codes(4). */
const colours: Readonly<Record<Severity, string>> = { error: '1;31', warning: '1;33', information: '1;36', hint: '2' };

/** `FILE:LINE:COLUMN: severity: message remedy [rule]`, as compilers write. */
export function textReport({ findings }: Report, coloured: boolean): string {
  return findings.map((finding) => `${textLine(finding, coloured)}\n`).join('');
}

function textLine(finding: LocatedFinding, coloured: boolean): string {
  const { file, region, severity, rule } = finding;
  const place = `${file}:${region.start.line}:${region.start.column}:`;
  const paint = (parameters: string, text: string): string =>
    coloured ? `\u001B[${parameters}m${text}\u001B[0m` : text;
  return `${paint('1', printable(place))} ${paint(colours[severity], `${severity}:`)} ${printable(wordsOf(finding))} ${paint('2', `[${rule.id}]`)}`;
}

/** What was done, for the end of the output. */
export function summary({ files, findings, skipped }: Report): string {
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${plural(severity, count)}`];
  });
  const not = skipped.length === 0 ? '' : `, ${skipped.length} not checked`;
  return `${files} ${plural('file', files)} checked${not}: ${counts.length === 0 ? 'nothing found' : counts.join(', ')}`;
}

function plural(word: string, count: number): string {
  return count === 1 || word === 'information' ? word : `${word}s`;
}

export function ruleList(rules: readonly RuleInfo[]): string {
  return rules.map(({ id, severity, summary: about, link }) => `${id} (${severity}): ${about}\n    ${link}\n`).join('');
}

/** Text of a file or its name must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
