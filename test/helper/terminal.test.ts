import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HelperRecord } from '../../extension/helper/protocol.ts';
import { leakGuard } from './support/leaks.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { serve, type Serve } from './support/serve.ts';
import { until } from './support/wait.ts';

const skip = missing('linux');
leakGuard();

function shown(records: readonly HelperRecord[]): string {
  return Buffer.concat(
    records.flatMap((record) => ('data' in record ? [Buffer.from(record.data.bytes, 'base64url')] : [])),
  ).toString();
}

function typed(text: string): string {
  return Buffer.from(text).toString('base64url');
}

async function watching(session: Serve): Promise<number> {
  const id = session.send('terminal', '80', '24', 'watch');
  await until('it watches', () => session.answers.get(id)?.records.some((record) => 'tick' in record));
  return id;
}

test('a verb runs in a terminal and its records come beside what the terminal shows', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const version = await session.request('terminal', '80', '24', 'version');
  assert.deepEqual(version.records, session.greeting);
  assert.ok(version.end);
  const wrong = await session.request('terminal', '80', '24', 'nonsense');
  assert.equal(wrong.error?.step, 'verb');
});

test('what is typed reaches the terminal, and Ctrl-C ends what runs there', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const id = await watching(session);
  assert.ok((await session.request('input', String(id), typed('hello\u0000é'))).end);
  await until('the terminal echoes', () => shown(session.answers.get(id)?.records ?? []).includes('hello^@é'));
  assert.ok((await session.request('input', String(id), typed('\u0003'))).end);
  const { records, end } = await session.answer(id);
  assert.ok(end);
  assert.deepEqual(records.at(-1), { exit: { signal: 2 } });
});

test('typing more than a line takes harms neither its terminal nor another request', { skip }, async (t) => {
  const session = await serve(testScope(t));
  const id = await watching(session);
  const part = typed('x'.repeat(16_000));
  const parts = Array.from({ length: 50 }, () => session.send('input', String(id), part));
  for (const each of parts) {
    // oxlint-disable-next-line no-await-in-loop
    const { end, error } = await session.answer(each);
    assert.ok(end !== undefined || error?.errno === 'EAGAIN', JSON.stringify(error));
  }
  assert.ok((await session.request('version')).end);
  await session.request('cancel', String(id));
  assert.equal((await session.answer(id)).error?.errno, 'ECANCELED');
});

test('a terminal of no size, and words that are none of its, are refused', { skip }, async (t) => {
  const session = await serve(testScope(t));
  for (const words of [['80', '24'], ['0', '24', 'version'], ['80', '70000', 'version'], ['80', 'x', 'version'], []]) {
    // oxlint-disable-next-line no-await-in-loop
    const { error } = await session.request('terminal', ...words);
    assert.equal(error?.errno, 'EINVAL', words.join(' '));
  }
  const id = await watching(session);
  assert.ok((await session.request('resize', String(id), '100', '40')).end);
  for (const [verb, ...words] of [
    ['resize', String(id), '0', '1'],
    ['resize', String(id), '100'],
    ['input', String(id), 'not base64!'],
    ['input', String(id), ''],
    ['input', String(id)],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await session.request(verb, ...words)).error?.errno, 'EINVAL', `${verb} ${words.join(' ')}`);
  }
  assert.equal((await session.request('input', '4711', typed('x'))).error?.errno, 'ESRCH');
  const plain = session.send('watch');
  assert.equal((await session.request('input', String(plain), typed('x'))).error?.errno, 'ESRCH');
});
