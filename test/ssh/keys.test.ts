/** Signing in with keys: files, passphrases, the agent. Against a real sshd and a real ssh-agent. */
import assert from 'node:assert/strict';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ConnectionError } from '../../extension/transport/errors.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import { startAgent } from './support/agent.ts';
import { fails } from './support/assertions.ts';
import { writeConfig } from './support/config.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted, type ScriptedInteraction } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { run } from './support/processes.ts';
import { sshdMissing, startSshd, type Sshd } from './support/sshd.ts';

const passphrase = 'correct horse battery staple';

describe('signing in with a key', { skip: sshdMissing() }, () => {
  let folder: Folder;
  let server: Sshd;
  let plain: Record<'ed25519' | 'rsa' | 'ecdsa', Key>;
  let encrypted: Key;
  let pem: Key;
  let strangers: readonly Key[];

  before(async () => {
    folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    const [ed25519, rsa, ecdsa, ...others] = await Promise.all([
      generateKey(at('ed25519'), 'ed25519'),
      generateKey(at('rsa'), 'rsa'),
      generateKey(at('ecdsa'), 'ecdsa'),
      ...[1, 2, 3, 4].map((number) => generateKey(at(`stranger${number}`), 'ed25519')),
    ]);
    plain = { ed25519, rsa, ecdsa };
    strangers = others;
    encrypted = await generateKey(at('encrypted'), 'ed25519', { passphrase });
    pem = await generateKey(at('pem'), 'rsa', { passphrase, pem: true });
    server = await startSshd({ authorizedKeys: [...Object.values(plain), encrypted, pem].map((key) => key.line) });
  });
  after(async () => {
    await server.stop();
    await folder[Symbol.asyncDispose]();
  });

  const configure = (keys: readonly Key[], ...more: string[]): Promise<string> =>
    writeConfig(folder.path, server, { keys: keys.map((key) => key.file), knownHosts: server.knownHosts, more });

  /** Connects, and gives what the server logged meanwhile. */
  const connect = async (
    configFile: string,
    interaction: ScriptedInteraction = scripted(),
    log = capturingLog(),
  ): Promise<string> => {
    const from = server.log().length;
    const transport = await connectSsh('target', { configFile, interaction, log });
    transport.dispose();
    return server.log().slice(from);
  };

  for (const type of ['ed25519', 'rsa', 'ecdsa'] as const) {
    it(`${type} from a file`, async () => {
      const log = await connect(await configure([plain[type]]));
      assert.ok(log.includes(`Accepted publickey`) && log.includes(plain[type].fingerprint));
    });

    it(`${type} from the agent`, async () => {
      await using agent = await startAgent(plain[type].file);
      const log = await connect(await configure([], `IdentityAgent ${agent.socket}`));
      assert.ok(log.includes('Accepted publickey') && log.includes(plain[type].fingerprint));
    });
  }

  it('RSA is never signed with SHA-1 where the server knows better', async () => {
    const log = await connect(await configure([plain.rsa]));
    assert.match(log, /rsa-sha2-(256|512)/);
    assert.doesNotMatch(log, /signature .* ssh-rsa$/m);
  });

  it('several files, of which the last one fits', async () => {
    await connect(await configure([...strangers.slice(0, 2), plain.ed25519]));
  });

  it('an encrypted file asks once, after the server took its public key', async () => {
    const interaction = scripted({ secret: () => passphrase });
    await connect(await configure([encrypted]), interaction);
    assert.deepEqual(interaction.secretQuestions, [
      {
        kind: 'passphrase',
        subject: encrypted.file,
        prompt: `Passphrase for ${encrypted.file}`,
        echo: false,
        storeKey: `passphrase:${encrypted.file}`,
      },
    ]);
    assert.deepEqual(interaction.kept, [`passphrase:${encrypted.file}`]);
  });

  it('an encrypted file that the server does not take is never asked about', async () => {
    const useless = await generateKey(join(folder.path, 'useless'), 'ed25519', { passphrase });
    await rm(`${useless.file}.pub`);
    await fails(connect(await configure([useless])), 'authentication', useless.file, 'publickey');
    await connect(await configure([useless, plain.ed25519]));
  });

  it('a stored passphrase is used without a question to the person', async () => {
    const interaction = scripted({ stored: { [`passphrase:${encrypted.file}`]: passphrase } });
    await connect(await configure([encrypted]), interaction);
    assert.deepEqual(interaction.forgotten, []);
  });

  it('a stored passphrase that is wrong is forgotten, then the person is asked', async () => {
    const interaction = scripted({ stored: { [`passphrase:${encrypted.file}`]: 'old' }, secret: () => passphrase });
    await connect(await configure([encrypted]), interaction);
    assert.deepEqual(interaction.forgotten, [`passphrase:${encrypted.file}`]);
    assert.equal(interaction.secretQuestions.length, 2);
  });

  it('a wrong passphrase is asked for once, and nothing is kept', async () => {
    const interaction = scripted({ secret: () => 'wrong' });
    await fails(
      connect(await configure([encrypted, plain.ed25519]), interaction),
      'authentication',
      encrypted.file,
      'wrong',
    );
    assert.equal(interaction.secretQuestions.length, 1);
    assert.deepEqual(interaction.kept, []);
  });

  it('a cancelled passphrase cancels connecting', async () => {
    const interaction = scripted({ secret: () => undefined });
    await fails(connect(await configure([encrypted]), interaction), 'cancelled');
  });

  it('an old PEM file with its public key beside it', async () => {
    const interaction = scripted({ secret: () => passphrase });
    await connect(await configure([strangers[0] ?? pem, pem]), interaction);
    assert.equal(interaction.secretQuestions.length, 1);
  });

  it('an old PEM file alone has to be decrypted before it can be offered', async () => {
    const alone = join(folder.path, 'alone');
    await copyFile(pem.file, alone);
    const interaction = scripted({ secret: () => passphrase });
    await connect(await configure([{ ...pem, file: alone }]), interaction);
    assert.equal(interaction.secretQuestions.length, 1);
  });

  it('a public key in IdentityFile picks that key of the agent', async () => {
    await using agent = await startAgent(...strangers.map((key) => key.file), plain.ed25519.file);
    const onlyPublic = join(folder.path, 'only-public');
    await writeFile(onlyPublic, `${plain.ed25519.line} comment\n`);
    const configFile = await configure(
      [{ ...plain.ed25519, file: onlyPublic }],
      `IdentityAgent ${agent.socket}`,
      'IdentitiesOnly yes',
    );
    const log = await connect(configFile);
    for (const key of strangers) assert.ok(!log.includes(key.fingerprint), 'no other key was offered');
  });

  it('configured keys of the agent go first, the others after, files last', async () => {
    await using agent = await startAgent(...strangers.slice(0, 2).map((key) => key.file));
    const [first, second, third] = strangers;
    const configFile = await configure([third ?? pem, second ?? pem, plain.ed25519], `IdentityAgent ${agent.socket}`);
    const log = await connect(configFile);
    const order = [second, first, third, plain.ed25519].map((key) => log.indexOf(key?.fingerprint ?? '?'));
    assert.ok(
      order.every((position) => position >= 0),
      'all were offered',
    );
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  });

  it('IdentitiesOnly leaves the other keys of the agent alone', async () => {
    await using agent = await startAgent(...strangers.map((key) => key.file));
    const configFile = await configure([plain.ed25519], `IdentityAgent ${agent.socket}`, 'IdentitiesOnly yes');
    const log = await connect(configFile);
    for (const key of strangers) assert.ok(!log.includes(key.fingerprint));
  });

  it('too many keys for MaxAuthTries: says so and how to pick one', async () => {
    await using strict = await startSshd({ authorizedKeys: [plain.ed25519.line], maxAuthTries: 2 });
    await using agent = await startAgent(...strangers.map((key) => key.file), plain.ed25519.file);
    const more = [`IdentityAgent ${agent.socket}`];
    const knownHosts = strict.knownHosts;
    const configFile = await writeConfig(folder.path, strict, { knownHosts, more });
    await assert.rejects(connect(configFile), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.code, 'authentication');
      assert.match(error.message, /too many authentication failures/i);
      assert.match(error.remedy, /IdentitiesOnly/);
      return true;
    });
    const picked = [...more, 'IdentitiesOnly yes'];
    await connect(await writeConfig(folder.path, strict, { knownHosts, more: picked, keys: [plain.ed25519.file] }));
  });

  it('the failure names what the server offers, what was tried and what could not be', async () => {
    const missing = { ...pem, file: join(folder.path, 'missing') };
    const configFile = await configure([...strangers.slice(0, 1), missing], 'IdentityAgent /nowhere/agent');
    await fails(
      connect(configFile),
      'authentication',
      'It offers: publickey',
      strangers[0]?.file ?? '?',
      'missing does not exist',
      '/nowhere/agent',
    );
  });

  it('nothing to try is said in words', async () => {
    await fails(connect(await configure([])), 'authentication', 'It offers: publickey', 'Nothing could be tried');
  });

  it('a file that is no key, and one of a security key, are named', async () => {
    const noKey = join(folder.path, 'no-key');
    await writeFile(noKey, 'hello\n');
    const fido = join(folder.path, 'fido');
    const type = Buffer.from('sk-ssh-ed25519@openssh.com');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(type.length);
    await writeFile(fido, 'kept on the token\n');
    await writeFile(`${fido}.pub`, `${type.toString()} ${Buffer.concat([length, type]).toString('base64')} c\n`);
    const files = [noKey, fido].map((file) => ({ ...pem, file }));
    await fails(connect(await configure(files)), 'authentication', noKey, `${fido} belongs to a security key`);
  });

  it('a certificate that the server wants is named', async () => {
    const ca = await generateKey(join(folder.path, 'ca'), 'ed25519');
    const certified = await generateKey(join(folder.path, 'certified'), 'ed25519');
    await run('ssh-keygen', ['-q', '-s', ca.file, '-I', 'test', '-n', server.user, `${certified.file}.pub`]);
    await using strict = await startSshd({ config: [`TrustedUserCAKeys ${ca.file}.pub`] });
    const configFile = await writeConfig(folder.path, strict, {
      keys: [certified.file],
      knownHosts: strict.knownHosts,
    });
    await fails(
      connect(configFile),
      'authentication',
      `${certified.file}-cert.pub is a certificate, which is not supported`,
    );
  });

  it('no passphrase is ever logged', async () => {
    const log = capturingLog();
    await connect(await configure([encrypted]), scripted({ secret: () => passphrase }), log);
    assert.ok(log.lines.length > 0);
    assert.ok(!log.lines.join('\n').includes(passphrase));
  });
});
