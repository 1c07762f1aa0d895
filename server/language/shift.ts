import type { Workload } from './declared.ts';
import type { Finding } from './rule.ts';
import type { Span } from './span.ts';

/* The same in a text that has so many characters more before it. */

export function shiftSpan({ start, end }: Span, by: number): Span {
  return { start: start + by, end: end + by };
}

export function shiftFinding(finding: Finding, by: number): Finding {
  if (by === 0) return finding;
  const { span, related, fixes } = finding;
  return {
    ...finding,
    span: shiftSpan(span, by),
    ...(related && { related: related.map((each) => ({ ...each, span: shiftSpan(each.span, by) })) }),
    ...(fixes && {
      fixes: fixes.map(({ title, edits }) => ({
        title,
        edits: edits.map((edit) => ({ ...edit, span: shiftSpan(edit.span, by) })),
      })),
    }),
  };
}

export function shiftWorkload(workload: Workload, by: number): Workload {
  if (by === 0) return workload;
  const { span, namespaces, mappings, sysctls } = workload;
  return {
    ...workload,
    span: shiftSpan(span, by),
    namespaces: namespaces.map((each) => ({
      ...each,
      span: shiftSpan(each.span, by),
      sourceSpan: shiftSpan(each.sourceSpan, by),
    })),
    mappings: mappings.map((each) => ({
      ...each,
      span: shiftSpan(each.span, by),
      ...(each.outsideSpan && { outsideSpan: shiftSpan(each.outsideSpan, by) }),
    })),
    sysctls: sysctls.map((each) => ({
      ...each,
      keySpan: shiftSpan(each.keySpan, by),
      valueSpan: shiftSpan(each.valueSpan, by),
    })),
  };
}
