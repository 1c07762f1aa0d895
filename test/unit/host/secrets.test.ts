import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { HostKeyQuestion, Interaction, SecretQuestion } from '../../../extension/transport/interaction.ts';
import { bench, code, failure, FakeTransport, lossOf, policy, settle } from './fakes.ts';
import type { Bench } from './fakes.ts';

const password: SecretQuestion = {
  kind: 'password',
  subject: 'alice@build7',
  prompt: 'Password:',
  echo: false,
  storeKey: 'secret:password:alice@build7',
};
const oneTimeCode: SecretQuestion = {
  kind: 'keyboard-interactive',
  subject: 'alice@build7',
  prompt: 'Code:',
  echo: false,
};
const hostKey: HostKeyQuestion = {
  host: 'build7',
  keyType: 'ssh-ed25519',
  fingerprint: 'SHA256:x',
  file: 'known_hosts',
};

describe('secrets over a lost connection', () => {
  let asked: string[];
  let forgotten: string[];
  let decision: 'once' | 'save';
  let person: Interaction;
  let at: Bench;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
    asked = [];
    forgotten = [];
    decision = 'once';
    person = {
      confirmHostKey: ({ host }) => {
        asked.push(host);
        return Promise.resolve(decision);
      },
      askSecret: ({ prompt }) => {
        asked.push(prompt);
        return Promise.resolve({ value: `typed ${prompt}`, stored: false, accepted: () => Promise.resolve() });
      },
      forgetSecret: (storeKey) => {
        forgotten.push(storeKey);
        return Promise.resolve();
      },
    };
    at = bench({ policy, interaction: person });
  });

  afterEach(() => {
    at.host.dispose();
    mock.timers.reset();
  });

  /** A server that asks and takes what it is given, unless it refuses. */
  function serverAsks(questions: readonly SecretQuestion[], refuse = false): string[] {
    const given: string[] = [];
    at.functions.connectTransport = async ({ interaction, signal }) => {
      if ((await interaction.confirmHostKey(hostKey, signal)) === 'refuse') throw failure('host-key-unknown');
      for (const question of questions) {
        const answer = await interaction.askSecret(question, signal);
        if (answer === undefined) throw failure('cancelled');
        given.push(answer.value);
        if (refuse) {
          if (answer.stored && question.storeKey !== undefined) await interaction.forgetSecret(question.storeKey);
          throw failure('authentication');
        }
        await answer.accepted();
      }
      return new FakeTransport();
    };
    return given;
  }

  async function lose(): Promise<void> {
    at.functions.transports.at(-1)?.close(failure('lost'));
    await settle();
    mock.timers.tick(500);
    await settle();
  }

  it('accepted ones, and a host key accepted once, serve again without a question', async () => {
    const given = serverAsks([password]);
    await at.host.connect();
    assert.deepEqual(asked, ['build7', 'Password:']);
    await lose();
    assert.equal(at.host.state.kind, 'connected');
    assert.deepEqual(asked, ['build7', 'Password:']);
    assert.deepEqual(given, ['typed Password:', 'typed Password:']);
  });

  it('one-time codes are not kept: nobody is asked unprompted, and the state says what is needed', async () => {
    serverAsks([password, oneTimeCode]);
    await at.host.connect();
    asked.length = 0;
    await lose();
    assert.deepEqual(asked, []);
    assert.equal(lossOf(at).code, 'authentication');
    assert.equal(lossOf(at).retryAt, undefined);
    assert.match(lossOf(at).message, /needs an answer for alice@build7/);
    await at.host.connect();
    assert.deepEqual(asked, ['Code:']);
    assert.equal(at.host.state.kind, 'connected');
  });

  it('a refused one is sent once, forgotten, and not tried again', async () => {
    serverAsks([password]);
    await at.host.connect();
    const given = serverAsks([password], true);
    asked.length = 0;
    await lose();
    mock.timers.tick(3_600_000);
    await settle();
    assert.deepEqual(given, ['typed Password:']);
    assert.deepEqual(forgotten, [password.storeKey]);
    assert.deepEqual(asked, []);
    assert.equal(lossOf(at).code, 'authentication');
    assert.equal(lossOf(at).retryAt, undefined);
    serverAsks([password]);
    await at.host.connect();
    assert.deepEqual(asked, ['Password:']);
  });

  it('a typed one that was not accepted is not kept', async () => {
    const given = serverAsks([password], true);
    await assert.rejects(at.host.connect(), code('authentication'));
    await assert.rejects(at.host.connect(), code('authentication'));
    assert.equal(given.length, 2);
    assert.equal(asked.filter((prompt) => prompt === 'Password:').length, 2);
  });

  it('another host key is not accepted in silence', async () => {
    serverAsks([]);
    await at.host.connect();
    asked.length = 0;
    at.functions.connectTransport = async ({ interaction, signal }) => {
      const answer = await interaction.confirmHostKey({ ...hostKey, fingerprint: 'SHA256:y' }, signal);
      if (answer === 'refuse') throw failure('host-key-unknown');
      return new FakeTransport();
    };
    await lose();
    assert.deepEqual(asked, []);
    assert.match(lossOf(at).message, /needs a decision on the host key of build7/);
  });

  it('are gone after disconnecting', async () => {
    serverAsks([password]);
    await at.host.connect();
    at.host.disconnect();
    await at.host.connect();
    assert.deepEqual(asked, ['build7', 'Password:', 'build7', 'Password:']);
  });
});
