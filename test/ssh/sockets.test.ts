/** Unix sockets on the host. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { connectLocal } from '../../extension/transport/local.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import type { Transport } from '../../extension/transport/transport.ts';
import { writeConfig } from './support/config.ts';
import { dropbearMissing, startDropbear } from './support/dropbear.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { sshdMissing, startSshd, type Sshd } from './support/sshd.ts';
import { createUser, usersMissing } from './support/users.ts';

let folder: Folder;
let key: Key;

before(async () => {
  folder = await temporaryFolder();
  key = await generateKey(join(folder.path, 'key'), 'ed25519');
});
after(() => folder[Symbol.asyncDispose]());

async function connect(server: { host: string; port: number; knownHosts: string }, user?: string): Promise<Transport> {
  const options = { keys: [key.file], knownHosts: server.knownHosts, ...(user === undefined ? {} : { user }) };
  const configFile = await writeConfig(folder.path, server, options);
  return connectSsh('target', { configFile, interaction: scripted(), log: capturingLog() });
}

/** What both transports promise. */
function promises(open: () => Promise<Transport>): void {
  let transport: Transport;
  let place: string;

  before(async () => {
    transport = await open();
    place = join(folder.path, `place-${transport.kind}`);
    await mkdir(place);
  });
  after(() => transport.dispose());

  it('connects to a unix socket', async () => {
    const path = join(place, 'socket');
    const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => echo.listen(path, resolve));
    try {
      const stream = await transport.connectUnix(path);
      stream.end('there and back');
      assert.equal(await text(stream), 'there and back');
    } finally {
      await new Promise((resolve) => echo.close(resolve));
    }
  });

  it('a unix socket that nobody listens on is an error', async () => {
    await assert.rejects(transport.connectUnix(join(place, 'nobody')));
    await assert.rejects(transport.connectUnix(join(place, 'nobody'), AbortSignal.abort()), { name: 'AbortError' });
  });
}

describe('sockets over SSH', { skip: sshdMissing() }, () => {
  let server: Sshd;
  before(async () => {
    server = await startSshd({ authorizedKeys: [key.line] });
  });
  after(() => server.stop());

  promises(() => connect(server));
});

describe('sockets over dropbear', { skip: dropbearMissing() ?? usersMissing() }, () => {
  it('a server that forwards no unix sockets says so', async () => {
    await using user = await createUser();
    await using server = await startDropbear({ users: [user], authorizedKeys: [key.line] });
    const transport = await connect(server, user.name);
    await assert.rejects(transport.connectUnix('/nowhere'), { code: 'unsupported-host' });
    transport.dispose();
  });
});

describe('sockets on this machine', () => {
  promises(() => Promise.resolve(connectLocal()));
});
