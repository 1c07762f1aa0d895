import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { ServeTerminal } from '../../../extension/helper/serve-terminal.ts';
import { HelperError } from '../../../extension/helper/session.ts';

test('what finds no room is sent again, in order and whole', async () => {
  let sent = Buffer.alloc(0);
  let refusals = 3;
  const all = Buffer.alloc(40_000, 'abcdefg');
  const whole = new EventEmitter();
  const terminal = new ServeTerminal(new Promise(() => undefined), (verb, text = '') => {
    assert.equal(verb, 'input');
    if (refusals-- > 0) return Promise.reject(new HelperError({ step: 'input', errno: 'EAGAIN', number: 11 }));
    sent = Buffer.concat([sent, Buffer.from(text, 'base64url')]);
    if (sent.length >= all.length) whole.emit('sent');
    return Promise.resolve({});
  });
  const sending = once(whole, 'sent');
  terminal.type(all);
  await sending;
  assert.ok(sent.equals(all));
});

test('after its end nothing is sent any more', async () => {
  let requests = 0;
  const terminal = new ServeTerminal(Promise.resolve({}), () => {
    requests += 1;
    return Promise.resolve({});
  });
  await terminal.end;
  terminal.type(Buffer.from('x'));
  terminal.resize({ columns: 80, rows: 24 });
  assert.equal(requests, 0);
});

test('of the sizes that find no room the last one is sent again', async () => {
  const sizes: string[] = [];
  let refusals = 2;
  const taken = new EventEmitter();
  const terminal = new ServeTerminal(new Promise(() => undefined), (verb, ...words) => {
    assert.equal(verb, 'resize');
    if (refusals-- > 0) return Promise.reject(new HelperError({ step: 'resize', errno: 'EAGAIN', number: 11 }));
    sizes.push(words.join('x'));
    taken.emit('size');
    return Promise.resolve({});
  });
  const fitting = once(taken, 'size');
  for (const columns of [80, 81, 82]) terminal.resize({ columns, rows: 24 });
  await fitting;
  assert.deepEqual(sizes, ['82x24']);
  const again = once(taken, 'size');
  terminal.resize({ columns: 90, rows: 30 });
  await again;
  assert.deepEqual(sizes, ['82x24', '90x30']);
});
