/** Signing in with passwords and questions, against a real sshd with real accounts and PAM. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SecretQuestion } from '../../extension/transport/interaction.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import { fails } from './support/assertions.ts';
import { writeConfig } from './support/config.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted, type CapturingLog, type ScriptedInteraction } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { startQuestioner } from './support/questioner.ts';
import { sshdMissing, startSshd, type Sshd, type SshdOptions } from './support/sshd.ts';
import { createUser, usersMissing, type TestUser } from './support/users.ts';

const skip = sshdMissing() ?? usersMissing();

function count(server: Sshd, pattern: RegExp): number {
  return (server.log().match(new RegExp(pattern, 'g')) ?? []).length;
}

describe('signing in by typing', { skip }, () => {
  let folder: Folder;
  let user: TestUser;
  let key: Key;

  before(async () => {
    folder = await temporaryFolder();
    user = await createUser();
    key = await generateKey(join(folder.path, 'key'), 'ed25519');
  });
  after(async () => {
    await user.remove();
    await folder[Symbol.asyncDispose]();
  });

  const start = (options: SshdOptions): Promise<Sshd> => startSshd({ authorizedKeys: [key.line], ...options });
  const connect = async (
    server: { host: string; port: number; knownHosts: string },
    interaction: ScriptedInteraction,
    options: { keys?: readonly string[]; more?: readonly string[]; log?: CapturingLog } = {},
  ): Promise<void> => {
    const { log = capturingLog(), ...rest } = options;
    const configFile = await writeConfig(folder.path, server, {
      user: user.name,
      knownHosts: server.knownHosts,
      ...rest,
    });
    const transport = await connectSsh('target', { configFile, interaction, log });
    transport.dispose();
  };
  const storeKey = (server: Sshd): string => `password:${user.name}@127.0.0.1:${server.port}`;

  describe('with a password', () => {
    let server: Sshd;
    before(async () => {
      server = await start({ password: true });
    });
    after(() => server.stop());

    it('asks once and keeps it when the person wants that', async () => {
      const interaction = scripted({ secret: () => user.password });
      const subject = `${user.name}@target:${server.port}`;
      await connect(server, interaction);
      assert.deepEqual(interaction.secretQuestions, [
        { kind: 'password', subject, prompt: `Password for ${subject}`, echo: false, storeKey: storeKey(server) },
      ] satisfies SecretQuestion[]);
      assert.deepEqual(interaction.kept, [storeKey(server)]);
    });

    it('sends a stored one without a question', async () => {
      const interaction = scripted({ stored: { [storeKey(server)]: user.password } });
      await connect(server, interaction);
      assert.deepEqual(interaction.forgotten, []);
    });

    it('sends a wrong one once, then stops', async () => {
      const earlier = count(server, /Failed password/);
      const interaction = scripted({ secret: () => 'wrong' });
      await fails(
        connect(server, interaction),
        'authentication',
        /the answer was refused.*It offers: publickey, password.*Tried: a password/,
      );
      assert.equal(count(server, /Failed password/) - earlier, 1);
      assert.equal(interaction.secretQuestions.length, 1);
      assert.deepEqual(interaction.kept, []);
    });

    it('forgets a stored one that is wrong, and asks nobody in the same attempt', async () => {
      const earlier = count(server, /Failed password/);
      const interaction = scripted({ stored: { [storeKey(server)]: 'old' } });
      await fails(connect(server, interaction), 'authentication', /stored answer was refused and is forgotten/);
      assert.deepEqual(interaction.forgotten, [storeKey(server)]);
      assert.equal(count(server, /Failed password/) - earlier, 1);
    });

    it('stops when the person cancels', async () => {
      await fails(connect(server, scripted({ secret: () => undefined })), 'cancelled', /cancelled/);
    });

    it('is not asked for when a key is enough, nor when the configuration forbids it', async () => {
      await connect(server, scripted(), { keys: [key.file] });
      const more = ['PasswordAuthentication no'];
      await fails(connect(server, scripted(), { more }), 'authentication', /It offers: publickey, password/);
    });

    it('never logs it', async () => {
      const log = capturingLog();
      await connect(server, scripted({ secret: () => user.password }), { log });
      await connect(server, scripted({ secret: () => 'wrong but secret' }), { log }).catch(() => undefined);
      assert.ok(log.lines.length > 0);
      assert.ok(!log.lines.join('\n').includes(user.password));
      assert.ok(!log.lines.join('\n').includes('wrong but secret'));
    });
  });

  describe('keyboard-interactive through PAM', () => {
    let server: Sshd;
    before(async () => {
      server = await start({ keyboardInteractive: true });
    });
    after(() => server.stop());

    it('asks what PAM asks; a lasting password may be kept', async () => {
      const interaction = scripted({ secret: () => user.password });
      await connect(server, interaction);
      assert.equal(interaction.secretQuestions.length, 1);
      assert.deepEqual(interaction.secretQuestions[0], {
        kind: 'keyboard-interactive',
        subject: `${user.name}@target:${server.port}`,
        prompt: 'Password:',
        echo: false,
        storeKey: storeKey(server),
      } satisfies SecretQuestion);
      assert.deepEqual(interaction.kept, [storeKey(server)]);
    });

    it('sends a wrong answer once, then stops', async () => {
      const earlier = count(server, /Failed keyboard-interactive/);
      const interaction = scripted({ secret: () => 'wrong' });
      await fails(connect(server, interaction), 'authentication', /Tried: keyboard-interactive/);
      assert.equal(count(server, /Failed keyboard-interactive/) - earlier, 1);
      assert.equal(interaction.secretQuestions.length, 1);
    });

    it('forgets a stored answer that is wrong', async () => {
      const interaction = scripted({ stored: { [storeKey(server)]: 'old' } });
      await fails(connect(server, interaction), 'authentication', /forgotten/);
      assert.deepEqual(interaction.forgotten, [storeKey(server)]);
    });

    it('stops when the person cancels', async () => {
      await fails(connect(server, scripted({ secret: () => undefined })), 'cancelled', /cancelled/);
    });
  });

  describe('in two steps', () => {
    for (const [name, methods, options] of [
      ['a key, then questions', 'publickey,keyboard-interactive', { keyboardInteractive: true }],
      ['a key, then a password', 'publickey,password', { password: true }],
    ] as const) {
      it(name, async () => {
        await using server = await start({ ...options, config: [`AuthenticationMethods ${methods}`] });
        const interaction = scripted({ secret: () => user.password });
        await connect(server, interaction, { keys: [key.file] });
        assert.equal(interaction.secretQuestions.length, 1);
      });
    }

    it('a password, then a key', async () => {
      await using server = await start({ password: true, config: ['AuthenticationMethods password,publickey'] });
      const interaction = scripted({ secret: () => user.password });
      await connect(server, interaction, { keys: [key.file] });
      assert.deepEqual(interaction.kept, [storeKey(server)]);
    });

    it('two keys', async () => {
      const second = await generateKey(join(folder.path, 'second'), 'rsa');
      await using server = await start({
        authorizedKeys: [key.line, second.line],
        config: ['AuthenticationMethods publickey,publickey'],
      });
      await connect(server, scripted(), { keys: [key.file, second.file] });
    });

    it('the second step is wrong', async () => {
      await using server = await start({ password: true, config: ['AuthenticationMethods publickey,password'] });
      const connecting = connect(server, scripted({ secret: () => 'wrong' }), { keys: [key.file] });
      await fails(connecting, 'authentication', /It offers: password.*Tried: .*key; a password/);
    });
  });

  describe('with several questions', () => {
    it('asks them in order, in rounds, and keeps no code', async () => {
      const rounds = [
        {
          name: 'Two factors\u001b[31m',
          instructions: 'Have your\ntoken ready',
          prompts: [
            { prompt: 'Password: ', echo: false },
            { prompt: 'Token: ', echo: true },
          ],
          accept: (answers: readonly string[]) => answers.join() === 'one,two',
        },
        { prompts: [], accept: () => true },
        {
          prompts: [{ prompt: 'Verification code:', echo: false }],
          accept: (answers: readonly string[]) => answers[0] === 'three',
        },
      ];
      await using server = await startQuestioner(rounds, 'Authorised use only\u0007\n');
      const values = ['one', 'two', 'three'];
      const interaction = scripted({ secret: () => values.shift() });
      const log = capturingLog();
      await connect(server, interaction, { log });
      const subject = `${user.name}@target:${server.port}`;
      const instructions = 'Two factors[31m\nHave your\ntoken ready';
      const kind = 'keyboard-interactive';
      assert.deepEqual(interaction.secretQuestions, [
        { kind, subject, prompt: 'Password:', echo: false, instructions },
        { kind, subject, prompt: 'Token:', echo: true, instructions },
        { kind, subject, prompt: 'Verification code:', echo: false },
      ] satisfies SecretQuestion[]);
      assert.deepEqual(server.answers, [['one', 'two'], [], ['three']]);
      assert.deepEqual(server.attempts, ['none', 'keyboard-interactive']);
      assert.ok(log.lines.some((line) => line.endsWith('says: Authorised use only')));
      assert.ok(!log.lines.join('\n').includes('three'));
    });

    it('a wrong answer ends it after one attempt', async () => {
      await using server = await startQuestioner([{ prompts: [{ prompt: 'Code', echo: false }], accept: () => false }]);
      const interaction = scripted({ secret: () => 'x' });
      await fails(connect(server, interaction), 'authentication', /refused/);
      assert.deepEqual(server.attempts, ['none', 'keyboard-interactive']);
    });

    it('a person may take longer than the server may', async () => {
      await using server = await startQuestioner([{ prompts: [{ prompt: 'Code', echo: false }], accept: () => true }]);
      const slow = scripted({ secret: () => new Promise((resolve) => setTimeout(resolve, 1500, 'x')) });
      await connect(server, slow, { more: ['ConnectTimeout 1'] });
    });
  });
});
