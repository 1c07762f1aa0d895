import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Dialect } from '../../../server/language/dialect.ts';
import { judge, type Judgement } from '../../../server/language/engine.ts';
import type { Host } from '../../../server/language/host.ts';
import type { Edit } from '../../../server/language/rule.ts';
import type { Span } from '../../../server/language/span.ts';

/** What a rule says of a text in which «…» marks every place that it is to find, and of one that is nearly the same. */
export interface RuleCase {
  readonly flagged: string;
  readonly clean: string;
  readonly host?: Host;
  /** Of both texts, where it matters. */
  readonly path?: string;
  /** `flagged` without its marks, after the best fix of the first finding. */
  readonly fixed?: string;
}

/** One test for each case, and one that no rule of the dialect is without. */
export function testRules(dialect: Dialect, cases: Readonly<Record<string, RuleCase | readonly RuleCase[]>>): void {
  describe(`rules of ${dialect.id}`, () => {
    for (const [rule, given] of Object.entries(cases)) {
      const list: readonly RuleCase[] = 'flagged' in given ? [given] : given;
      for (const [index, one] of list.entries()) {
        test(list.length > 1 ? `${rule}, ${index + 1}` : rule, () => checkCase(dialect, rule, one));
      }
    }
    test('each has a case', () => {
      assert.deepEqual(
        dialect.rules.map(({ id }) => id).filter((id) => !(id in cases)),
        [],
      );
    });
    test('each names itself once, its summary and its source', () => {
      const ids = dialect.rules.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const { id, summary, link } of dialect.rules) {
        assert.match(id, /^[a-z]+\/[a-z0-9-]+$/);
        assert.match(link, /^https:\/\//);
        assert.ok(summary.length > 10, id);
      }
    });
  });
}

function checkCase(dialect: Dialect, rule: string, one: RuleCase): void {
  const { text, spans } = unmark(one.flagged);
  const found = judged(dialect, text, one.host, one.path).filter(({ rule: { id } }) => id === rule);
  assert.deepEqual(
    found.map(({ span }) => text.slice(span.start, span.end)),
    spans.map(({ start, end }) => text.slice(start, end)),
  );
  assert.deepEqual(
    found.map(({ span: { start, end } }) => ({ start, end })),
    spans,
  );
  for (const { message, remedy } of found) {
    for (const sentence of [message, remedy ?? '.']) assert.match(sentence, /\.$/);
  }
  assert.deepEqual(
    judged(dialect, one.clean, one.host, one.path).filter(({ rule: { id } }) => id === rule),
    [],
  );
  if (one.fixed !== undefined) {
    const [fix] = found[0]?.fixes ?? [];
    assert.ok(fix, 'there is no fix');
    assert.equal(applied(text, fix.edits), one.fixed);
  }
}

export function judged(dialect: Dialect, text: string, host?: Host, path?: string): Judgement[] {
  return judge(dialect.open(text, path), host);
}

export function unmark(marked: string): { text: string; spans: Span[] } {
  const spans: Span[] = [];
  let text = '';
  for (const [piece, index] of marked.split(/[«»]/).map((part, at) => [part, at] as const)) {
    if (index % 2 === 1) spans.push({ start: text.length, end: text.length + piece.length });
    text += piece;
  }
  return { text, spans };
}

export function applied(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((one, other) => other.span.start - one.span.start)
    .reduce((so, { span, text: put }) => so.slice(0, span.start) + put + so.slice(span.end), text);
}
