/** What happens to a server's host key, against real servers. */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { ConnectionError } from '../../extension/transport/errors.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import { knownHostsOf, writeConfig } from './support/config.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted, type ScriptedInteraction } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { until } from './support/processes.ts';
import { sshdMissing, startSshd, type Sshd } from './support/sshd.ts';

/** In sshd's log this is the first thing that any sign-in leaves, even the request for `none`. */
const signIn = /userauth-request/;

async function connect(configFile: string, interaction: ScriptedInteraction): Promise<void> {
  const transport = await connectSsh('target', { configFile, interaction, log: capturingLog() });
  transport.dispose();
}

describe('host keys', { skip: sshdMissing() }, () => {
  let folder: Folder;
  let key: Key;
  let stranger: Key;
  let server: Sshd;

  before(async () => {
    folder = await temporaryFolder();
    [key, stranger] = await Promise.all([
      generateKey(join(folder.path, 'key'), 'ed25519'),
      generateKey(join(folder.path, 'stranger'), 'ed25519'),
    ]);
    server = await startSshd({ authorizedKeys: [key.line], hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
  });
  after(async () => {
    await server.stop();
    await folder[Symbol.asyncDispose]();
  });

  const name = (): string => `[127.0.0.1]:${server.port}`;
  const hostKey = (index = 0): Key => server.hostKeys[index] ?? key;
  const configure = (knownHosts: string | undefined, ...more: string[]): Promise<string> =>
    writeConfig(folder.path, server, { keys: [key.file], more, ...(knownHosts === undefined ? {} : { knownHosts }) });
  /** Nothing was sent that could sign anybody in, not even a user name. */
  const refused = async (configFile: string, code: string, words: readonly string[], interaction = scripted()) => {
    const from = server.log().length;
    await assert.rejects(connect(configFile, interaction), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.code, code);
      if (code !== 'host-key-unknown') assert.equal(error.place?.file, knownHostsOf(configFile));
      for (const word of words) assert.ok(error.message.includes(word), `${error.message} lacks ${word}`);
      return true;
    });
    await until('the server has noticed', () => /Connection (closed|reset)|disconnect/i.test(server.log().slice(from)));
    assert.doesNotMatch(server.log().slice(from), signIn);
  };

  it('unknown: asks with the fingerprint; kept, it is not asked about again', async () => {
    const configFile = await configure(undefined);
    const interaction = scripted({ hostKey: 'save' });
    await connect(configFile, interaction);
    assert.deepEqual(interaction.hostKeyQuestions, [
      { host: name(), keyType: 'ssh-ed25519', fingerprint: hostKey().fingerprint, file: knownHostsOf(configFile) },
    ]);
    assert.equal(await readFile(knownHostsOf(configFile), 'utf8'), `${name()} ${hostKey().line}\n`);
    await connect(configFile, scripted());
    assert.match(server.log(), signIn, 'what the other tests rely on not finding is found here');
  });

  it('unknown: hashed when HashKnownHosts says so', async () => {
    const configFile = await configure(undefined, 'HashKnownHosts yes');
    await connect(configFile, scripted({ hostKey: 'save' }));
    assert.match(await readFile(knownHostsOf(configFile), 'utf8'), /^\|1\|/);
    await connect(configFile, scripted());
  });

  it('unknown: for once, nothing is kept', async () => {
    const configFile = await configure(undefined);
    await connect(configFile, scripted({ hostKey: 'once' }));
    await assert.rejects(stat(knownHostsOf(configFile)), { code: 'ENOENT' });
  });

  it('unknown: refused by the person, before any sign-in', async () => {
    const interaction = scripted({ hostKey: 'refuse' });
    await refused(await configure(undefined), 'host-key-unknown', [name(), hostKey().fingerprint], interaction);
  });

  it('unknown: StrictHostKeyChecking yes refuses without asking', async () => {
    const words = [hostKey().fingerprint, 'StrictHostKeyChecking'];
    await refused(await configure('', 'StrictHostKeyChecking yes'), 'host-key-unknown', words);
  });

  for (const value of ['no', 'accept-new', 'off']) {
    it(`unknown: StrictHostKeyChecking ${value} asks all the same`, async () => {
      const interaction = scripted({ hostKey: 'once' });
      await connect(await configure('', `StrictHostKeyChecking ${value}`), interaction);
      assert.equal(interaction.hostKeyQuestions.length, 1);
    });

    it(`changed: StrictHostKeyChecking ${value} refuses all the same`, async () => {
      const configFile = await configure(`${name()} ${stranger.line}\n`, `StrictHostKeyChecking ${value}`);
      await refused(configFile, 'host-key-changed', []);
    });
  }

  it('changed: refused with both fingerprints, file and line, before any credential is sent', async () => {
    const configFile = await configure(`# comment\n${name()} ${stranger.line}\n`);
    const words = [hostKey().fingerprint, stranger.fingerprint, `${knownHostsOf(configFile)} line 2`];
    await refused(configFile, 'host-key-changed', words);
  });

  it('revoked: refused with file and line, before any credential is sent', async () => {
    const configFile = await configure(`${name()} ${hostKey().line}\n@revoked * ${hostKey().line}\n`);
    await refused(configFile, 'host-key-revoked', [hostKey().fingerprint, `${knownHostsOf(configFile)} line 2`]);
  });

  for (const index of [1, 2]) {
    it(`known by its ${index === 1 ? 'RSA' : 'ECDSA'} key only: that one is negotiated, so nothing is asked`, async () => {
      await connect(await configure(`${name()} ${hostKey(index).line}\n`), scripted());
    });
  }

  it('known under HostKeyAlias', async () => {
    await connect(await configure(`other ${hostKey().line}\n`, 'HostKeyAlias other'), scripted());
    const interaction = scripted({ hostKey: 'save' });
    const configFile = await configure('', 'HostKeyAlias fresh');
    await connect(configFile, interaction);
    assert.match(await readFile(knownHostsOf(configFile), 'utf8'), /^fresh ssh-ed25519 /);
  });

  it('known in the second file, or the global one', async () => {
    const second = await writeConfig(folder.path, server, { knownHosts: `${name()} ${hostKey().line}\n` });
    await connect(await configure('', `UserKnownHostsFile /dev/null ${knownHostsOf(second)}`), scripted());
    await connect(await configure('', `GlobalKnownHostsFile ${knownHostsOf(second)}`), scripted());
  });

  it('an authority and other names are told with the question', async () => {
    const configFile = await configure(`@cert-authority * ${stranger.line}\nelsewhere ${hostKey().line}\n`);
    const interaction = scripted({ hostKey: 'once' });
    await connect(configFile, interaction);
    assert.match(interaction.hostKeyQuestions[0]?.note ?? '', /line 1 trusts a certificate authority.*line 2\./);
  });

  it('a known_hosts that cannot be read is an error, not an empty one', async () => {
    const configFile = await configure('', `UserKnownHostsFile ${folder.path}`);
    await assert.rejects(connect(configFile, scripted()), { code: 'configuration' });
  });

  it('a key that cannot be kept is accepted all the same', async () => {
    const log = capturingLog();
    const configFile = await configure(undefined, `UserKnownHostsFile ${key.file}/below/known_hosts`);
    const interaction = scripted({ hostKey: 'save' });
    const transport = await connectSsh('target', { configFile, interaction, log });
    transport.dispose();
    assert.match(log.lines.join('\n'), /warn: The host key could not be added/);
  });

  it('re-keying asks nothing again, and the connection lives on', async () => {
    await using busy = await startSshd({ authorizedKeys: [key.line], config: ['RekeyLimit 64K'] });
    const configFile = await writeConfig(folder.path, busy, { keys: [key.file] });
    const interaction = scripted({ hostKey: 'once' });
    const transport = await connectSsh('target', { configFile, interaction, log: capturingLog() });
    const running = await transport.exec({
      script: 'head -c 1000000 /dev/zero | tr "[:cntrl:]" x',
    });
    assert.equal((await text(running.stdout)).length, 1_000_000);
    assert.ok((busy.log().match(/SSH2_MSG_NEWKEYS received/g) ?? []).length > 2, 'it did re-key');
    assert.equal(interaction.hostKeyQuestions.length, 1);
    transport.dispose();
  });

  it('cancelling ends the question', async () => {
    const controller = new AbortController();
    let asked: AbortSignal | undefined;
    const interaction = {
      ...scripted(),
      confirmHostKey: (_: unknown, signal: AbortSignal) => {
        asked = signal;
        controller.abort();
        return new Promise<'once'>(() => undefined);
      },
    };
    const connecting = connectSsh('target', {
      configFile: await configure(undefined),
      interaction,
      log: capturingLog(),
      signal: controller.signal,
    });
    await assert.rejects(connecting, { code: 'cancelled' });
    assert.equal(asked?.aborted, true);
  });
});
