import assert from 'node:assert/strict';
import { Duplex, PassThrough } from 'node:stream';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Forward } from '../../../extension/features/ports/forward.ts';
import { Forwards } from '../../../extension/features/ports/forwards.ts';
import { formatKept, isExposed, parseKept, parseLocal } from '../../../extension/features/ports/kept.ts';
import { networkWords, relayWords } from '../../../extension/features/ports/network.ts';
import { Frames } from '../../../extension/features/ports/udp.ts';
import { amount } from '../../../extension/features/ports/words.ts';
import type { EndRecord } from '../../../extension/helper/protocol.ts';
import type { HelperStream } from '../../../extension/helper/session.ts';
import { until } from '../../helper/support/wait.ts';
import { FakeHost } from './fake-host.ts';

const loopback = { host: '127.0.0.1', port: 0 };

/** What comes back is what was sent. */
function echo(): HelperStream {
  const stream = new PassThrough();
  const ended = new Promise<EndRecord>((resolve) => stream.once('close', () => resolve({})));
  return Object.assign(stream, { ended });
}

function broken(): HelperStream {
  const ended = Promise.reject(new Error('the other side is gone'));
  ended.catch(() => undefined);
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  setImmediate(() => stream.destroy(new Error('the other side is gone')));
  return Object.assign(stream, { ended });
}

test('what is kept is read as it is written; what is none is passed over', () => {
  const kept = parseKept([
    { host: 'build7', target: '/run/netns/blue', remote: 'tcp:127.0.0.1:80', port: 8080 },
    { host: 'local', target: 'own', remote: 'unix:/run/x.sock', port: 0, address: '::1' },
    { host: 'build7', target: 'web', remote: 'tcp:localhost:80', port: 1 },
    { host: 'build7', target: '', remote: 'tcp:127.0.0.1:80', port: 1 },
    { host: 'build7', target: 'web', remote: 'tcp:127.0.0.1:80', port: 65_536 },
    { host: 'build7', target: 'web', remote: 'tcp:127.0.0.1:80', port: 1, address: 'everywhere' },
    'nothing',
    null,
  ]);
  assert.equal(kept.length, 2);
  assert.deepEqual(parseKept(formatKept(kept)), kept);
  assert.deepEqual(parseKept({}), []);
});

test('local addresses: loopback unless another one is written', () => {
  assert.deepEqual(parseLocal(' 8080 '), { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(parseLocal('0.0.0.0:80'), { host: '0.0.0.0', port: 80 });
  assert.deepEqual(parseLocal('[::1]:80'), { host: '::1', port: 80 });
  for (const none of ['', 'x', '65536', '1.2.3:4', ':80', '[::1]']) assert.equal(parseLocal(none), undefined, none);
  assert.ok(isExposed({ host: '0.0.0.0', port: 1 }) && !isExposed({ host: '127.0.0.2', port: 1 }));
});

test('bytes are counted in units of a thousand', () => {
  assert.deepEqual([0, 999, 1000, 1550, 12_345_678].map(amount), ['0 bytes', '999 bytes', '1.0 kB', '1.6 kB', '12 MB']);
});

test('frames are cut however the bytes come', () => {
  const got: string[] = [];
  const frames = new Frames((bytes) => got.push(bytes.toString()));
  const bytes = Buffer.from([0, 2, 97, 98, 0, 0, 0, 1, 99]);
  for (const byte of bytes) frames.push(Buffer.from([byte]));
  frames.push(bytes);
  assert.deepEqual(got, ['ab', '', 'c', 'ab', '', 'c']);
});

test('a connection is carried and counted, and one that fails is reset and says why', async () => {
  const forward = new Forward(loopback, false, echo);
  const { port } = await forward.start();
  const socket = connect(port, '127.0.0.1');
  socket.end('hello');
  assert.equal(await text(socket), 'hello');
  await until('it to be over', () => forward.traffic.open === 0);
  assert.deepEqual(forward.traffic, { sent: 5, received: 5, open: 0, total: 1, failed: 0 });
  forward.dispose();
  assert.equal(forward.state.kind, 'stopped');

  const other = new Forward(loopback, false, broken);
  const failing = connect((await other.start()).port, '127.0.0.1');
  await assert.rejects(text(failing), { code: 'ECONNRESET' });
  await until('the failure', () => other.traffic.failed === 1);
  assert.equal(other.lastError?.message, 'the other side is gone');
  other.dispose();
});

test('datagrams of each peer go their own way and come back to it', async () => {
  let opened = 0;
  const forward = new Forward(loopback, true, () => (opened++, echo()));
  const { port } = await forward.start();
  const sockets = [createSocket('udp4'), createSocket('udp4')];
  for (const [index, socket] of sockets.entries()) {
    const answer = once(socket, 'message');
    socket.send(`datagram ${index}`, port, '127.0.0.1');
    // oxlint-disable-next-line no-await-in-loop
    const answers: readonly unknown[] = await answer;
    assert.equal(String(answers[0]), `datagram ${index}`);
    socket.close();
  }
  assert.equal(opened, 2);
  forward.dispose();
  await until('no peer', () => forward.traffic.open === 0);
});

test('a port that is taken is another one, unless that very one is wanted', async () => {
  const host = new FakeHost();
  const forwards = new Forwards();
  const place = { kind: 'tcp', address: '127.0.0.1', port: 80 } as const;
  const options = { host, network: { name: 'own' }, where: 'here', place };
  const one = await forwards.add({ ...options, local: loopback }, true);
  const taken = { host: '127.0.0.1', port: one.local.port };
  await assert.rejects(forwards.add({ ...options, local: taken }, false), { code: 'EADDRINUSE' });
  const other = await forwards.add({ ...options, local: taken }, true);
  assert.notEqual(other.local.port, one.local.port);
  // Without a connection to the host, what comes is refused, and the forward stays.
  const socket = connect(one.local.port, '127.0.0.1');
  await assert.rejects(text(socket), { code: 'ECONNRESET' });
  await until('the reason', () => one.forward.lastError !== undefined);
  assert.match(one.forward.lastError?.message ?? '', /build7 is not connected/);
  const moved = await forwards.move(other, { host: '127.0.0.1', port: 0 });
  assert.deepEqual(forwards.all, [one, moved]);
  forwards.dispose();
  assert.deepEqual(forwards.all, []);
});

/** Of its net namespace only the number counts. */
const inNetwork = (pid: number, net: number) =>
  ({ process: { pid, start: 7, ppid: 1, comm: 'x', ns: { net, mnt: 4026531841 } } }) as const;

test('a net namespace is named by a process in it, the helper’s own by its number', () => {
  const host = new FakeHost('build7', [
    { snapshot: { time: 1, complete: true, source: ['proc'] } },
    { ns: { type: 'net', id: 4026531840, held: [{ by: 'process', pid: 1 }] } },
    { ns: { type: 'net', id: 4026532000, held: [{ by: 'process', pid: 50 }] } },
    { ns: { type: 'mnt', id: 4026531841, held: [{ by: 'process', pid: 1 }] } },
    inNetwork(1, 4026531840),
    inNetwork(50, 4026532000),
  ]);
  assert.deepEqual(networkWords(host, 'net:4026531840'), ['--target=net:4026531840', '--expect=net:4026531840']);
  assert.deepEqual(networkWords(host, 'net:4026532000'), ['--target=pid:50:7', '--expect=net:4026532000']);
  const place = { kind: 'unix', path: '/x', process: { pid: 50, start: 7 } } as const;
  assert.deepEqual(relayWords(host, { key: 'net:4026532000' }, place), [
    'relay',
    '--target=pid:50:7',
    '--expect=net:4026532000',
    'unix:/x',
  ]);
  assert.deepEqual(relayWords(host, { name: '/run/netns/blue' }, place), [
    'relay',
    '--target=/run/netns/blue',
    'unix:/x',
  ]);
  assert.throws(() => relayWords(host, { key: 'net:1' }, place), /net:1 is not there any more on build7/);
});
