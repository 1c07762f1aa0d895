import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { PersonInteraction } from '../../../extension/host/person-interaction.ts';
import type { HostKeyPrompt, Prompter, SecretPrompt, SecretStore } from '../../../extension/host/person-interaction.ts';
import { PromptQueue } from '../../../extension/host/prompt-queue.ts';
import { promptText } from '../../../extension/host/prompt-text.ts';
import { prefixLog } from '../../../extension/host/prefix-log.ts';
import type { SecretQuestion } from '../../../extension/transport/interaction.ts';
import { code, Deferred, MemoryLog, settle } from './fakes.ts';

const password: SecretQuestion = {
  kind: 'password',
  subject: 'alice@build7',
  prompt: 'Password for alice@build7',
  echo: false,
  storeKey: 'password:alice@build7:22',
};
const never = new AbortController().signal;

/** Answers what a test tells it to; keeps what it was asked. */
class ScriptedPrompter implements Prompter {
  readonly hostKeys: HostKeyPrompt[] = [];
  readonly prompts: SecretPrompt[] = [];
  answer: Promise<{ value: string; keep: boolean } | undefined> = Promise.resolve({ value: 'typed', keep: false });

  hostKey(prompt: HostKeyPrompt): Promise<'once'> {
    this.hostKeys.push(prompt);
    return Promise.resolve('once');
  }

  secret(prompt: SecretPrompt): Promise<{ value: string; keep: boolean } | undefined> {
    this.prompts.push(prompt);
    return this.answer;
  }
}

describe('asking a person', () => {
  let prompter: ScriptedPrompter;
  let kept: Map<string, string>;
  let secrets: SecretStore;
  let log: MemoryLog;

  beforeEach(() => {
    prompter = new ScriptedPrompter();
    kept = new Map();
    log = new MemoryLog();
    secrets = {
      get: (key) => Promise.resolve(kept.get(key)),
      store: (key, value) => {
        kept.set(key, value);
        return Promise.resolve();
      },
      delete: (key) => {
        kept.delete(key);
        return Promise.resolve();
      },
    };
  });

  function interaction(label = 'build7', queue = new PromptQueue()): PersonInteraction {
    return new PersonInteraction({ prompter, secrets, queue, label, log });
  }

  it('keeps an answer when it was accepted and the person wanted it, and not before', async () => {
    prompter.answer = Promise.resolve({ value: 'typed', keep: true });
    const answer = await interaction().askSecret(password, never);
    assert.equal(answer?.stored, false);
    assert.equal(kept.size, 0);
    await answer?.accepted();
    assert.deepEqual([...kept], [['secret:password:alice@build7:22', 'typed']]);

    const again = await interaction().askSecret(password, never);
    assert.deepEqual([again?.value, again?.stored, prompter.prompts.length], ['typed', true, 1]);
    await interaction().forgetSecret('password:alice@build7:22');
    assert.equal(kept.size, 0);
  });

  it('keeps nothing unless the person wants it', async () => {
    const answer = await interaction().askSecret(password, never);
    await answer?.accepted();
    assert.equal(kept.size, 0);
  });

  it('does not offer to keep one-time codes, and would not', async () => {
    prompter.answer = Promise.resolve({ value: '123456', keep: true });
    const question: SecretQuestion = { kind: 'keyboard-interactive', subject: 'a@b', prompt: 'Code:', echo: true };
    const answer = await interaction().askSecret(question, never);
    await answer?.accepted();
    assert.equal(prompter.prompts[0]?.keepable, false);
    assert.equal(prompter.prompts[0]?.masked, false);
    assert.equal(kept.size, 0);
  });

  it('names the host that asks and marks the server’s words as such', async () => {
    await interaction('build7').askSecret(
      {
        kind: 'keyboard-interactive',
        subject: 'alice@build7',
        prompt: 'Token:\n',
        instructions: 'Look at\tyour phone',
        echo: false,
      },
      never,
    );
    assert.deepEqual(prompter.prompts[0], {
      title: 'build7: Question of the Server',
      prompt: 'alice@build7 asks: Look at your phone Token:',
      masked: true,
      keepable: false,
    });
  });

  it('shows fingerprint, file and what else is known of a host key', async () => {
    const question = {
      host: '[build7]:2222',
      keyType: 'ssh-ed25519',
      fingerprint: 'SHA256:abc',
      file: '/home/alice/.ssh/known_hosts',
      note: 'The same key is on record under another name.',
    };
    assert.equal(await interaction().confirmHostKey(question, never), 'once');
    const [prompt] = prompter.hostKeys;
    assert.ok(prompt);
    for (const word of Object.values(question)) assert.ok(`${prompt.message}\n${prompt.detail}`.includes(word), word);
    assert.equal(prompt.savable, true);
    await interaction().confirmHostKey({ ...question, file: '' }, never);
    assert.equal(prompter.hostKeys[1]?.savable, false);
    assert.ok(!prompter.hostKeys[1]?.detail.includes('Accept and Save'));
  });

  it('asks when the secret storage cannot be read or written, and says so in the log', async () => {
    secrets.get = () => Promise.reject(new Error('no keyring'));
    secrets.store = () => Promise.reject(new Error('no keyring'));
    prompter.answer = Promise.resolve({ value: 'typed', keep: true });
    const answer = await interaction().askSecret(password, never);
    await answer?.accepted();
    assert.equal(answer?.value, 'typed');
    assert.equal(log.lines.length, 2);
    assert.ok(!log.lines.join().includes('typed'));
  });

  it('fails when a refused secret cannot be forgotten: it would be sent for ever', async () => {
    secrets.delete = () => Promise.reject(new Error('no keyring'));
    await assert.rejects(interaction().forgetSecret('x'), code('authentication'));
  });

  it('gives up at once when aborted, also while the box is open', async () => {
    prompter.answer = new Promise(() => {});
    const controller = new AbortController();
    const answer = interaction().askSecret(password, controller.signal);
    await settle();
    assert.equal(prompter.prompts.length, 1);
    controller.abort();
    assert.equal(await answer, undefined);
    assert.equal(
      await interaction().confirmHostKey({ host: '', keyType: '', fingerprint: '', file: '' }, controller.signal),
      'refuse',
    );
    assert.equal(prompter.hostKeys.length, 0);
  });

  it('shows one question at a time across hosts', async () => {
    const queue = new PromptQueue();
    const first = new Deferred<{ value: string; keep: boolean } | undefined>();
    prompter.answer = first.promise;
    const one = interaction('one', queue).askSecret(password, never);
    const skipped = new AbortController();
    const two = interaction('two', queue).askSecret(password, skipped.signal);
    const three = interaction('three', queue).askSecret(password, never);
    await settle();
    assert.deepEqual(
      prompter.prompts.map(({ title }) => title),
      ['one: Password'],
    );
    skipped.abort();
    assert.equal(await two, undefined);
    prompter.answer = Promise.resolve({ value: 'third', keep: false });
    first.resolve({ value: 'first', keep: false });
    assert.equal((await one)?.value, 'first');
    assert.equal((await three)?.value, 'third');
    assert.deepEqual(
      prompter.prompts.map(({ title }) => title),
      ['one: Password', 'three: Password'],
    );
  });
});

describe('the prompt queue', () => {
  it('keeps the place of an aborted question until it is gone from the screen', async () => {
    const queue = new PromptQueue();
    const modal = new Deferred<string>();
    const controller = new AbortController();
    const first = queue.ask(() => modal.promise, controller.signal);
    await settle();
    controller.abort();
    assert.equal(await first, undefined);
    let shown = false;
    const second = queue.ask(() => {
      shown = true;
      return Promise.resolve('yes');
    }, never);
    await settle();
    assert.equal(shown, false);
    modal.resolve('ignored');
    assert.equal(await second, 'yes');
  });

  it('goes on after a question that failed', async () => {
    const queue = new PromptQueue();
    await assert.rejects(
      queue.ask(() => Promise.reject(new Error('no window')), never),
      /no window/,
    );
    assert.equal(await queue.ask(() => Promise.resolve(1), never), 1);
  });
});

describe('a server’s words', () => {
  // What VS Code makes a link of: `LINK_REGEX` in its linkedText.ts.
  const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;

  it('cannot become a link that runs a command, nor an icon', () => {
    const text = 'Click [here](command:workbench.action.terminal.new) $(warning) [[x]](command:y)';
    assert.match(text, link);
    const shown = promptText(text);
    assert.doesNotMatch(shown, link);
    assert.doesNotMatch(shown, /\$\([a-z]/);
    assert.equal(shown.replaceAll('\u2060', ''), text);
  });

  it('cannot smuggle the marks past by characters that are taken away', () => {
    for (const hidden of ['\u2060', '\u200b', '\u0000', '\u202e', '\n', '\u00ad']) {
      assert.doesNotMatch(promptText(`[a]${hidden}(command:x)`), link);
      assert.doesNotMatch(promptText(`[a](com${hidden}mand:x)`), link);
    }
  });

  it('are one bounded line without control characters', () => {
    const shown = promptText(`\u001b[31mred\u0007\r\nnext\u2028${'x'.repeat(10_000)}`);
    assert.ok(shown.length <= 300);
    // oxlint-disable-next-line no-control-regex -- looking for them is the purpose
    assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f\u2028]/);
  });
});

it('a line of the log names its host and stays one line', () => {
  const log = new MemoryLog();
  prefixLog(log, 'build7').warn('Server said:\r\nall is well');
  assert.deepEqual(log.lines, ['[build7] Server said: ⏎ all is well']);
});
