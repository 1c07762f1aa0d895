/** What a person may type, from nothing to a running command. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { connectSsh } from '../../extension/transport/ssh.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { freePort } from './support/processes.ts';
import { sshdMissing, startSshd, type Sshd } from './support/sshd.ts';

const ipv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1') === true);

describe('connecting', { skip: sshdMissing() }, () => {
  let folder: Folder;
  let key: Key;
  let server: Sshd;
  let configFile: string;

  before(async () => {
    folder = await temporaryFolder();
    key = await generateKey(join(folder.path, 'key'), 'ed25519');
    const port = await freePort();
    const config = ipv6 ? [`ListenAddress [::1]:${port}`] : [];
    server = await startSshd({ authorizedKeys: [key.line], port, config });
    const known = join(folder.path, 'known_hosts');
    await writeFile(known, `${server.knownHosts}${server.knownHosts.replace('127.0.0.1', '::1')}`);
    configFile = join(folder.path, 'config');
    await writeFile(
      configFile,
      `Host build7
  HostName 127.0.0.1
  Port ${server.port}
  User ${server.user}
Host *
  IdentityFile ${key.file}
  IdentityAgent none
  UserKnownHostsFile ${known}
  GlobalKnownHostsFile none
`,
    );
  });
  after(async () => {
    await server.stop();
    await folder[Symbol.asyncDispose]();
  });

  const says = async (target: string): Promise<string> => {
    const stages: string[] = [];
    const transport = await connectSsh(target, {
      configFile,
      interaction: scripted(),
      log: capturingLog(),
      onStage: (stage) => stages.push(stage),
    });
    const running = await transport.exec({ script: 'echo hello' });
    assert.equal(await text(running.stdout), 'hello\n');
    assert.match(stages.join('|'), /^Connecting to .*\|Verifying the host key\|Signing in as /);
    const { description } = transport;
    transport.dispose();
    return description;
  };

  it('by an alias', async () => {
    assert.equal(await says('build7'), `${server.user}@build7:${server.port}`);
  });

  it('by user, host and port', async () => {
    assert.equal(await says(`${server.user}@127.0.0.1:${server.port}`), `${server.user}@127.0.0.1:${server.port}`);
  });

  it('by a URI', async () => {
    assert.equal(
      await says(`ssh://${server.user}@127.0.0.1:${server.port}`),
      `${server.user}@127.0.0.1:${server.port}`,
    );
  });

  it('by an IPv6 address', { skip: ipv6 ? false : 'this machine has no IPv6 loopback' }, async () => {
    assert.equal(await says(`${server.user}@[::1]:${server.port}`), `${server.user}@[::1]:${server.port}`);
  });
});
