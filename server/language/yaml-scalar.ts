import type { Span } from './span.ts';
import type { YamlScalar } from './yaml.ts';

const escapes: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['a', '\u{7}'],
  ['b', '\b'],
  ['t', '\t'],
  ['\t', '\t'],
  ['n', '\n'],
  ['v', '\v'],
  ['f', '\f'],
  ['r', '\r'],
  ['e', '\u{1B}'],
  ['N', '\u{85}'],
  ['_', '\u{A0}'],
  ['L', '\u{2028}'],
  ['P', '\u{2029}'],
]);
const escape = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r?\n)[ \t]*|([^]))/g;

/** What stands between quotes, without escapes and with its lines folded. */
export function unquoted(raw: string, style: 'single' | 'double'): string {
  const folded = raw.includes('\n') ? fold(raw, style === 'double') : raw;
  if (style === 'single') return folded.replaceAll("''", "'");
  if (!folded.includes('\\')) return folded;
  return folded.replace(escape, (_, x?: string, u?: string, long?: string, line?: string, one?: string) => {
    if (line !== undefined) return '';
    if (one !== undefined) return escapes.get(one) ?? one;
    const code = Number.parseInt(x ?? u ?? long ?? '', 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : '\u{FFFD}';
  });
}

/** One line break becomes a space, more lose one; where breaks can be `escaped`, such a one goes with what indents the next line. */
export function fold(raw: string, escaped: boolean): string {
  const lines = raw.split('\n');
  let folded = '';
  let breaks = 0;
  let glued = false;
  for (const [index, line] of lines.entries()) {
    const first = index === 0;
    const last = index === lines.length - 1;
    let content = first ? line : line.replace(/^[ \t]+/, '');
    if (!last) content = trimBlanks(content);
    if (content === '' && !first && !last) {
      breaks += 1;
      continue;
    }
    if (!first) folded += breaks > 0 ? '\n'.repeat(breaks) : glued ? '' : ' ';
    breaks = 0;
    glued = escaped && !last && endsWithEscape(content);
    folded += glued ? content.slice(0, -1) : content;
  }
  return folded;
}

function trimBlanks(line: string): string {
  let end = line.length;
  while (end > 0 && ' \t\r'.includes(line.charAt(end - 1))) end -= 1;
  return line.slice(0, end);
}

function endsWithEscape(line: string): boolean {
  let count = 0;
  while (line.charAt(line.length - 1 - count) === '\\') count += 1;
  return count % 2 === 1;
}

/** A `|` or `>` at `start`, whose lines are further in than `indent`; `end` is where its last line ends. */
export function readBlockScalar(text: string, start: number, indent: number): { scalar: YamlScalar; end: number } {
  const headerEnd = lineEnd(text, start);
  const header = /^[|>]([-+0-9]*)/.exec(text.slice(start, Math.min(headerEnd, start + 4)));
  const explicit = /[1-9]/.exec(header?.[1] ?? '');
  let inner = explicit === null ? undefined : Math.max(indent, 0) + Number(explicit[0]);
  const lines: string[] = [];
  let end = headerEnd;
  let contentEnd = Math.min(headerEnd, start + (header?.[0].length ?? 1));
  let first = headerEnd + 1;
  for (let at = headerEnd + 1; at < text.length; at = end + 1) {
    let column = 0;
    while (text.charAt(at + column) === ' ') column += 1;
    const stop = lineEnd(text, at);
    const blank = text.slice(at + column, stop).trim() === '';
    if (!blank) {
      if (inner === undefined && column > indent) {
        inner = column;
        first = at + column;
      }
      if (inner === undefined || column < inner) break;
    }
    lines.push(blank ? '' : text.slice(at + (inner ?? 0), stop).replace(/\r$/, ''));
    end = stop;
    if (!blank) contentEnd = stop;
  }
  const span: Span = { start, end: Math.max(contentEnd, start + 1) };
  const value = joined(lines, text.charAt(start) === '>', header?.[1] ?? '');
  const content = { start: Math.min(first, span.end), end: span.end };
  return { scalar: { kind: 'scalar', value, style: 'block', span, content }, end };
}

function joined(lines: readonly string[], folded: boolean, header: string): string {
  let last = lines.length;
  while (last > 0 && lines[last - 1] === '') last -= 1;
  const kept = lines.slice(0, last);
  const tail = header.includes('-') ? '' : header.includes('+') ? '\n'.repeat(lines.length - last + 1) : '\n';
  if (kept.length === 0) return '';
  if (!folded) return kept.join('\n') + tail;
  let value = '';
  let breaks = 0;
  for (const [index, line] of kept.entries()) {
    const before = kept[index - 1 - breaks];
    if (line === '') {
      breaks += 1;
      continue;
    }
    if (index > 0) {
      const more = /^[ \t]/.test(line) || /^[ \t]/.test(before ?? '');
      value += more ? '\n'.repeat(breaks + 1) : breaks > 0 ? '\n'.repeat(breaks) : before === undefined ? '' : ' ';
    }
    breaks = 0;
    value += line;
  }
  return value + tail;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}
