/** `relay`: bytes to a socket in a net namespace, both through `serve`'s records and through its unix socket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Frames } from '../../extension/features/ports/udp.ts';
import type { HelperRecord } from '../../extension/helper/protocol.ts';
import { startServe, type ServeSession } from '../../extension/helper/serve-session.ts';
import { HelperError, type HelperStream, type StreamOptions } from '../../extension/helper/session.ts';
import { connectLocal } from '../../extension/transport/local.ts';
import { helper, runHelper } from './support/helper.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { listeners, ports, type Listeners } from './support/listeners.ts';
import { marker, markerVariable, temporaryFolder } from './support/marker.ts';
import { ipNetns } from './support/namespaces.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'ip');
leakGuard();

/** In CI some hundreds; `RELAY_CONNECTIONS=1000` for as many as are promised. */
const connections = Number(process.env['RELAY_CONNECTIONS'] ?? 200);

async function begin(t: TestContext, door: boolean): Promise<{ on: ServeSession; at: Listeners }> {
  const scope = testScope(t);
  const at = await listeners(scope, temporaryFolder(scope));
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
  return { on, at };
}

function open(on: ServeSession, at: Listeners, place: string, options?: StreamOptions): HelperStream {
  return on.openStream(['relay', `--target=${at.path}`, place], options);
}

const tcp = (port: number): string => `tcp:127.0.0.1:${port}`;

function relays(): number {
  return processesWith(marker).length;
}

for (const door of [false, true]) {
  describe(door ? 'through the unix socket' : 'in records', () => {
    test('bytes go both ways and each side is closed by itself', { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      const records: HelperRecord[] = [];
      const stream = open(on, at, tcp(ports.echo), { onRecord: (record) => records.push(record) });
      const bytes = randomBytes(700_000);
      stream.end(bytes);
      const answer = await buffer(stream);
      assert.ok(answer.equals(Buffer.concat([bytes, Buffer.from('rest')])), `${answer.length} bytes`);
      await stream.ended;
      assert.deepEqual(records, [{ connected: {} }, { eof: {} }]);
    });

    test('what the other side closes first can still be written to', { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      const stream = open(on, at, tcp(ports.closer));
      assert.equal(await text(stream), 'bye');
      stream.end(Buffer.alloc(300_000));
      await stream.ended;
      await until('all to have come', () => at.said.includes('closer 300000'));
    });

    test('a reset inside is an error, never an end', { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      // Many times: an end that comes before the error would be taken for one.
      for (let i = 0; i < 20; i++) {
        const stream = open(on, at, tcp(ports.resetter));
        stream.write('x');
        // oxlint-disable-next-line no-await-in-loop
        await assert.rejects(text(stream), (error) => {
          assert.ok(error instanceof HelperError, String(error));
          return error.record.errno === 'ECONNRESET';
        });
      }
    });

    test('a stream that is destroyed is a reset inside, and one that is ended is an end', { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      const stream = open(on, at, tcp(ports.keeper));
      await once(stream, 'data');
      stream.destroy();
      await until('the reset', () => at.said.includes('error ECONNRESET'));
      assert.ok(!at.said.includes('end'), at.said.join('\n'));
      const other = open(on, at, tcp(ports.keeper));
      await once(other, 'data');
      other.end();
      await text(other);
      await until('the end', () => at.said.includes('end'));
      assert.equal(at.said.filter((line) => line.startsWith('error')).length, 1);
    });

    test('nobody there is the error of connect', { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      const stream = open(on, at, tcp(1));
      await assert.rejects(text(stream), (error) => {
        return error instanceof HelperError && error.record.step === 'connect' && error.record.errno === 'ECONNREFUSED';
      });
    });

    test('what is not read inside waits here, and then all of it comes', { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      const stream = open(on, at, tcp(ports.slow));
      const size = 20_000_000;
      const chunk = Buffer.alloc(500_000);
      let written = 0;
      const write = async (): Promise<void> => {
        for (; written < size; written += chunk.length) {
          // oxlint-disable-next-line no-await-in-loop
          if (!stream.write(chunk)) await once(stream, 'drain');
        }
        stream.end();
      };
      const writing = write();
      await until('the server', () => at.said.includes('paused'));
      // The buffers of the kernel on the way are full when nothing more is taken while others get through.
      for (let before = -1; before !== written;) {
        before = written;
        // oxlint-disable-next-line no-await-in-loop
        for (let i = 0; i < 20; i++) await on.request('version', []);
      }
      assert.ok(written < size, `all ${written} bytes were taken`);
      at.go();
      await writing;
      await text(stream);
      await until('all of it', () => at.said.includes(`slow ${size}`));
    });

    test('a socket in the file system of a process, and an abstract one', { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      for (const place of [`unix:${at.folder}/echo.sock`, `unix:@${at.folder}`]) {
        const stream = on.openStream(['relay', `--target=pid:${at.pid}`, place]);
        stream.end('to ');
        // oxlint-disable-next-line no-await-in-loop
        assert.equal(await text(stream), 'to rest', place);
      }
    });

    test('datagrams keep their bounds', { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      const stream = open(on, at, `udp:127.0.0.1:${ports.datagrams}`);
      const got: string[] = [];
      const frames = new Frames((bytes) => got.push(`${bytes.length} ${bytes.subarray(0, 2).toString()}`));
      stream.on('data', (chunk: Buffer) => frames.push(chunk));
      const datagrams = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(60_000, 'x')];
      for (const [index, bytes] of datagrams.entries()) {
        const head = Buffer.alloc(2);
        head.writeUInt16BE(bytes.length);
        const frame = Buffer.concat([head, bytes]);
        // In two parts, of which the first ends within a frame.
        stream.write(frame.subarray(0, 1));
        stream.write(frame.subarray(1));
        // oxlint-disable-next-line no-await-in-loop
        await until('the echo', () => got.length === index + 1);
      }
      assert.deepEqual(got, ['3 on', '0 ', '60000 xx']);
      stream.end();
      await stream.ended;
    });

    test('a datagram that nobody takes does not end the others', { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      const stream = open(on, at, 'udp:127.0.0.1:1');
      for (let i = 0; i < 5; i++) {
        stream.write(Buffer.from([0, 1, 65]));
        // oxlint-disable-next-line no-await-in-loop
        await on.request('version', []);
      }
      assert.equal(stream.destroyed, false);
      stream.end();
      await stream.ended;
    });

    test(`${connections} connections at once, and nothing is left of them`, { skip }, async (t) => {
      const { on, at } = await begin(t, door);
      await on.request('version', []);
      const before = relays();
      const streams = Array.from({ length: connections }, () => open(on, at, tcp(ports.echo)));
      const answers = streams.map(async (stream, index) => {
        stream.write(`${index} `);
        await once(stream, 'readable');
        return stream;
      });
      await Promise.all(answers);
      assert.ok(relays() >= before + connections, 'all of them are open');
      const half = streams.filter((_, index) => index % 2 === 0);
      for (const stream of half) stream.destroy();
      const rest = streams.filter((_, index) => index % 2 === 1);
      for (const stream of rest) stream.end();
      const texts = await Promise.all(rest.map((stream) => text(stream)));
      assert.deepEqual(
        texts,
        rest.map((_, index) => `${2 * index + 1} rest`),
      );
      await until('all relays to have ended', () => relays() === before);
    });
  });
}

test(
  'the unix socket is in a folder that goes with the session, and takes only who knows the token',
  { skip },
  async (t) => {
    const { on, at } = await begin(t, true);
    const transport = connectLocal();
    t.after(() => transport.dispose());
    let path = '';
    await on.request('door', [], { onRecord: (record) => 'door' in record && (path = record.door.path) });
    const folder = path.slice('/tmp/'.length, path.lastIndexOf('/'));
    assert.ok(readdirSync('/tmp').includes(folder));
    for (const words of ['1:7,24:aaaaaaaaaaaaaaaaaaaaaaaa,6:stream,7:version,', '1:7,6:stream,7:version,', 'x']) {
      // oxlint-disable-next-line no-await-in-loop
      const channel = await transport.connectUnix(path);
      channel.write(`${words.length}:${words},`);
      // oxlint-disable-next-line no-await-in-loop
      assert.equal(await text(channel).catch(() => ''), '', words);
    }
    const stream = open(on, at, tcp(ports.echo));
    stream.end('still here, ');
    assert.equal(await text(stream), 'still here, rest');
    on.dispose();
    await until('the folder to have gone', () => !readdirSync('/tmp').includes(folder));
  },
);

test(
  'what a killed helper has left of its unix socket goes with the next one, and nothing else',
  { skip },
  async (t) => {
    const { on } = await begin(t, true);
    const leave = async (isListening: boolean, seconds: number): Promise<string> => {
      const folder = mkdtempSync('/tmp/linux-namespaces-');
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      const server = createServer().listen(join(folder, 'made'));
      await once(server, 'listening');
      t.after(() => server.close());
      // A server that is closed takes away the name that it was given.
      renameSync(join(folder, 'made'), join(folder, 'socket'));
      if (!isListening) {
        server.close();
        await once(server, 'close');
      }
      const then = Date.now() / 1000 - seconds;
      utimesSync(folder, then, then);
      return folder;
    };
    const old = await leave(false, 100);
    const [young, used] = [await leave(false, 10), await leave(true, 100)];
    await on.request('door', []);
    assert.equal(existsSync(old), false);
    assert.ok(existsSync(join(young, 'socket')));
    assert.ok(existsSync(join(used, 'socket')));
  },
);

test('on the command line the bytes are those of the standard streams', { skip }, async (t) => {
  const scope = testScope(t);
  const at = await listeners(scope, temporaryFolder(scope));
  const { run } = await import('./support/process.ts');
  const done = await run([helper, 'relay', `--target=${at.path}`, tcp(ports.echo)], { input: 'hello ' });
  assert.equal(done.stdout.toString(), 'hello rest');
  assert.equal(done.stderr, '{"connected":{}}\n{"eof":{}}\n{"end":{}}\n');
  assert.equal(done.code, 0);
});

test('who waits awake for answers that come soon sleeps after the last one', { skip }, async (t) => {
  const scope = testScope(t);
  const at = await listeners(scope, temporaryFolder(scope));
  const relay = spawn(helper, ['relay', `--target=${at.path}`, tcp(ports.echo)], { stdio: ['pipe', 'pipe', 'ignore'] });
  scope.defer(() => void relay.kill('SIGKILL'));
  const answers = relay.stdout.iterator({ destroyOnReturn: false });
  for (let i = 0; i < 200; i++) {
    relay.stdin.write('x');
    // oxlint-disable-next-line no-await-in-loop
    await answers.next();
  }
  const before = ticks(relay.pid ?? 0);
  await delay(1000);
  const used = ticks(relay.pid ?? 0) - before;
  assert.ok(used <= 10, `${used} hundredths of a second`);
  relay.stdin.end('y');
  await answers.next();
});

/** Processor time of a process, in clock ticks: a hundredth of a second each (proc_pid_stat(5)). */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

test('places that are none are refused', { skip }, async (t) => {
  const { path } = await ipNetns(testScope(t));
  const places = [
    'tcp:1',
    'tcp:localhost:80',
    'tcp:127.0.0.1:0',
    'tcp:127.0.0.1:65536',
    'tcp:[::1]',
    'tcp:::1:80',
    'unix:x',
    'x',
  ];
  for (const place of [...places, `unix:/${'x'.repeat(108)}`]) {
    // oxlint-disable-next-line no-await-in-loop
    const { code, stderr } = await runHelper(['relay', `--target=${path}`, place]);
    assert.equal(code, 2, `${place}: ${stderr}`);
  }
});
