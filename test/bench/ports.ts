/**
 * What a forward into a net namespace costs, against `ssh -L` to a port of the host itself: OpenSSH on both sides there, ours
 * and OpenSSH's server here, one after the other in turns. And against the floor: OpenSSH's client, and behind it the one process
 * in the namespace that no way of carrying bytes can do without.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Forward } from '../../extension/features/ports/forward.ts';
import { loadBinaries } from '../../extension/helper/binaries.ts';
import { openSession } from '../../extension/helper/open.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import { helper } from '../helper/support/helper.ts';
import { ipNetns } from '../helper/support/namespaces.ts';
import { output } from '../helper/support/process.ts';
import { Scope } from '../helper/support/scope.ts';
import { until } from '../helper/support/wait.ts';
import { writeConfig } from '../ssh/support/config.ts';
import { temporaryFolder } from '../ssh/support/folder.ts';
import { capturingLog, scripted } from '../ssh/support/interaction.ts';
import { generateKey } from '../ssh/support/keys.ts';
import { freePort } from '../ssh/support/processes.ts';
import { startSshd } from '../ssh/support/sshd.ts';
import { median, type Benchmark, type Row } from './bench.ts';

const rounds = 7;
const megabytes = 400;
const pings = 2000;
const connects = 100;

/** Sends so many bytes on one port, and what it gets on the other. */
const server = `
const net = require('node:net');
const [host, bulk, echo] = process.argv.slice(1), chunk = Buffer.alloc(1 << 20);
const send = (socket, left) => {
  for (; left > 0; left--) if (!socket.write(chunk)) return socket.once('drain', () => send(socket, left - 1));
  socket.end();
};
net.createServer({ noDelay: true }, (socket) => { socket.on('error', () => {}); send(socket, ${megabytes}); }).listen(+bulk, host, () =>
  net.createServer({ noDelay: true }, (socket) => { socket.on('error', () => {}); socket.pipe(socket); })
    .listen(+echo, host, () => console.log('ready')));
process.stdin.on('end', () => process.exit()).resume();
`;

/** Prints seconds for all bytes, or milliseconds for one that comes back, or those until a new connection gives one back. */
const client = `
const net = require('node:net'), { performance } = require('node:perf_hooks');
const [what, port] = process.argv.slice(1);
const dial = () => { const socket = net.connect({ host: '127.0.0.1', port: +port, noDelay: true }); socket.on('error', (error) => { console.error(error); process.exit(1); }); return socket; };
const middle = (all) => all.sort((a, b) => a - b)[all.length >> 1];
const start = performance.now();
if (what === 'bulk') {
  let got = 0;
  dial().on('data', (bytes) => (got += bytes.length)).on('end', () => {
    if (got !== ${megabytes} << 20) throw new Error('only ' + got);
    console.log((performance.now() - start) / 1000);
    process.exit();
  });
} else if (what === 'ping') {
  const times = [], socket = dial();
  let sent;
  const ping = () => { sent = performance.now(); socket.write('x'); };
  socket.on('connect', ping).on('data', () => {
    times.push(performance.now() - sent);
    if (times.length < ${pings}) ping();
    else { console.log(middle(times)); process.exit(); }
  });
} else {
  const times = [];
  const next = () => {
    const began = performance.now(), socket = dial();
    socket.write('x');
    socket.once('data', () => {
      times.push(performance.now() - began);
      socket.destroy();
      if (times.length < ${connects}) next();
      else { console.log(middle(times)); process.exit(); }
    });
  };
  next();
}
`;

/** Runs a program for each connection to a unix socket, which is its input and output. */
const inetd = `
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(64)
print('ready', flush=True)
while True:
    connection, _ = listener.accept()
    if os.fork() == 0:
        os.dup2(connection.fileno(), 0)
        os.dup2(connection.fileno(), 1)
        os.execv(sys.argv[2], sys.argv[2:])
    connection.close()
`;

type Measured = 'bulk' | 'ping' | 'connect';
type Way = 'ssh' | 'ours' | 'floor';
type Times = Readonly<Record<Way, Readonly<Record<Measured, number[]>>>>;

async function measure(what: Measured, port: number): Promise<number> {
  const child = spawn(process.execPath, ['-e', client, what, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const value = Number(await text(child.stdout));
  if (!(value > 0)) throw new Error(`${what} through port ${port} came to no end`);
  return value;
}

async function startServer(scope: Scope, before: readonly string[], ports: readonly number[]): Promise<ChildProcess> {
  const [program = process.execPath, ...args] = [
    ...before,
    process.execPath,
    '-e',
    server,
    '127.0.0.1',
    ...ports.map(String),
  ];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const over = once(child, 'close');
  scope.defer(async () => {
    child.stdin.end();
    await over;
  });
  await once(createInterface(child.stdout), 'line');
  return child;
}

async function startRelays(scope: Scope, path: string, program: readonly string[]): Promise<void> {
  const child = spawn('python3', ['-c', inetd, path, ...program], { stdio: ['ignore', 'pipe', 'ignore'] });
  const over = once(child, 'close');
  scope.defer(async () => {
    child.kill();
    await over;
  });
  await once(createInterface(child.stdout), 'line');
}

const none = (): Record<Measured, number[]> => ({ bulk: [], ping: [], connect: [] });

const benchmark: Benchmark = {
  name: 'ports',
  run: async ({ root, log }): Promise<Row[]> => {
    const scope = new Scope();
    try {
      const folder = await temporaryFolder();
      scope.defer(async () => folder[Symbol.asyncDispose]());
      const key = await generateKey(join(folder.path, 'key'), 'ed25519');
      const sshd = await startSshd({ authorizedKeys: [key.line], config: ['LogLevel INFO'] });
      scope.defer(() => sshd.stop());
      const [bulk, echo] = [await freePort(), await freePort()];
      await startServer(scope, [], [bulk, echo]);
      const { name } = await ipNetns(scope);
      await output(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
      const inside = await startServer(scope, ['ip', 'netns', 'exec', name], [bulk, echo]);

      // OpenSSH's own client. The cipher is the one that both clients and the server prefer in common.
      const options = { keys: [key.file], knownHosts: sshd.knownHosts };
      const configFile = await writeConfig(folder.path, sshd, options);
      const target = `--target=pid:${inside.pid ?? 0}`;
      const plain = { bulk: await freePort(), echo: await freePort() };
      const floor = { bulk: await freePort(), echo: await freePort() };
      const relays = { bulk: join(folder.path, 'bulk'), echo: join(folder.path, 'echo') };
      await startRelays(scope, relays.bulk, [helper, 'relay', target, `tcp:127.0.0.1:${bulk}`]);
      await startRelays(scope, relays.echo, [helper, 'relay', target, `tcp:127.0.0.1:${echo}`]);
      const forwards = [
        `${plain.bulk}:127.0.0.1:${bulk}`,
        `${plain.echo}:127.0.0.1:${echo}`,
        `${floor.bulk}:${relays.bulk}`,
        `${floor.echo}:${relays.echo}`,
      ];
      const ssh = spawn('ssh', ['-N', '-F', configFile, ...forwards.flatMap((each) => ['-L', each]), 'target'], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const sshOver = once(ssh, 'close');
      scope.defer(async () => {
        ssh.kill();
        await sshOver;
      });
      await until('ssh -L', () => measure('ping', plain.echo).catch(() => false as const));

      const transport = await connectSsh('target', { configFile, interaction: scripted(), log: capturingLog() });
      scope.defer(() => transport.dispose());
      const session = await openSession(transport, {
        binaries: await loadBinaries(join(root, 'dist/helper')),
        sudo: false,
        interaction: scripted(),
        subject: 'bench',
        log: capturingLog(),
        signal: new AbortController().signal,
        onStage: () => undefined,
      });
      scope.defer(() => session.dispose());
      const forward = async (port: number): Promise<number> => {
        const made = new Forward({ host: '127.0.0.1', port: 0 }, false, () =>
          session.openStream(['relay', target, `tcp:127.0.0.1:${port}`]),
        );
        scope.defer(() => made.dispose());
        return (await made.start()).port;
      };
      const ours = { bulk: await forward(bulk), echo: await forward(echo) };

      const times: Times = { ssh: none(), ours: none(), floor: none() };
      const ways = { ssh: plain, ours, floor };
      for (let round = 0; round < rounds; round++) {
        for (const what of ['bulk', 'ping', 'connect'] as const) {
          // In turns, so that what else happens on the machine happens to all.
          for (const way of ['ssh', 'ours', 'floor'] as const) {
            const ports = ways[way];
            // oxlint-disable-next-line no-await-in-loop
            times[way][what].push(await measure(what, what === 'bulk' ? ports.bulk : ports.echo));
          }
        }
        log(`ports: round ${round + 1} of ${rounds}`);
      }
      return rows(times);
    } finally {
      await scope.close();
    }
  },
};

function rows(times: Times): Row[] {
  const rate = (who: Way): number => (megabytes * 1.048_576) / median(times[who].bulk);
  const ratio = rate('ours') / rate('ssh');
  const slower = (what: 'ping' | 'connect'): number => median(times.ours[what]) / median(times.ssh[what]);
  const each = (what: 'ping' | 'connect'): string => {
    const [ours, ssh, floor] = [times.ours, times.ssh, times.floor].map((one) => median(one[what]).toFixed(3));
    return `${ours} ms, ssh -L ${ssh} ms, ssh -L to a relay in the namespace ${floor} ms`;
  };
  return [
    {
      figure: 'One stream out of a net namespace, against ssh -L',
      value: ratio.toFixed(2),
      unit: '×',
      reach: '≥ 1.0 ×',
      ok: ratio >= 1,
      detail: `${rate('ours').toFixed(0)} MB/s, ssh -L ${rate('ssh').toFixed(0)} MB/s, to a relay ${rate('floor').toFixed(0)} MB/s; ${rounds} rounds of ${megabytes} MiB`,
    },
    {
      figure: 'A byte there and back through it',
      value: slower('ping').toFixed(2),
      unit: '×',
      reach: '≤ 1.2 ×',
      ok: slower('ping') <= 1.2,
      detail: `${each('ping')}; ${rounds} rounds of ${pings}`,
    },
    {
      figure: 'A new connection, until a byte has come back',
      value: slower('connect').toFixed(2),
      unit: '×',
      reach: '',
      ok: undefined,
      detail: `${each('connect')}; ${rounds} rounds of ${connects}`,
    },
  ];
}

export default benchmark;
