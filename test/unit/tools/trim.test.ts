import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { compileFunction } from 'node:vm';
import { build } from 'esbuild';
import whole, {
  type AuthContext,
  type CipherAlgorithm,
  type Client,
  type ClientChannel,
  type ConnectConfig,
} from 'ssh2';
import { root } from '../../../tools/setup.mjs';
import { trim } from '../../../tools/trim.mjs';

/** ssh2 as it is bundled. */
async function bundled(): Promise<typeof whole> {
  const { outputFiles } = await build({
    stdin: { contents: "module.exports = require('ssh2');", resolveDir: root },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['cpu-features', '*.node'],
    minify: true,
    write: false,
    plugins: [trim],
  });
  const module: { exports: unknown } = { exports: {} };
  const compiled = compileFunction(outputFiles[0]?.text ?? '', ['require', 'module', 'exports', '__dirname']);
  Reflect.apply(compiled, undefined, [createRequire(import.meta.url), module, module.exports, root]);
  // It exports what the package does, as far as the tests below say.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return module.exports as typeof whole;
}

const passphrase = 'open sesame';
const keys = whole.utils.generateKeyPairSync('ed25519', { passphrase, cipher: 'aes256-ctr', rounds: 4 });

/** A server of the whole package, which lets in who has the key after who has the password, and repeats what commands read. */
const server = new whole.Server(
  { hostKeys: [whole.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private] },
  (client) => {
    let steps = 0;
    const pass = (context: AuthContext): void => {
      steps++;
      if (steps === 3) context.accept();
      else context.reject(['publickey', 'password', 'keyboard-interactive'], true);
    };
    client
      .on('authentication', (context) => {
        if (context.method === 'password' && context.password === 'secret') pass(context);
        else if (context.method === 'publickey') {
          if (context.signature === undefined) context.accept();
          else pass(context);
        } else if (context.method === 'keyboard-interactive') {
          context.prompt([{ prompt: 'Code: ', echo: true }], (answers) => {
            if (answers[0] === '42') pass(context);
            else context.reject();
          });
        } else context.reject(['publickey', 'password', 'keyboard-interactive']);
      })
      .on('session', (accept) => {
        let columns = 0;
        accept()
          .on('pty', (acceptPty, _reject, { cols }) => {
            columns = cols;
            acceptPty();
          })
          .on('window-change', (_accept, _reject, { cols }) => {
            columns = cols;
          })
          .on('exec', (acceptExec, _reject, { command }) => {
            const channel = acceptExec();
            channel.on('data', (data: Buffer) => channel.write(data));
            channel.on('end', () => {
              channel.stderr.write(`${command} ${columns}`);
              channel.exit(3);
              channel.end();
            });
          });
      })
      .on('tcpip', (accept) => void accept().end('forwarded'))
      // The types do not know it.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      .on('openssh.streamlocal' as 'tcpip', (accept) => void accept().end('socket'))
      .on('error', () => undefined);
  },
);

let ssh2: typeof whole;
let port = 0;
const listener = createServer((socket) => server.injectSocket(socket));

before(async () => {
  ssh2 = await bundled();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  // A TCP server's.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  ({ port } = listener.address() as AddressInfo);
});

after(() => listener.close());

async function open(config: ConnectConfig): Promise<Client> {
  const client = new ssh2.Client();
  const methods = [
    { type: 'none' },
    { type: 'password', password: 'secret' },
    { type: 'publickey', key: ssh2.utils.parseKey(keys.private, passphrase) },
    {
      type: 'keyboard-interactive',
      prompt: (_name: string, _text: string, _language: string, _prompts: unknown, finish: (a: string[]) => void) =>
        finish(['42']),
    },
  ].map((method) => ({ ...method, username: 'somebody' }));
  client.connect({
    sock: connect(port, '127.0.0.1'),
    username: 'somebody',
    authHandler: (_left, _partial, next) => {
      const method = methods.shift();
      // The types know neither `none` nor a parsed key here.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      next((method ?? false) as Parameters<typeof next>[0]);
    },
    ...config,
  });
  await once(client, 'ready');
  return client;
}

function channelOf(begin: (done: (error: Error | undefined, channel: ClientChannel) => void) => void) {
  return new Promise<ClientChannel>((resolve, reject) => {
    begin((error, channel) => (error === undefined ? resolve(channel) : reject(error)));
  });
}

async function text(stream: AsyncIterable<unknown>): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}

describe('ssh2 as it is bundled', () => {
  const ciphers: readonly CipherAlgorithm[] = ['chacha20-poly1305@openssh.com', 'aes128-gcm@openssh.com', 'aes256-ctr'];
  for (const cipher of ciphers) {
    it(`signs in with all three methods, and runs a command, over ${cipher}`, async () => {
      const offers: string[] = [];
      const client = await open({
        algorithms: { cipher: [cipher], compress: ['none'] },
        debug: (line) => offers.push(line),
      });
      const channel = await channelOf((done) => client.exec('repeat', { pty: { cols: 80 } }, done));
      channel.setWindow(24, 132, 0, 0);
      const exit = new Promise<number>((resolve) => channel.once('exit', resolve));
      const sent = 'x'.repeat(200_000);
      channel.end(sent);
      const [out, errors, code] = await Promise.all([text(channel), text(channel.stderr), exit]);
      assert.equal(out, sent);
      assert.equal(errors, 'repeat 132');
      assert.equal(code, 3);
      // What extension/transport/hop.ts reads.
      assert.ok(offers.some((line) => line.startsWith('Handshake: (remote) KEX method: ')));
      assert.ok(offers.includes('Inbound: Received USERAUTH_FAILURE (publickey,password,keyboard-interactive)'));
      client.end();
    });
  }

  it('forwards to addresses and to sockets', async () => {
    const client = await open({ algorithms: { compress: ['none'] } });
    const tcp = await channelOf((done) => client.forwardOut('127.0.0.1', 0, 'host', 80, done));
    assert.equal(await text(tcp), 'forwarded');
    const socket = await channelOf((done) => client.openssh_forwardOutStreamLocal('/run/socket', done));
    assert.equal(await text(socket), 'socket');
    client.end();
  });

  it('reads keys of every kind and signs with them', () => {
    const pem = { format: 'pem', type: 'pkcs1' } as const;
    const sec1 = { format: 'pem', type: 'sec1' } as const;
    const spki = { format: 'pem', type: 'spki' } as const;
    const encrypted = { ...pem, cipher: 'aes-128-cbc', passphrase };
    const texts = [
      whole.utils.generateKeyPairSync('rsa', { bits: 2048 }).private,
      whole.utils.generateKeyPairSync('ecdsa', { bits: 521 }).private,
      whole.utils.generateKeyPairSync('ed25519').private,
      keys.private,
      generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: pem, publicKeyEncoding: spki }).privateKey,
      generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: encrypted, publicKeyEncoding: spki })
        .privateKey,
      generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: sec1, publicKeyEncoding: spki }).privateKey,
    ];
    for (const [index, each] of texts.entries()) {
      const key = ssh2.utils.parseKey(each, passphrase);
      assert.ok(!(key instanceof Error), `key ${index}`);
      const ssh = key.getPublicSSH();
      const reference = whole.utils.parseKey(ssh);
      assert.ok(!(reference instanceof Error), `public key ${index}`);
      assert.equal(reference.verify('words', key.sign('words')), true, `signature ${index}`);
    }
  });

  it('refuses a wrong passphrase, and has agents for every platform', () => {
    assert.ok(ssh2.utils.parseKey(keys.private, 'wrong') instanceof Error);
    assert.ok(!(ssh2.utils.parseKey(keys.public) instanceof Error));
    assert.ok(ssh2.createAgent('/run/agent') instanceof ssh2.OpenSSHAgent);
    for (const agent of [ssh2.PageantAgent, ssh2.CygwinAgent]) assert.equal(typeof agent, 'function');
  });
});
