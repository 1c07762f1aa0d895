import type { CommentStyle } from './dialect.ts';
import { lineAt, lineStarts } from './lines.ts';
import type { Span } from './span.ts';

const words = /\blinux-namespaces-disable-(line|next-line|file)\b[ \t]*([^\r\n]*)/g;

/**
 * Reads `# linux-namespaces-disable-next-line RULE…`, `…-line` and `…-file`; without a rule they concern all.
 * Formats without comments, such as JSON, have the settings only.
 */
export function suppressed(text: string, comment: CommentStyle | undefined): (rule: string, span: Span) => boolean {
  if (comment === undefined || !text.includes('linux-namespaces-disable-')) return () => false;
  const lines = lineStarts(text);
  const lineOf = (offset: number): number => lineAt(lines, offset);
  /** Line, or undefined for the whole file -> rules, or undefined for all. */
  const silent: { line: number | undefined; rules: readonly string[] }[] = [];
  for (const match of text.matchAll(words)) {
    const line = lineOf(match.index);
    const before = text.slice(lines[line], match.index);
    if (!before.includes(comment)) continue;
    const rules = (match[2] ?? '').split(/[\s,]+/).filter((word) => word.includes('/'));
    const [, where] = match;
    silent.push({ line: where === 'file' ? undefined : where === 'line' ? line : line + 1, rules });
  }
  return (rule, { start }) =>
    silent.some(
      ({ line, rules }) =>
        (line === undefined || line === lineOf(start)) && (rules.length === 0 || rules.includes(rule)),
    );
}
