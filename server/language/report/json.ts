import type { RuleInfo } from '../rule.ts';
import type { Report } from './located.ts';

/** For programs that want less than SARIF. */
export function jsonReport({ files, findings, skipped }: Report): string {
  const written = {
    files,
    findings: findings.map(({ file, region, rule, severity, message, remedy, related, fixes }) => ({
      file,
      ...region,
      rule: rule.id,
      severity,
      message,
      remedy,
      link: rule.link,
      related,
      fixes,
    })),
    skipped: skipped.map(({ file, reason }) => ({ file, reason })),
  };
  return `${JSON.stringify(written, undefined, 2)}\n`;
}

export function jsonRules(rules: readonly RuleInfo[]): string {
  const written = rules.map(({ id, severity, summary, link }) => ({ id, severity, summary, link }));
  return `${JSON.stringify(written, undefined, 2)}\n`;
}
