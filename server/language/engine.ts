import type { OpenDocument } from './dialect.ts';
import type { Host } from './host.ts';
import type { Settings, Severity } from './protocol.ts';
import { foundBy, inOrder, type Found } from './order.ts';
import type { Finding, RuleInfo } from './rule.ts';
import { hostRules } from './rules/host.ts';
import type { Span } from './span.ts';
import { suppressed } from './suppression.ts';

export interface Judgement extends Omit<Finding, 'severity'> {
  readonly rule: RuleInfo;
  readonly severity: Severity;
}

export const noSettings: Settings = { off: [], rules: {}, maximum: Infinity };

export interface Verdict {
  readonly judgements: Judgement[];
  /** Where the first finding is that is beyond the maximum: no rule has looked much further. */
  readonly more: Span | undefined;
}

/** What is wrong with a document, in the order of its text. */
export function judge(document: OpenDocument, host?: Host, settings: Settings = noSettings): Judgement[] {
  return verdictOn(document, host, settings).judgements;
}

/** No more of it than the settings want. */
export function verdictOn(document: OpenDocument, host: Host | undefined, settings: Settings): Verdict {
  const silent = suppressed(document.text, document.dialect.comment);
  const judgements: Judgement[] = [];
  let more: Span | undefined;
  for (const [rule, finding] of findings(document, host, ({ id }) => settings.rules[id] !== 'off')) {
    if (silent(rule.id, finding.span)) continue;
    if (judgements.length >= settings.maximum) {
      more = finding.span;
      break;
    }
    const asked = settings.rules[rule.id];
    if (asked !== 'off') judgements.push({ ...finding, rule, severity: asked ?? finding.severity ?? rule.severity });
  }
  // A rule that looks back may have found something late.
  return {
    judgements: judgements.toSorted((one, other) => one.span.start - other.span.start || one.span.end - other.span.end),
    more,
  };
}

function findings(
  document: OpenDocument,
  host: Host | undefined,
  wanted: (rule: RuleInfo) => boolean,
): Iterable<Found> {
  const ofDialect = document.check(host, wanted);
  if (host === undefined) return ofDialect;
  return inOrder([
    ofDialect,
    ...hostRules.filter(wanted).map((rule) => foundBy(rule, rule.check(document.declared, host))),
  ]);
}
