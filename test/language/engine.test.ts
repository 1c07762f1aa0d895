import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Declared } from '../../server/language/declared.ts';
import { defineDialect } from '../../server/language/dialect.ts';
import { allRules, dialects, openFile } from '../../server/language/dialects/index.ts';
import { judge, noSettings, verdictOn } from '../../server/language/engine.ts';
import { dialectIds, type Settings } from '../../server/language/protocol.ts';

const link = 'https://example.org/';

interface Letters extends Declared {
  readonly text: string;
}

/** Finds the words `a` and `b`, each by a rule of its own. */
const letters = defineDialect<Letters>({
  id: 'shell',
  recognises: () => true,
  read: (text) => ({ workloads: [], text }),
  rules: ['a', 'b'].map((letter) => ({
    id: `shell/${letter}`,
    severity: letter === 'a' ? ('error' as const) : ('hint' as const),
    summary: 'A letter that is there',
    link,
    *check({ text }) {
      for (const { index } of text.matchAll(new RegExp(`(?<!/)\\b${letter}\\b`, 'g'))) {
        const span = { start: index, end: index + 1 };
        yield { span, message: 'It is there.', ...(text.includes('worse') ? { severity: 'warning' as const } : {}) };
      }
    },
  })),
  comment: '#',
});

function found(text: string, rules: Settings['rules'] = {}): string[] {
  return judge(letters.open(text), undefined, { ...noSettings, rules }).map(
    ({ rule, severity, span }) => `${rule.id.slice(6)}@${span.start} ${severity}`,
  );
}

describe('judging a document', () => {
  test('findings are in the order of the text', () => {
    assert.deepEqual(found('b a b'), ['b@0 hint', 'a@2 error', 'b@4 hint']);
  });
  test('a finding may be worse than its rule', () => {
    assert.deepEqual(found('a worse'), ['a@0 warning']);
  });
  test('the settings have the last word on a severity', () => {
    assert.deepEqual(found('a worse b', { 'shell/a': 'information' }), ['a@0 information', 'b@8 warning']);
  });
  test('a rule that is off is not asked', () => {
    assert.deepEqual(found('a b', { 'shell/a': 'off' }), ['b@2 hint']);
  });
});

function some(text: string, maximum: number, rules: Settings['rules'] = {}): unknown {
  const { judgements, more } = verdictOn(letters.open(text), undefined, { ...noSettings, rules, maximum });
  return [judgements.map(({ span }) => span.start), more?.start];
}

describe('no more findings than are wanted', () => {
  test('are the first of the text, whatever rules they are of, and the next is marked', () => {
    assert.deepEqual(some('b a b a', 2), [[0, 2], 4]);
    assert.deepEqual(some('b a b a', 3), [[0, 2, 4], 6]);
  });
  test('nothing is marked where there are no more', () => {
    assert.deepEqual(some('b a b a', 4), [[0, 2, 4, 6], undefined]);
    assert.deepEqual(some('', 1), [[], undefined]);
  });
  test('what is off or silenced does not count', () => {
    assert.deepEqual(some('b a b a', 2, { 'shell/b': 'off' }), [[2, 6], undefined]);
    assert.deepEqual(some('a # linux-namespaces-disable-line\nb a', 1), [[34], 36]);
  });
  test('rules look no further', () => {
    const asked: number[] = [];
    const counting = defineDialect<Declared>({
      id: 'shell',
      recognises: () => true,
      read: () => ({ workloads: [] }),
      rules: [
        {
          id: 'shell/counting',
          severity: 'hint',
          summary: 'A number',
          link,
          *check() {
            for (let start = 0; ; start++) {
              asked.push(start);
              yield { span: { start, end: start + 1 }, message: 'It is there.' };
            }
          },
        },
      ],
      comment: undefined,
    });
    const document = counting.open('');
    assert.equal(verdictOn(document, undefined, { ...noSettings, maximum: 5 }).judgements.length, 5);
    assert.ok(asked.length <= 7, `${asked.length} were asked for`);
    // Nor are they asked again for what they have said.
    verdictOn(document, undefined, { ...noSettings, maximum: 6 });
    assert.equal(new Set(asked).size, asked.length);
  });
});

describe('suppression comments', () => {
  test('of the next line, for one rule and for all', () => {
    assert.deepEqual(found('# linux-namespaces-disable-next-line shell/a\na b\na'), ['b@47 hint', 'a@49 error']);
    assert.deepEqual(found('# linux-namespaces-disable-next-line\na b\na'), ['a@41 error']);
  });
  test('of the same line', () => {
    assert.deepEqual(found('a # linux-namespaces-disable-line shell/b, shell/a\na'), ['a@51 error']);
  });
  test('of the whole file, wherever it stands', () => {
    assert.deepEqual(found('a b\n# linux-namespaces-disable-file shell/a'), ['b@2 hint']);
    assert.deepEqual(found('a b\r\n# linux-namespaces-disable-file\r\n'), []);
  });
  test('nothing outside of a comment, and no other word', () => {
    assert.equal(found('linux-namespaces-disable-line a').length, 1);
    assert.equal(found('# linux-namespaces-disable-lines\na').length, 1);
    assert.equal(found('# linux-namespaces-disable-next-line shell/other\na').length, 1);
  });
  test('not the line after the next', () => {
    assert.deepEqual(found('# linux-namespaces-disable-next-line\r\n\r\na'), ['a@40 error']);
  });
});

describe('all dialects', () => {
  test('have their rules under their own names, once each', () => {
    const ids = allRules().map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const dialect of dialects) {
      for (const { id } of dialect.rules) assert.ok(id.startsWith(`${dialect.id}/`), id);
    }
  });
  test('can be switched off', () => {
    const file = { path: '/x.sh', languageId: undefined, text: 'unshare id' };
    assert.equal(openFile(file)?.dialect.id, 'shell');
    assert.equal(openFile(file, ['shell']), undefined);
    assert.notEqual(
      openFile(
        file,
        dialectIds.filter((id) => id !== 'shell'),
      ),
      undefined,
    );
  });
  test('take nothing for theirs that says nothing', () => {
    for (const path of ['/README.md', '/main.c', '/package.json', '/.github/dependabot.yml', '/notes.txt']) {
      assert.equal(openFile({ path, languageId: undefined, text: '{}' }), undefined, path);
    }
  });
});
