import assert from 'node:assert/strict';
import test from 'node:test';
import { completenessSentence } from '../../../extension/model/completeness.ts';
import type { Rights } from '../../../extension/model/completeness.ts';
import type { Completeness } from '../../../extension/model/types.ts';

const user: Rights = { elevated: false, hidepid: undefined };
const root: Rights = { elevated: true, hidepid: undefined };

function completeness(fields: Partial<Completeness>): Completeness {
  return { complete: true, processes: 530, unreadable: 0, source: ['proc'], bound: undefined, ...fields };
}

void test('how much is visible, and never more than is known', () => {
  const cases: readonly (readonly [Partial<Completeness>, Rights, string, boolean])[] = [
    [{}, root, 'All 530 processes are visible.', false],
    [{}, user, 'All 530 processes are visible.', false],
    [{ processes: 1 }, root, '1 process is visible.', false],
    [
      { complete: false, unreadable: 118 },
      user,
      '412 of 530 processes are visible; connect with sudo to see all.',
      true,
    ],
    // Also where the helper thinks that it saw everything.
    [{ unreadable: 118 }, user, '412 of 530 processes are visible; connect with sudo to see all.', true],
    [
      { complete: false, processes: 5232, unreadable: 1 },
      root,
      '5,231 of 5,232 processes are visible; the host hides the rest from this root too.',
      true,
    ],
    [
      { complete: false },
      user,
      '530 processes are visible, and there may be more; connect with sudo to see all.',
      true,
    ],
    [
      { complete: false, processes: 40 },
      { elevated: false, hidepid: '2' },
      '40 processes are visible, and hidepid on /proc keeps others from being counted; connect with sudo to see all.',
      true,
    ],
    [
      { processes: 40 },
      { elevated: false, hidepid: 'invisible' },
      '40 processes are visible, and hidepid on /proc keeps others from being counted; connect with sudo to see all.',
      true,
    ],
    [
      { complete: false, processes: 530, unreadable: 490 },
      { elevated: false, hidepid: 'noaccess' },
      '40 of 530 processes are visible; connect with sudo to see all.',
      true,
    ],
    [{}, { elevated: true, hidepid: '2' }, 'All 530 processes are visible.', false],
    // A host that counts wrongly is not believed to have less than nothing.
    [{ processes: 5, unreadable: 9 }, user, '0 of 5 processes are visible; connect with sudo to see all.', true],
  ];
  for (const [fields, rights, text, partial] of cases) {
    assert.deepEqual(completenessSentence(completeness(fields), rights), { text, partial });
  }
});
