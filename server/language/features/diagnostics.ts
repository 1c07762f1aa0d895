import type { Diagnostic } from 'vscode-languageserver-types';
import type { Analysis } from '../analysis.ts';
import type { Judgement } from '../engine.ts';
import type { Host } from '../host.ts';
import { wordsOf } from '../rule.ts';
import { severityNumbers } from './protocol-numbers.ts';

export const source = 'Linux Namespaces';

export function diagnosticsOf(analysis: Analysis, host: Host | undefined): Diagnostic[] {
  return analysis.judgements(host).map((judgement) => diagnosticOf(analysis, judgement));
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
