import type { Severity } from '../protocol.ts';
import { wordsOf, type RuleInfo } from '../rule.ts';
import type { LocatedFinding, LocatedFix, Region, Report } from './located.ts';

/** SARIF 2.1.0 knows no hint. */
const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  information: 'note',
  hint: 'note',
};

/** A log of the Static Analysis Results Interchange Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function sarifReport(report: Report, rules: readonly RuleInfo[], version: string): string {
  const index = new Map(rules.map(({ id }, at) => [id, at]));
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'nslint',
            fullName: 'Linux Namespaces nslint',
            semanticVersion: version,
            rules: rules.map(({ id, severity, summary, link }) => ({
              id,
              shortDescription: { text: summary },
              helpUri: link,
              defaultConfiguration: { level: levels[severity] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: !report.skipped.some(({ failed }) => failed),
            toolExecutionNotifications: report.skipped.map(({ file, reason, failed }) => ({
              level: failed ? 'error' : 'note',
              message: { text: reason },
              locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) } } }],
            })),
          },
        ],
        results: report.findings.map((finding) => resultOf(finding, index.get(finding.rule.id))),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function resultOf(finding: LocatedFinding, ruleIndex: number | undefined): object {
  const { file, region, rule, severity, related, fixes } = finding;
  return {
    ruleId: rule.id,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level: levels[severity],
    message: { text: wordsOf(finding) },
    locations: [locationOf(file, region)],
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map((each, id) => ({
            id,
            message: { text: each.message },
            ...locationOf(file, each.region),
          })),
        }),
    ...(fixes.length === 0 ? {} : { fixes: fixes.map((fix) => fixOf(file, fix)) }),
  };
}

function locationOf(file: string, region: Region): object {
  return { physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: regionOf(region) } };
}

function fixOf(file: string, { title, edits }: LocatedFix): object {
  return {
    description: { text: title },
    artifactChanges: [
      {
        artifactLocation: { uri: uriOf(file) },
        replacements: edits.map(({ region, text }) => ({
          deletedRegion: regionOf(region),
          ...(text === '' ? {} : { insertedContent: { text } }),
        })),
      },
    ],
  };
}

function regionOf({ start, end }: Region): object {
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}

/** A relative path stays relative: SARIF's consumers know where the run began. */
export function uriOf(file: string): string {
  const encoded = file
    .replaceAll('\\', '/')
    .split('/')
    // A lone surrogate, which no URI can hold, becomes U+FFFD.
    .map((part) => encodeURIComponent(part.replace(/\p{Cs}/gu, '\uFFFD')))
    .join('/');
  if (encoded.startsWith('/')) return `file://${encoded}`;
  // A colon in the first part would make it a scheme; encodeURIComponent has escaped it, and `./` is noise.
  return encoded.replace(/^(?:\.\/)+/, '');
}
