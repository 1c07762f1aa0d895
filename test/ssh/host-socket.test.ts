/** The TCP connection to a server: bytes stay what they are while buffers are used again, and packets leave whole. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, Socket, type Server } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { gatherAllWrites } from '../../extension/gather-writes.ts';
import { HostSocket } from '../../extension/transport/host-socket.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import { output } from '../helper/support/process.ts';
import { writeConfig } from './support/config.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { until } from './support/processes.ts';
import { sshdMissing, startSshd, type Sshd } from './support/sshd.ts';

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function nextData(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => socket.once('data', resolve));
}

describe('a connection to a server', () => {
  let server: Server;
  let socket: HostSocket;
  let peer: Socket;

  before(async () => {
    server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    socket = new HostSocket().connect(address.port, '127.0.0.1');
    peer = await accepted;
  });
  after(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });

  it('keeps what came before anybody listened', async () => {
    peer.write('early');
    await until('the bytes', () => socket.readableLength === 5);
    assert.equal((await nextData(socket)).toString(), 'early');
  });

  it('is kept alive by the kernel', async () => {
    const shown = await output(['ss', '-Htno', `sport = :${socket.localPort ?? 0}`]);
    assert.match(shown, /timer:\(keepalive,/);
  });

  it('sends what is written in one turn as one piece', async (t) => {
    gatherAllWrites(socket);
    // That it comes in one piece is no proof: the kernel puts together what comes fast.
    const alone = t.mock.method(socket, '_write');
    const pieces: string[] = [];
    const heard = new Promise<void>((resolve) => {
      peer.on('data', (bytes: Buffer) => {
        pieces.push(bytes.toString());
        if (pieces.join('').endsWith('.')) resolve();
      });
    });
    for (const part of ['length', 'body', 'code.']) socket.write(part);
    await heard;
    assert.deepEqual(pieces, ['lengthbodycode.']);
    assert.equal(socket.writableCorked, 0);
    assert.equal(alone.mock.callCount(), 0);
  });

  it('gives other memory each time, and the same one once that is allowed', async () => {
    const next = async (word: string): Promise<Buffer> => {
      const data = nextData(socket);
      peer.write(word);
      return data;
    };
    const [one, two] = [await next('one'), await next('two')];
    assert.deepEqual([one.toString(), two.toString()], ['one', 'two']);
    socket.readsInPlace = true;
    const three = await next('three');
    assert.equal(three.toString(), 'three');
    const four = await next('four!');
    assert.equal(three.toString(), 'four!');
    assert.equal(three.buffer, four.buffer);
  });

  it('leaves with the kernel what comes while nobody reads', async () => {
    socket.pause();
    peer.write('first,');
    peer.write('second.');
    let text = '';
    const all = new Promise<void>((resolve) => {
      socket.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text.endsWith('.')) resolve();
      });
    });
    socket.resume();
    await all;
    assert.equal(text, 'first,second.');
  });
});

describe('a connection to OpenSSH', { skip: sshdMissing() }, () => {
  const megabytes = 12;
  let folder: Folder;
  let key: Key;
  let server: Sshd;

  before(async () => {
    folder = await temporaryFolder();
    key = await generateKey(join(folder.path, 'key'), 'ed25519');
    server = await startSshd({ authorizedKeys: [key.line], config: ['RekeyLimit 1M'] });
  });
  after(async () => {
    await server.stop();
    await folder[Symbol.asyncDispose]();
  });

  for (const cipher of [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'chacha20-poly1305@openssh.com',
  ]) {
    it(`bytes of a process are what they were with new keys after every megabyte, by ${cipher}`, async () => {
      const more = [`Ciphers ${cipher}`];
      const configFile = await writeConfig(folder.path, server, {
        keys: [key.file],
        knownHosts: server.knownHosts,
        more,
      });
      const transport = await connectSsh('target', { configFile, interaction: scripted(), log: capturingLog() });
      try {
        const sent = Buffer.alloc(megabytes << 20);
        for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
        const running = await transport.exec({ script: 'cat' });
        const back = buffer(running.stdout);
        running.stdin.end(sent);
        assert.equal(digest(await back), digest(sent));
        assert.deepEqual(await running.exit, { code: 0, signal: undefined });
      } finally {
        transport.dispose();
      }
    });
  }

  const carry = `process.stdin.pipe(require("net").connect(process.argv[1])).pipe(process.stdout)`;
  for (const [way, more] of Object.entries({
    'over TCP': [],
    'through a ProxyCommand': [`ProxyCommand ${process.execPath} -e '${carry}' %p`],
  })) {
    it(`packets leave whole ${way}`, async (t) => {
      const options = {
        keys: [key.file],
        knownHosts: server.knownHosts,
        more: ['Ciphers aes128-gcm@openssh.com', ...more],
      };
      const configFile = await writeConfig(folder.path, server, options);
      const transport = await connectSsh('target', { configFile, interaction: scripted(), log: capturingLog() });
      try {
        const alone = t.mock.method(Socket.prototype, '_write');
        const running = await transport.exec({ script: 'cat' });
        const back = buffer(running.stdout);
        running.stdin.end('all of it');
        assert.equal((await back).toString(), 'all of it');
        // The length of a packet, which comes first.
        const lengths = alone.mock.calls.filter(
          ({ arguments: [chunk] }) => Buffer.isBuffer(chunk) && chunk.length === 4,
        );
        assert.equal(lengths.length, 0);
      } finally {
        transport.dispose();
      }
    });
  }
});
