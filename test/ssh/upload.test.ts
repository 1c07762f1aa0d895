/** Files and sockets on the host. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { connectLocal } from '../../extension/transport/local.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import { UploadUnsupported, type Transport } from '../../extension/transport/transport.ts';
import { writeConfig } from './support/config.ts';
import { dropbearMissing, startDropbear } from './support/dropbear.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { run, until } from './support/processes.ts';
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

  it('writes a new file with the mode asked for, whatever the umask', async () => {
    const data = randomBytes(700_001);
    const file = join(place, 'new');
    await transport.upload(data, file, 0o777);
    assert.ok((await readFile(file)).equals(data));
    assert.equal((await stat(file)).mode & 0o7777, 0o777);
    await transport.upload(new Uint8Array(), join(place, 'empty'), 0o600);
    assert.equal((await stat(join(place, 'empty'))).size, 0);
    assert.equal((await stat(join(place, 'empty'))).mode & 0o7777, 0o600);
  });

  it('never replaces a file, never follows a link, and leaves both alone', async () => {
    const file = join(place, 'there');
    const link = join(place, 'link');
    await writeFile(file, 'old');
    await symlink(join(place, 'elsewhere'), link);
    await assert.rejects(transport.upload(Buffer.from('x'), file, 0o700));
    await assert.rejects(transport.upload(Buffer.from('x'), link, 0o700));
    assert.equal(await readFile(file, 'utf8'), 'old');
    assert.ok(!existsSync(join(place, 'elsewhere')));
  });

  it('says which file could not be created', async () => {
    await assert.rejects(transport.upload(Buffer.from('x'), '/does/not/exist', 0o700), /\/does\/not\/exist/);
  });

  it('leaves no half file on a full disk', { skip: usersMissing() }, async () => {
    const small = join(place, 'small');
    await mkdir(small);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
    try {
      await assert.rejects(transport.upload(randomBytes(1_000_000), join(small, 'big'), 0o700));
      await until('the half file is gone', async () => (await readdir(small)).length === 0);
    } finally {
      await run('umount', [small]);
    }
  });

  it('stops on abort and leaves no half file', async () => {
    await assert.rejects(transport.upload(Buffer.from('x'), join(place, 'no'), 0o700, AbortSignal.abort()), {
      name: 'AbortError',
    });
    const controller = new AbortController();
    const file = join(place, 'aborted');
    const uploading = transport.upload(randomBytes(30_000_000), file, 0o700, controller.signal);
    await until('it has begun', () => existsSync(file));
    controller.abort();
    await assert.rejects(uploading, { name: 'AbortError' });
    await until('the half file is gone', () => !existsSync(file));
  });

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

describe('files and sockets over SSH', { skip: sshdMissing() }, () => {
  let server: Sshd;
  before(async () => {
    server = await startSshd({ authorizedKeys: [key.line] });
  });
  after(() => server.stop());

  promises(() => connect(server));

  it('leaves no session open: uploads do not use up MaxSessions', async () => {
    await using few = await startSshd({ authorizedKeys: [key.line], maxSessions: 2 });
    const transport = await connect(few);
    for (const name of ['1', '2', '3', '4', '5']) {
      // oxlint-disable-next-line no-await-in-loop
      await transport.upload(Buffer.from('x'), join(folder.path, `session${name}`), 0o600);
    }
    transport.dispose();
  });

  it('no permission', { skip: usersMissing() }, async () => {
    await using user = await createUser();
    const transport = await connect(server, user.name);
    await assert.rejects(
      transport.upload(Buffer.from('x'), '/usr/lns-test', 0o700),
      /\/usr\/lns-test.*Permission denied/,
    );
    transport.dispose();
  });

  it('no SFTP on the server is a kind of error of its own', async () => {
    await using without = await startSshd({ authorizedKeys: [key.line], sftp: false });
    const transport = await connect(without);
    await assert.rejects(transport.upload(Buffer.from('x'), join(folder.path, 'x'), 0o700), UploadUnsupported);
    const running = await transport.exec({ script: 'echo still here' });
    assert.equal(await text(running.stdout), 'still here\n', 'the connection goes on');
    transport.dispose();
  });

  it('a server program that is no SFTP server counts as none', async () => {
    await using noisy = await startSshd({
      authorizedKeys: [key.line],
      sftp: false,
      config: ['Subsystem sftp /bin/echo Welcome to this host'],
    });
    const transport = await connect(noisy);
    await assert.rejects(transport.upload(Buffer.from('x'), join(folder.path, 'x'), 0o700), UploadUnsupported);
    transport.dispose();
  });

  it('a connection that is lost in the middle', async () => {
    await using lost = await startSshd({ authorizedKeys: [key.line] });
    const transport = await connect(lost);
    const file = join(folder.path, 'lost');
    const uploading = transport.upload(randomBytes(30_000_000), file, 0o700);
    await until('it has begun', () => existsSync(file));
    lost.dropConnections();
    await assert.rejects(uploading);
    transport.dispose();
  });
});

describe('files over dropbear', { skip: dropbearMissing() ?? usersMissing() }, () => {
  it('without an SFTP server there is none, with one there is', async () => {
    await using user = await createUser();
    await using without = await startDropbear({ users: [user], authorizedKeys: [key.line] });
    const transport = await connect(without, user.name);
    await assert.rejects(transport.upload(Buffer.from('x'), join(user.home, 'x'), 0o700), UploadUnsupported);
    transport.dispose();
    await using sftp = await startDropbear({ users: [user], authorizedKeys: [key.line], sftp: true });
    const other = await connect(sftp, user.name);
    await other.upload(Buffer.from('x'), join(user.home, 'x'), 0o700);
    assert.equal(await readFile(join(user.home, 'x'), 'utf8'), 'x');
    await assert.rejects(other.connectUnix('/nowhere'), { code: 'unsupported-host' });
    other.dispose();
  });
});

describe('files and sockets on this machine', () => {
  promises(() => Promise.resolve(connectLocal()));
});
