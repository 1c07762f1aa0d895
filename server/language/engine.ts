import type { OpenDocument, SourceFile } from './dialect.ts';
import { dialects } from './dialects/index.ts';
import type { Host } from './host.ts';
import type { DialectId, Settings, Severity } from './protocol.ts';
import type { Finding, RuleInfo } from './rule.ts';
import { hostRules } from './rules/host.ts';
import { suppressed } from './suppression.ts';

export interface Judgement extends Omit<Finding, 'severity'> {
  readonly rule: RuleInfo;
  readonly severity: Severity;
}

export const noSettings: Settings = { off: [], rules: {} };

/** Undefined for what is of none of the kinds, or of one that is switched off. */
export function openFile(file: SourceFile, off: readonly DialectId[] = []): OpenDocument | undefined {
  const dialect = dialects.find(({ recognises }) => recognises(file));
  return dialect === undefined || off.includes(dialect.id) ? undefined : dialect.open(file.text, file.path);
}

export function allRules(): readonly RuleInfo[] {
  return [...dialects.flatMap(({ rules }) => rules), ...hostRules];
}

/** What is wrong with a document, in the order of its text. */
export function judge(document: OpenDocument, host?: Host, settings: Settings = noSettings): Judgement[] {
  const silent = suppressed(document.text, document.dialect.comment);
  const judgements: Judgement[] = [];
  const add = (rule: RuleInfo, finding: Finding): void => {
    if (silent(rule.id, finding.span)) return;
    const asked = settings.rules[rule.id];
    if (asked !== 'off') judgements.push({ ...finding, rule, severity: asked ?? finding.severity ?? rule.severity });
  };
  const wanted = ({ id }: RuleInfo): boolean => settings.rules[id] !== 'off';
  for (const [rule, finding] of document.check(host, wanted)) add(rule, finding);
  for (const rule of hostRules.filter(wanted)) {
    for (const finding of rule.check(document.declared, host)) add(rule, finding);
  }
  return judgements.toSorted((one, other) => one.span.start - other.span.start || one.span.end - other.span.end);
}
