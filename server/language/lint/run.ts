import { allRules, dialects, openFile } from '../dialects/index.ts';
import { judge } from '../engine.ts';
import { severities } from '../protocol.ts';
import { jsonReport, jsonRules } from '../report/json.ts';
import { locate, type LocatedFinding, type Report, type Skipped } from '../report/located.ts';
import { sarifReport } from '../report/sarif.ts';
import { printable, ruleList, summary, textReport } from '../report/text.ts';
import { parseArguments, usage, type Arguments } from './arguments.ts';
import { findFiles, readSource } from './files.ts';

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether `out` shows colours. */
  readonly coloured: boolean;
}

/** The whole command: what it writes, and its exit status. */
export function nslint(given: readonly string[], version: string, { out, err, coloured }: Terminal): number {
  const rules = allRules();
  const parsed = parseArguments(given, new Set(rules.map(({ id }) => id)));
  if (typeof parsed === 'string') {
    err(`nslint: ${printable(parsed)}\n${usage}`);
    return 2;
  }
  if (parsed.action === 'help') {
    out(usage);
    return 0;
  }
  if (parsed.action === 'version') {
    out(`nslint ${version}\n`);
    return 0;
  }
  if (parsed.action === 'list-rules') {
    out(parsed.format === 'text' ? ruleList(rules) : jsonRules(rules));
    return 0;
  }
  const report = lint(parsed);
  if (parsed.format === 'sarif') out(sarifReport(report, rules, version));
  else if (parsed.format === 'json') out(jsonReport(report));
  else out(textReport(report, coloured));
  for (const { file, reason } of report.skipped) err(`nslint: ${printable(file)}: ${printable(reason)}\n`);
  err(`nslint: ${summary(report)}\n`);
  return statusOf(report, parsed);
}

function lint({ paths, settings }: Arguments): Report {
  const skipped: Skipped[] = [];
  const findings: LocatedFinding[] = [];
  let files = 0;
  for (const file of findFiles(paths, (each) => skipped.push(each))) {
    const { path } = file;
    const wanted = (text: string): boolean =>
      dialects.some(
        (dialect) => dialect.recognises({ path, languageId: undefined, text }) && !settings.off.includes(dialect.id),
      );
    const source = readSource(file, wanted);
    if (source === undefined) continue;
    if ('reason' in source) {
      skipped.push(source);
      continue;
    }
    try {
      const { text } = source;
      const document = openFile({ path, languageId: undefined, text }, settings.off);
      if (document === undefined) continue;
      findings.push(...locate(path, text, judge(document, undefined, settings)));
      files++;
    } catch (error) {
      // One file must not hide what is wrong with the others.
      skipped.push({ file: path, reason: `nslint itself failed: ${String(error)}`, failed: true });
    }
  }
  return { files, findings, skipped };
}

function statusOf({ findings, skipped }: Report, { failOn }: Arguments): number {
  if (skipped.some(({ failed }) => failed)) return 2;
  if (failOn === 'never') return 0;
  const worst = severities.indexOf(failOn);
  return findings.some(({ severity }) => severities.indexOf(severity) <= worst) ? 1 : 0;
}
