/** The servers that all other tests of this tier trust. Checked with OpenSSH's own client. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { dropbearMissing, startDropbear } from './support/dropbear.ts';
import { temporaryFolder } from './support/folder.ts';
import { generateKey } from './support/keys.ts';
import { alive, run } from './support/processes.ts';
import { sshdMissing, startSshd } from './support/sshd.ts';
import { createUser, usersMissing } from './support/users.ts';

async function ssh(
  server: { port: number; folder: string; knownHosts: string },
  user: string,
  key: string,
  command: string,
) {
  const known = join(server.folder, 'known_hosts');
  await writeFile(known, server.knownHosts);
  return run(
    'ssh',
    ['-F', 'none', '-i', key, '-o', `UserKnownHostsFile=${known}`, '-o', 'BatchMode=yes'].concat([
      '-o',
      'IdentitiesOnly=yes',
      '-p',
      String(server.port),
      `${user}@127.0.0.1`,
      command,
    ]),
  );
}

test('sshd lets a key in, keeps a log, and leaves nothing behind', { skip: sshdMissing() }, async () => {
  await using folder = await temporaryFolder();
  const key = await generateKey(join(folder.path, 'key'), 'ed25519');
  const server = await startSshd({ authorizedKeys: [key.line], hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
  assert.equal((await ssh(server, server.user, key.file, 'echo $((6*7))')).stdout, '42\n');
  assert.match(server.log(), /Accepted publickey for/);
  const pids = server.connections();
  await server.stop();
  assert.deepEqual(pids.filter(alive), []);
});

test(
  'dropbear lets a key in and has no SFTP unless asked',
  { skip: dropbearMissing() ?? usersMissing('/usr/bin/fish') },
  async () => {
    await using folder = await temporaryFolder();
    const key = await generateKey(join(folder.path, 'key'), 'ed25519');
    await using user = await createUser({ shell: '/usr/bin/fish' });
    await using server = await startDropbear({ users: [user], authorizedKeys: [key.line] });
    const { stdout } = await ssh(server, user.name, key.file, 'echo $version');
    assert.match(stdout, /^\d+\.\d+/, 'the login shell is fish');
    await assert.rejects(ssh(server, user.name, key.file, 'exec /usr/lib/sftp-server'));
  },
);
