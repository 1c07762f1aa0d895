import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { PromptReader } from '../../../extension/helper/prompts.ts';

interface Heard {
  readonly reader: PromptReader;
  readonly events: string[];
  readonly push: (text: string) => void;
}

function listen(): Heard {
  const events: string[] = [];
  const reader = new PromptReader('FENCE', 'FENCE password:', {
    onText: (text) => {
      if (text !== '') events.push(`text ${JSON.stringify(text)}`);
    },
    onPassword: () => void events.push('password'),
    onOther: (prompt) => void events.push(`other ${prompt}`),
  });
  return { reader, events, push: (text) => reader.push(Buffer.from(text)) };
}

test('nothing before the fence is sudo’s', () => {
  const { push, events, reader } = listen();
  push('Password: \nFEN');
  push('CE\nFENCE pass');
  assert.deepEqual(events, []);
  push('word:');
  assert.deepEqual(events, ['password']);
  reader.dispose();
});

test('a second prompt is told, with what came between', () => {
  const { push, events, reader } = listen();
  push('FENCE\nlecture\nFENCE password:');
  push('Sorry, try again.\nFENCE password:');
  assert.deepEqual(events, ['text "lecture\\n"', 'password', 'text "Sorry, try again.\\n"', 'password']);
  reader.dispose();
});

test('a refusal right after our prompt is text', () => {
  const { push, events, reader } = listen();
  push('FENCE\nFENCE password:alice is not in the sudoers file.\n');
  assert.deepEqual(events, ['password', 'text "alice is not in the sudoers file.\\n"']);
  reader.dispose();
});

test('what waits without a line’s end is somebody else’s prompt, what goes on is not', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { push, events, reader } = listen();
    push('FENCE\nVerification ');
    mock.timers.tick(400);
    push('code: ');
    mock.timers.tick(400);
    assert.deepEqual(events, []);
    mock.timers.tick(200);
    assert.deepEqual(events, ['other Verification code: ']);
    push('sudo: unable');
    mock.timers.tick(400);
    push(' to do it\n');
    mock.timers.tick(1000);
    assert.deepEqual(events.slice(1), ['text "sudo: unable to do it\\n"']);
    push('left');
    reader.dispose();
    mock.timers.tick(1000);
    assert.deepEqual(events.slice(2), ['text "left"']);
  } finally {
    mock.timers.reset();
  }
});
