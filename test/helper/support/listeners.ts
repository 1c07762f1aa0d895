/** Servers in a net namespace, whose behaviour the tests know because they wrote it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ipNetns } from './namespaces.ts';
import { output } from './process.ts';
import type { Scope } from './scope.ts';
import { until } from './wait.ts';

/** Ports of the servers. */
export const ports = {
  echo: 7,
  closer: 8,
  resetter: 9,
  keeper: 10,
  slow: 11,
  datagrams: 12,
  idle6: 13,
  http: 14,
} as const;

const source = `
const net = require('node:net'), dgram = require('node:dgram');
const [folder] = process.argv.slice(1), host = '127.0.0.1', ports = ${JSON.stringify(ports)};
const say = (...words) => console.log(words.join(' '));
const serve = (where, on) => new Promise((done) => net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', (error) => say('error', error.code));
  on(socket);
}).listen(where, done));
const echo = (socket) => { socket.on('data', (bytes) => socket.write(bytes)); socket.on('end', () => socket.end('rest')); };
let read = 0, slow;
Promise.all([
  serve({ host, port: ports.echo }, echo),
  serve({ path: folder + '/echo.sock' }, echo),
  serve({ path: '\\0' + folder }, echo),
  serve({ host, port: ports.closer }, (socket) => {
    let got = 0;
    socket.end('bye');
    socket.on('data', (bytes) => (got += bytes.length));
    socket.on('end', () => say('closer', got));
  }),
  serve({ host, port: ports.resetter }, (socket) => socket.once('data', () => socket.resetAndDestroy())),
  serve({ host, port: ports.keeper }, (socket) => {
    socket.write('here');
    socket.on('data', () => undefined);
    socket.on('end', () => { say('end'); socket.end(); });
  }),
  serve({ host, port: ports.slow }, (socket) => {
    slow = socket;
    socket.on('end', () => { say('slow', read); socket.end(); });
    say('paused');
  }),
  new Promise((done) => require('node:http').createServer((request, answer) => answer.end('hello from ' + request.url))
    .listen(ports.http, host, done)),
  serve({ host: '::1', port: ports.idle6 }, echo),
]).then(() => {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
  socket.bind(ports.datagrams, host, () => say('ready'));
});
process.stdin.on('data', () => slow?.on('data', (bytes) => (read += bytes.length)));
process.stdin.on('end', () => process.exit());
`;

export interface Listeners {
  readonly netns: string;
  readonly path: string;
  readonly pid: number;
  readonly folder: string;
  /** What the servers have said. */
  readonly said: readonly string[];
  /** Lets the slow server read. */
  go(): void;
}

/** A net namespace, isolated from everything, with the servers in it. */
export async function listeners(scope: Scope, folder: string): Promise<Listeners> {
  const { name, path } = await ipNetns(scope);
  await output(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', source, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  createInterface(child.stdout).on('line', (line) => said.push(line));
  const over = new Promise((resolve) => child.once('close', resolve));
  scope.defer(async () => {
    child.stdin.end();
    await over;
  });
  await until('the servers', () => said.includes('ready'));
  const { pid } = child;
  if (pid === undefined) throw new Error('the servers did not start');
  return { netns: name, path, pid, folder, said, go: () => child.stdin.write('go') };
}
