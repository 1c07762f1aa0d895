/** `listen`: connections that begin within a net namespace and come out here. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { ReverseForward } from '../../extension/features/ports/reverse.ts';
import { startServe, type ServeSession } from '../../extension/helper/serve-session.ts';
import { connectLocal } from '../../extension/transport/local.ts';
import { helper, runHelper } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { marker, markerVariable } from './support/marker.ts';
import { ipNetns } from './support/namespaces.ts';
import { output } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'ip');
leakGuard();

async function session(scope: Scope, door: boolean): Promise<ServeSession> {
  process.env[markerVariable] = marker;
  const transport = connectLocal();
  scope.defer(() => transport.dispose());
  const serving = await transport.exec({ program: helper, args: ['serve'] });
  const on = await startServe(serving, { elevated: false });
  if (door) on.useSockets((path) => transport.connectUnix(path));
  scope.defer(async () => {
    on.dispose();
    await serving.exit;
  });
  return on;
}

async function listening(scope: Scope, server: Server): Promise<{ readonly host: string; readonly port: number }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.defer(() => void server.close());
  const address = server.address();
  const isTcp = (value: typeof address): value is AddressInfo => typeof value === 'object' && value !== null;
  assert.ok(isTcp(address));
  return { host: '127.0.0.1', port: address.port };
}

async function isolated(
  t: TestContext,
): Promise<{ readonly scope: Scope; readonly name: string; readonly path: string }> {
  const scope = testScope(t);
  const { name, path } = await ipNetns(scope);
  await output(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
  return { scope, name, path };
}

/** Sends a text within, closes that side, and gives back what comes; `error CODE` where that was cut off. */
async function sendWithin(name: string, port: number, words: string): Promise<string> {
  const source = `
    const socket = require('node:net').connect({ host: '127.0.0.1', port: ${port}, allowHalfOpen: true });
    socket.on('error', (error) => { console.log('error ' + error.code); process.exit(); });
    socket.end(${JSON.stringify(words)});
    socket.pipe(process.stdout);`;
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (await text(child.stdout)).trim();
}

for (const door of [false, true]) {
  test(`connections come out, ${door ? 'through the unix socket' : 'in records'}`, { skip }, async (t) => {
    const { scope, name, path } = await isolated(t);
    const on = await session(scope, door);
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('data', (bytes: Buffer) => {
        if (bytes.toString() === 'reset') socket.resetAndDestroy();
        else socket.write(bytes);
      });
      socket.on('end', () => socket.end(' came out'));
    });
    const local = await listening(scope, server);
    const forward = new ReverseForward(local);
    scope.defer(() => forward.dispose());
    await forward.start(on, [`--target=${path}`, 'tcp:127.0.0.1:80']);
    assert.equal(forward.state.kind, 'listening');
    const answers = await Promise.all(['one', 'two', 'three'].map((word) => sendWithin(name, 80, word)));
    assert.deepEqual(answers, ['one came out', 'two came out', 'three came out']);
    assert.equal(await sendWithin(name, 80, 'reset'), 'error ECONNRESET');
    await until('all to be over', () => forward.traffic.open === 0);
    assert.equal(forward.traffic.total, 4);
    assert.equal(forward.traffic.failed, 1);
    // Listened to by us, nobody else can have it; stopped, it is free.
    const other = new ReverseForward(local);
    await assert.rejects(other.start(on, [`--target=${path}`, 'tcp:127.0.0.1:80']), { name: 'HelperError' });
    assert.equal(other.state.kind, 'failed');
    forward.dispose();
    await until('the port to be free', async () => (await sendWithin(name, 80, 'x')) === 'error ECONNREFUSED');
  });
}

test('where nobody listens on this side, what comes is reset', { skip }, async (t) => {
  const { scope, name, path } = await isolated(t);
  const on = await session(scope, true);
  const forward = new ReverseForward({ host: '127.0.0.1', port: 1 });
  scope.defer(() => forward.dispose());
  await forward.start(on, [`--target=${path}`, 'tcp:127.0.0.1:80']);
  assert.equal(await sendWithin(name, 80, 'x'), 'error ECONNRESET');
  await until('the reason', () => /ECONNREFUSED/.test(forward.lastError?.message ?? ''));
});

test('places that cannot be listened at are refused', { skip }, async (t) => {
  const { path } = await isolated(t);
  for (const place of ['udp:127.0.0.1:80', 'unix:/run/x', 'x', '']) {
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await runHelper(['listen', `--target=${path}`, place])).code, 2, place);
  }
  const stranger = await runHelper(['relay', '--accepted=nobody']);
  assert.equal(stranger.code, 1);
  assert.match(stranger.stderr, /"step":"accepted","errno":"ECONNREFUSED"/);
});
