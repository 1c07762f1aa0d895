import assert from 'node:assert/strict';
import type { Declared } from '../../../server/language/declared.ts';
import type { Dialect } from '../../../server/language/dialect.ts';
import { judge } from '../../../server/language/engine.ts';
import type { Span } from '../../../server/language/span.ts';

/** Reads and judges a text, asks for help at some places of it, and holds every answer to be of that text. */
export function holdSound(dialect: Dialect, text: string, offsets: readonly number[] = []): void {
  const document = dialect.open(text);
  const within = (span: Span, what: string): void => {
    const { start, end } = span;
    const sound = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= text.length;
    assert.ok(sound, `${what} from ${start} to ${end} in a text of ${text.length}`);
  };
  for (const span of spansOf(document.declared)) within(span, 'A declared span');
  for (const { rule, span, message, related = [], fixes = [] } of judge(document)) {
    within(span, rule.id);
    assert.match(message, /\S/);
    for (const each of related) within(each.span, `${rule.id}, related,`);
    for (const { edits } of fixes) {
      const sorted = edits.toSorted((one, other) => one.span.start - other.span.start);
      for (const [index, edit] of sorted.entries()) {
        within(edit.span, `${rule.id}, an edit`);
        assert.ok((sorted[index - 1]?.span.end ?? 0) <= edit.span.start, `${rule.id}: edits overlap`);
      }
    }
  }
  for (const offset of offsets) {
    for (const { span } of document.complete(offset, undefined)) within(span, 'A completion');
    const described = document.describe(offset);
    if (described !== undefined) within(described.span, 'A description');
  }
}

function* spansOf({ workloads }: Declared): Iterable<Span> {
  for (const { span, namespaces, mappings, sysctls } of workloads) {
    yield span;
    for (const namespace of namespaces) yield* [namespace.span, namespace.sourceSpan];
    for (const mapping of mappings) yield mapping.span;
    for (const sysctl of sysctls) yield* [sysctl.keySpan, sysctl.valueSpan];
  }
}
