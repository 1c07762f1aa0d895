/** From nothing to a running command, against a real sshd. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { connectSsh } from '../../extension/transport/ssh.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { sshdMissing, startSshd, type Sshd } from './support/sshd.ts';

describe('connecting to sshd with a key', { skip: sshdMissing() }, () => {
  let folder: Folder;
  let key: Key;
  let server: Sshd;
  let configFile: string;

  before(async () => {
    folder = await temporaryFolder();
    key = await generateKey(join(folder.path, 'key'), 'ed25519');
    server = await startSshd({ authorizedKeys: [key.line] });
    await writeFile(join(folder.path, 'known_hosts'), server.knownHosts);
    configFile = join(folder.path, 'config');
    await writeFile(
      configFile,
      `Host build7
  HostName 127.0.0.1
  Port ${server.port}
  User ${server.user}
  IdentityFile ${key.file}
  IdentityAgent none
  UserKnownHostsFile ${join(folder.path, 'known_hosts')}
`,
    );
  });
  after(async () => {
    await server.stop();
    await folder[Symbol.asyncDispose]();
  });

  it('runs a script and gives its output, errors and exit code', async () => {
    const transport = await connectSsh('build7', { configFile, interaction: scripted(), log: capturingLog() });
    const running = await transport.exec({ script: 'cat; echo wrong >&2; exit 7' });
    running.stdin.end('hello');
    const [out, errors] = await Promise.all([text(running.stdout), text(running.stderr)]);
    assert.deepEqual(
      { out, errors, exit: await running.exit },
      { out: 'hello', errors: 'wrong\n', exit: { code: 7, signal: undefined } },
    );
    transport.dispose();
  });
});
