import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HelperRecord } from '../../extension/helper/protocol.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder } from './support/marker.ts';
import { run } from './support/process.ts';
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

/** The request for a shell script in a terminal, in this process's own namespaces. */
function inTerminal(session: Serve, script: string): number {
  const target = [`--target=pid:${process.pid}`, '--only=uts', '--records=3'];
  return session.send('terminal', '80', '24', 'enter', ...target, '--', 'sh', '-c', script);
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
    ['taken', String(id), '0'],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await session.request(verb, ...words)).error?.errno, 'EINVAL', `${verb} ${words.join(' ')}`);
  }
  assert.equal((await session.request('input', '4711', typed('x'))).error?.errno, 'ESRCH');
  const plain = session.send('watch');
  assert.equal((await session.request('input', String(plain), typed('x'))).error?.errno, 'ESRCH');
});

test(
  'what is typed to a program that does not read waits, whole, and a change of the size gets past it',
  { skip },
  async (t) => {
    const scope = testScope(t);
    const session = await serve(scope);
    const go = join(temporaryFolder(scope), 'go');
    const script = `stty raw -echo; trap 'stty size; echo resized' WINCH; echo ready
    until [ -e ${go} ]; do sleep 0.02; done; trap '' WINCH; head -c "$(cat ${go})" | sha256sum`;
    const id = inTerminal(session, script);
    const screen = (): string => shown(session.answers.get(id)?.records ?? []);
    await until('the program', () => screen().includes('ready'));
    const all = randomBytes(400_000);
    let sent = 0;
    const send = async (): Promise<boolean> => {
      const part = all.subarray(sent, sent + 12_000);
      const { end, error } = await session.request('input', String(id), part.toString('base64url'));
      assert.ok(end !== undefined || error?.errno === 'EAGAIN', JSON.stringify(error));
      if (end !== undefined) sent += part.length;
      return end !== undefined;
    };
    // More than a terminal takes.
    // oxlint-disable-next-line no-await-in-loop
    for (let part = 0; part < 5; part++) assert.ok(await send());
    assert.ok((await session.request('resize', String(id), '101', '41')).end);
    await until('the size', () => screen().includes('41 101'));
    // oxlint-disable-next-line no-await-in-loop
    while (sent < all.length && (await send()));
    assert.ok(sent < all.length, 'there is room without end');
    assert.ok((await session.request('version')).end);
    writeFileSync(`${go}.new`, String(all.length));
    renameSync(`${go}.new`, go);
    await until('the rest to be taken', async () => {
      await send();
      return sent === all.length;
    });
    await session.answer(id);
    assert.ok(screen().includes(createHash('sha256').update(all).digest('hex')), 'something else was read');
  },
);

test('where the program ends that did not read, its terminal ends', { skip }, async (t) => {
  const scope = testScope(t);
  const session = await serve(scope);
  // What it leaves in the background holds the terminal on.
  const script = 'stty raw -echo; sleep 1000 & echo "left=$!."; head -c 1 >/dev/null; sleep 0.2; exit 4';
  const id = inTerminal(session, script);
  const [, left] = await until(
    'the program',
    () => /left=(\d+)\./.exec(shown(session.answers.get(id)?.records ?? [])) ?? undefined,
  );
  scope.defer(async () => void (await run(['kill', '-9', left ?? ''])));
  for (let sent = 0; sent < 8; sent++) session.send('input', String(id), typed('x'.repeat(12_000)));
  const { records, end } = await session.answer(id);
  assert.ok(end);
  assert.deepEqual(records.at(-1), { exit: { code: 4 } });
});

test('a shell that create runs in a terminal has job control', { skip: skip || missing('root', 'bash') }, async (t) => {
  const session = await serve(testScope(t));
  const words = ['--records=3', '--new=pid,mnt', '--mount-proc', '--', 'bash', '--norc', '-i'];
  const id = session.send('terminal', '80', '24', 'create', ...words);
  const screen = (): string => shown(session.answers.get(id)?.records ?? []);
  const type = async (text: string): Promise<void> => {
    assert.ok((await session.request('input', String(id), typed(text))).end);
  };
  await until('a prompt', () => screen().endsWith('# '));
  assert.doesNotMatch(screen(), /job control|terminal process group/);
  // Asked more than once: what comes while a shell changes the terminal's mode may wait for the end of the next line.
  const answers = async (word: string): Promise<void> => {
    await until(`the answer ${word}`, async () => {
      await type(`question-${word}\n`);
      return screen().includes(`answer-${word}\r\n`);
    });
  };
  await type('sed -u s/question/answer/\n');
  await answers('first');
  await type('\u001a');
  await until('it is stopped', () => /Stopped +sed/.test(screen()));
  await type('fg\n');
  await answers('second');
  await type('\u0003');
  await until('a prompt after it', () => /\^C[^]*# $/.test(screen()));
  await type('echo status=$?; exit 5\n');
  const { records } = await session.answer(id);
  assert.match(screen(), /status=130/);
  assert.deepEqual(
    records.filter((record) => 'exit' in record),
    [{ exit: { code: 5 } }],
  );
});
