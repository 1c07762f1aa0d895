import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leakGuard } from './support/leaks.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { encodeRequest, netstring, netstrings, serve, Serve } from './support/serve.ts';
import { within } from './support/wait.ts';

const skip = missing('linux');
leakGuard();

/** The frame is whole, so what comes next can still be read: an error, and the session goes on. */
const wellFramed: readonly { readonly what: string; readonly bytes: Buffer | string; readonly id?: number }[] = [
  { what: 'an empty list', bytes: '0:,' },
  { what: 'a list that is none', bytes: netstring('hello') },
  { what: 'a list that is cut short', bytes: netstring('1:1,4:sca') },
  { what: 'a list whose inner length reaches outside', bytes: netstring('1:1,400:scan,') },
  { what: 'a list without commas', bytes: netstring('1:1;4:scan;') },
  { what: 'an id that is no number', bytes: encodeRequest('x', 'version') },
  { what: 'an empty id', bytes: encodeRequest('', 'version') },
  { what: 'a negative id', bytes: encodeRequest('-1', 'version') },
  { what: 'an id with a sign', bytes: encodeRequest('+1', 'version') },
  { what: 'an id too large for JSON', bytes: encodeRequest('99999999999999999999', 'version') },
  { what: 'an id and no verb', bytes: netstring(netstrings(['51'])), id: 51 },
  { what: 'an empty verb', bytes: encodeRequest(52, ''), id: 52 },
  { what: 'an unknown verb', bytes: encodeRequest(53, 'nothing'), id: 53 },
  { what: 'an unknown option', bytes: encodeRequest(54, 'scan', '--nothing'), id: 54 },
  { what: 'serve within serve', bytes: encodeRequest(55, 'serve'), id: 55 },
  { what: 'a verb with a NUL', bytes: encodeRequest(56, 'scan\0'), id: 56 },
  { what: 'an argument with a NUL', bytes: encodeRequest(57, 'scan', '--deep\0x'), id: 57 },
  { what: 'a verb that is no UTF-8', bytes: encodeRequest(58, Buffer.from([0xff, 0xfe, 0x0a])), id: 58 },
  {
    what: 'thousands of arguments',
    bytes: encodeRequest(59, 'scan', ...Array.from({ length: 5000 }, () => 'x')),
    id: 59,
  },
  { what: 'a long argument', bytes: encodeRequest(60, 'scan', 'x'.repeat(30_000)), id: 60 },
];

for (const { what, bytes, id } of wellFramed) {
  test(`${what} gets an error, and the session goes on`, { skip }, async (t) => {
    const session = await serve(testScope(t));
    session.write(bytes);
    const error = await session.until('an error', () => session.errors[0] ?? session.answers.get(id ?? -1)?.error);
    assert.match(error.errno, /^E[A-Z]+$/);
    assert.ok((await session.request('version')).end);
    assert.equal(session.errors.length + [...session.answers.values()].filter((answer) => answer.error).length, 1);
    assert.equal(await session.close(), 0);
  });
}

/** Where the next request begins cannot be known any more: an error, and the end. */
const illFramed: readonly { readonly what: string; readonly bytes: Buffer | string }[] = [
  { what: 'no length', bytes: ':,' },
  { what: 'a word', bytes: 'version\n' },
  { what: 'JSON', bytes: '{"id":1,"verb":"scan"}\n' },
  { what: 'a negative length', bytes: '-5:hello,' },
  { what: 'a length with a sign', bytes: '+5:hello,' },
  { what: 'a length with blanks', bytes: ' 5:hello,' },
  { what: 'a length with a leading zero', bytes: '05:hello,' },
  { what: 'a hexadecimal length', bytes: '0x5:hello,' },
  { what: 'a huge length', bytes: '99999999999999999999999999999999999999:x,' },
  { what: 'the largest 64-bit length', bytes: '18446744073709551615:x,' },
  { what: 'a length just beyond 64 bits', bytes: '18446744073709551617:x,' },
  { what: 'the largest 32-bit length', bytes: '4294967295:x,' },
  { what: 'a length beyond the limit', bytes: `${2 ** 31 - 1}:${'x'.repeat(1000)}` },
  { what: 'an oversized request', bytes: netstring('x'.repeat(8 * 1024 * 1024)) },
  { what: 'endless digits', bytes: '1'.repeat(1024 * 1024) },
  { what: 'no comma at the end', bytes: '5:hello;' },
  { what: 'a missing colon', bytes: '5hello,' },
  { what: 'bytes that are no text', bytes: Buffer.from([0, 1, 2, 0xff, 0xfe]) },
];

for (const { what, bytes } of illFramed) {
  test(`${what} ends the session with an error`, { skip }, async () => {
    const session = new Serve();
    await session.until('the version', () => session.greeting.length > 0);
    session.write(bytes);
    // The input stays open: it is the helper's own decision to end.
    const code = await session.status();
    assert.equal(code, 1);
    assert.equal(session.errors.length, 1);
    assert.match(session.errors[0]?.errno ?? '', /^E[A-Z]+$/);
  });
}

const whole = encodeRequest(1, 'version');

for (const length of [1, 2, 3, 4, 6, whole.length - 2, whole.length - 1]) {
  test(
    `an input that ends after ${length} of ${whole.length} bytes of a request ends the session`,
    { skip },
    async () => {
      const session = new Serve();
      session.child.stdin.end(whole.subarray(0, length));
      const code = await session.status();
      assert.ok(code === 0 || code === 1, String(code));
      assert.equal(session.answers.size, 0);
    },
  );
}

test('random bytes never lead to a fault or a hang', { skip }, async () => {
  // A fixed sequence, so that a failure can be repeated.
  let state = 12345;
  const next = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 40; round++) {
    const session = new Serve();
    const valid = Buffer.concat([
      encodeRequest(1, 'version'),
      encodeRequest(2, 'scan', '--deep'),
      encodeRequest(3, 'cancel', '2'),
    ]);
    for (let flips = next(4); flips >= 0; flips--) valid[next(valid.length)] = next(256);
    session.child.stdin.end(valid.subarray(0, 1 + next(valid.length)));
    const code = await within(`round ${round}`, session.status());
    assert.ok(code === 0 || code === 1, `round ${round}: ${code}`);
  }
});
