/** Forwarded ports over real SSH servers, into a net namespace that has no other way in. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { Forward } from '../../extension/features/ports/forward.ts';
import { openSession } from '../../extension/helper/open.ts';
import type { HelperSession } from '../../extension/helper/session.ts';
import { listeners, ports, type Listeners } from '../helper/support/listeners.ts';
import { leakGuard } from '../helper/support/leaks.ts';
import { temporaryFolder } from '../helper/support/marker.ts';
import { Scope } from '../helper/support/scope.ts';
import { deployMissing, newHost, opening, processesOf, type Host, type HostOptions } from './deploy-support.ts';
import { dropbearMissing } from './support/dropbear.ts';
import { until } from './support/processes.ts';

const connections = Number(process.env['RELAY_CONNECTIONS'] ?? 200);

leakGuard();

/** Processes of any helper. */
function helpers(): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/nshelper-');
    } catch {
      return false;
    }
  }).length;
}

function dial(port: number): Socket {
  return connect({ host: '127.0.0.1', port, allowHalfOpen: true });
}

const never = (): never => assert.fail('nothing is connected');

interface Servers {
  readonly title: string;
  readonly options: HostOptions;
  readonly skip: string | undefined;
  /** What the forwards go through. */
  readonly door: boolean;
}

const servers: readonly Servers[] = [
  { title: 'OpenSSH', options: {}, skip: undefined, door: true },
  { title: 'OpenSSH with MaxSessions 1', options: { sshd: { maxSessions: 1 } }, skip: undefined, door: true },
  {
    title: 'OpenSSH that refuses stream-local forwarding',
    options: { sshd: { config: ['AllowStreamLocalForwarding no'] } },
    skip: undefined,
    door: false,
  },
  { title: 'dropbear', options: { dropbear: true }, skip: dropbearMissing(), door: false },
];

for (const { title, options, skip, door } of servers) {
  describe(title, { skip: deployMissing() ?? skip }, () => {
    const scope = new Scope();
    let host: Host;
    let session: HelperSession;
    let at: Listeners;

    // In the reverse order, and only what has come about: a set-up that fails must not keep this process alive.
    after(() => scope.close());
    before(async () => {
      host = await newHost(options);
      scope.defer(async () => host[Symbol.asyncDispose]());
      const sudoers = `/etc/sudoers.d/${host.user.name}`;
      writeFileSync(sudoers, `${host.user.name} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
      scope.defer(() => rmSync(sudoers, { force: true }));
      at = await listeners(scope, temporaryFolder(scope));
      const transport = await host.connect();
      scope.defer(async () => {
        transport.dispose();
        await until('no process of the account', () => processesOf(host.user.uid).length === 0);
      });
      const { options: open } = await opening({ sudo: true });
      session = await openSession(transport, open);
      scope.defer(() => session.dispose());
    });

    async function forward(place: string): Promise<{ readonly port: number; readonly forward: Forward }> {
      const made = new Forward({ host: '127.0.0.1', port: 0 }, place.startsWith('udp'), () =>
        session.openStream(['relay', `--target=pid:${at.pid}`, place]),
      );
      scope.defer(() => made.dispose());
      const { port } = await made.start();
      return { port, forward: made };
    }

    const echo = `tcp:127.0.0.1:${ports.echo}`;

    test('a connection with both sides closed by themselves, counted', async () => {
      const { port, forward: made } = await forward(echo);
      const socket = dial(port);
      socket.end(Buffer.alloc(300_000, 'x'));
      assert.equal((await buffer(socket)).length, 300_004);
      await until('the connection to be over', () => made.traffic.open === 0);
      assert.deepEqual(made.traffic, { sent: 300_000, received: 300_004, open: 0, total: 1, failed: 0 });
    });

    test('a reset is one on both sides', async () => {
      const { port, forward: made } = await forward(`tcp:127.0.0.1:${ports.resetter}`);
      for (let i = 0; i < 5; i++) {
        const socket = dial(port);
        socket.write('x');
        // oxlint-disable-next-line no-await-in-loop
        await assert.rejects(text(socket), { code: 'ECONNRESET' });
      }
      assert.match(made.lastError?.message ?? '', /ECONNRESET/);
      const keeper = await forward(`tcp:127.0.0.1:${ports.keeper}`);
      const socket = dial(keeper.port);
      await once(socket, 'data');
      socket.resetAndDestroy();
      await until('the reset inside', () => at.said.includes('error ECONNRESET'));
      assert.ok(!at.said.includes('end'));
    });

    test('where nobody listens the connection is reset, and the forward says why', async () => {
      const { port, forward: made } = await forward('tcp:127.0.0.1:1');
      await assert.rejects(text(dial(port)), { code: 'ECONNRESET' });
      await until('the error', () => made.lastError !== undefined);
      assert.match(made.lastError?.message ?? '', /^connect: ECONNREFUSED/);
      assert.equal(made.traffic.failed, 1);
    });

    test('an HTTP client speaks to a server inside', async () => {
      const { port } = await forward(`tcp:127.0.0.1:${ports.http}`);
      const answers = ['/a', '/b', '/c'].map(async (path) => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`);
        return answer.text();
      });
      assert.deepEqual(await Promise.all(answers), ['hello from /a', 'hello from /b', 'hello from /c']);
    });

    test('datagrams, from two peers', async () => {
      const { port } = await forward(`udp:127.0.0.1:${ports.datagrams}`);
      await Promise.all(
        ['one', 'other'].map(async (word) => {
          const socket = createSocket('udp4');
          const answer = new Promise<string>((resolve) => {
            socket.once('message', (bytes) => resolve(bytes.toString()));
          });
          socket.send(word, port, '127.0.0.1');
          assert.equal(await answer, word);
          socket.close();
        }),
      );
    });

    test('unix sockets, by path and by name', async () => {
      for (const place of [`unix:${at.folder}/echo.sock`, `unix:@${at.folder}`]) {
        // oxlint-disable-next-line no-await-in-loop
        const socket = dial((await forward(place)).port);
        socket.end('to ');
        // oxlint-disable-next-line no-await-in-loop
        assert.equal(await text(socket), 'to rest');
      }
    });

    test(`${connections} connections at once`, async () => {
      const { port, forward: made } = await forward(echo);
      const earlier = helpers();
      const answers = Array.from({ length: connections }, async (_, index) => {
        const socket = dial(port);
        socket.write(`${index} `);
        await once(socket, 'readable');
        return socket;
      });
      const sockets = await Promise.all(answers);
      assert.equal(made.traffic.open, connections);
      // In records each stream has a process in between.
      const each = (helpers() - earlier) / connections;
      assert.ok(door ? each < 1.5 : each > 1.5, `${each} processes for each connection`);
      for (const socket of sockets) socket.end();
      const texts = await Promise.all(sockets.map((socket) => text(socket)));
      assert.ok(texts.every((words, index) => words === `${index} rest`));
      await until('all to be over', () => made.traffic.open === 0);
      assert.equal(made.traffic.failed, 0);
    });

    test('stopped, it cuts off what is open and frees the port', async () => {
      const { port, forward: made } = await forward(`tcp:127.0.0.1:${ports.keeper}`);
      const socket = dial(port);
      await once(socket, 'data');
      made.dispose();
      await assert.rejects(text(socket), { code: 'ECONNRESET' });
      const again = new Forward({ host: '127.0.0.1', port }, false, () => session.openStream(['version']));
      await again.start();
      again.dispose();
    });
  });
}

test('a local port that is taken is an error', { skip: deployMissing() }, async () => {
  const one = new Forward({ host: '127.0.0.1', port: 0 }, false, never);
  const { port } = await one.start();
  const other = new Forward({ host: '127.0.0.1', port }, false, never);
  await assert.rejects(other.start(), { code: 'EADDRINUSE' });
  assert.equal(other.state.kind, 'failed');
  one.dispose();
});
