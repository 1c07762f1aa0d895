import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Lines, OverlongLine, plain, Tail } from '../../../extension/helper/lines.ts';

function collect(limit = 1000): { lines: string[]; push: (chunk: Uint8Array) => void } {
  const lines: string[] = [];
  const cutter = new Lines(limit, (line) => lines.push(line));
  return { lines, push: (chunk) => cutter.push(chunk) };
}

describe('Lines', () => {
  test('cuts at every position without breaking a character', () => {
    const text = 'ein\nschöner\n\n€uro 𝒳\nlast';
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { lines, push } = collect();
      push(bytes.subarray(0, cut));
      push(bytes.subarray(cut));
      assert.deepEqual(lines, ['ein', 'schöner', '', '€uro 𝒳']);
    }
  });

  test('takes byte by byte', () => {
    const { lines, push } = collect();
    for (const byte of Buffer.from('a€\nb\n')) push(Uint8Array.of(byte));
    assert.deepEqual(lines, ['a€', 'b']);
  });

  test('replaces what is not UTF-8', () => {
    const { lines, push } = collect();
    push(Uint8Array.of(0x61, 0xff, 0x0a));
    assert.deepEqual(lines, ['a\uFFFD']);
  });

  test('refuses a line over the limit, whole or still growing', () => {
    const whole = collect(10);
    assert.throws(() => whole.push(Buffer.from('short\n0123456789x\n')), OverlongLine);
    assert.deepEqual(whole.lines, ['short']);
    const growing = collect(10);
    growing.push(Buffer.from('012345'));
    assert.throws(() => growing.push(Buffer.from('6789x')), OverlongLine);
    const exact = collect(10);
    exact.push(Buffer.from('0123456789\n'));
    assert.deepEqual(exact.lines, ['0123456789']);
  });
});

test('Tail keeps the end', () => {
  const tail = new Tail(10);
  tail.push('0123456789');
  tail.push(Buffer.from('abc\n\n'));
  assert.equal(tail.text, '56789abc\n\n');
  assert.equal(tail.lastLine, '56789abc');
});

test('plain text has no control characters, no change of direction, and an end', () => {
  assert.equal(plain('\u001b[31mred\u0007\r\nnext\u202eevil'), '[31mred next evil');
  assert.equal(plain('x'.repeat(20), 10), `${'x'.repeat(9)}…`);
});
