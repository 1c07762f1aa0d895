import type { Judgement } from '../engine.ts';
import { lineAt, lineStarts } from '../lines.ts';
import type { Severity } from '../protocol.ts';
import type { RuleInfo } from '../rule.ts';
import type { Span } from '../span.ts';

/** A place as people and SARIF count: from 1, columns in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Region {
  readonly start: Position;
  readonly end: Position;
}

/** A judgement of a file, which needs the file's text no more. */
export interface LocatedFinding {
  readonly file: string;
  readonly region: Region;
  readonly rule: RuleInfo;
  readonly severity: Severity;
  readonly message: string;
  readonly remedy: string | undefined;
  readonly related: readonly { readonly region: Region; readonly message: string }[];
  readonly fixes: readonly LocatedFix[];
}

export interface LocatedFix {
  readonly title: string;
  readonly edits: readonly { readonly region: Region; readonly text: string }[];
}

/** A file that could not be judged, and why. */
export interface Skipped {
  readonly file: string;
  readonly reason: string;
  /** It ought to have been read: the command fails for it. */
  readonly failed: boolean;
}

export interface Report {
  /** How many files were judged. */
  readonly files: number;
  readonly findings: readonly LocatedFinding[];
  readonly skipped: readonly Skipped[];
}

export function locate(file: string, text: string, judgements: readonly Judgement[]): LocatedFinding[] {
  if (judgements.length === 0) return [];
  const starts = lineStarts(text);
  const region = ({ start, end }: Span): Region => ({ start: positionOf(starts, start), end: positionOf(starts, end) });
  return judgements.map(({ span, rule, severity, message, remedy, related = [], fixes = [] }) => ({
    file,
    region: region(span),
    rule,
    severity,
    message,
    remedy,
    related: related.map((each) => ({ region: region(each.span), message: each.message })),
    fixes: fixes.map(({ title, edits }) => ({
      title,
      edits: edits.map((edit) => ({ region: region(edit.span), text: edit.text })),
    })),
  }));
}

function positionOf(starts: readonly number[], offset: number): Position {
  const line = lineAt(starts, offset);
  return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
}
