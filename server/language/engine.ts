import type { OpenDocument } from './dialect.ts';
import type { Host } from './host.ts';
import type { Settings, Severity } from './protocol.ts';
import type { Finding, RuleInfo } from './rule.ts';
import { hostRules } from './rules/host.ts';
import { suppressed } from './suppression.ts';

export interface Judgement extends Omit<Finding, 'severity'> {
  readonly rule: RuleInfo;
  readonly severity: Severity;
}

export const noSettings: Settings = { off: [], rules: {} };

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
  if (host !== undefined) {
    for (const rule of hostRules.filter(wanted)) {
      for (const finding of rule.check(document.declared, host)) add(rule, finding);
    }
  }
  return judgements.toSorted((one, other) => one.span.start - other.span.start || one.span.end - other.span.end);
}
