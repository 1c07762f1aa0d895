import type { Diagnostic } from 'vscode-languageserver-types';
import type { Analysis } from '../analysis.ts';
import type { Judgement } from '../engine.ts';
import type { Host } from '../host.ts';
import { maximumSetting } from '../protocol.ts';
import { wordsOf } from '../rule.ts';
import type { Span } from '../span.ts';
import { severityNumbers } from './protocol-numbers.ts';

export const source = 'Linux Namespaces';

export function diagnosticsOf(analysis: Analysis, host: Host | undefined): Diagnostic[] {
  const { judgements, more } = analysis.verdict(host);
  const diagnostics = judgements.map((judgement) => diagnosticOf(analysis, judgement));
  if (more !== undefined) diagnostics.push(moreDiagnostic(analysis, more, judgements.length));
  return diagnostics;
}

/** What is not shown must not be taken for right. */
function moreDiagnostic(analysis: Analysis, at: Span, shown: number): Diagnostic {
  return {
    range: analysis.range(at),
    message: `Only the first ${shown.toLocaleString('en-US')} problems of this document are shown; from here on there are more, of any severity. Raise ${maximumSetting} to see them.`,
    severity: severityNumbers.information,
    source,
  };
}

export function diagnosticOf(analysis: Analysis, judgement: Judgement): Diagnostic {
  const { span, severity, rule, related } = judgement;
  const { uri } = analysis.text;
  return {
    range: analysis.range(span),
    message: wordsOf(judgement),
    severity: severityNumbers[severity],
    source,
    code: rule.id,
    codeDescription: { href: rule.link },
    ...(related === undefined
      ? {}
      : {
          relatedInformation: related.map((other) => ({
            location: { uri, range: analysis.range(other.span) },
            message: other.message,
          })),
        }),
  };
}
