/** Programs of Node.js in real namespaces: their inspector is reached from here. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { Message } from '../../extension/features/debug/framing.ts';
import { NodeSession } from '../../extension/features/debug/node.ts';
import { inTerminal, instance, localSession, optionsOf, running, sceneOf, sourceFile } from './support/debugging.ts';
import { helper } from './support/helper.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { output } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'node');
leakGuard();

test('the inspector of a Node.js program in an instance is reached from here', { skip }, async (t) => {
  const scope = testScope(t);
  const session = await localSession(scope);
  const target = await instance(scope);
  const program = sourceFile(scope, 'main.js', 'console.log(process.argv[2]); setInterval(() => {}, 1000);\n');
  const more = { args: ['hello'], cwd: '/usr', user: '1000', env: { COLOUR: 'blue' } };
  const options = optionsOf({ request: 'launch', target, program, ...more });
  const told: Message[] = [];
  const asked: Message[] = [];
  let ends = 0;
  const node = new NodeSession({
    scene: await sceneOf(session, target),
    options,
    toEditor: (message) => told.push(message),
    startChild: (configuration) => Promise.resolve(asked.push(configuration) > 0),
    runInTerminal: inTerminal(session),
    onEnd: () => ends++,
  });
  node.fromEditor({ seq: 1, type: 'request', command: 'initialize' });
  node.fromEditor({ seq: 2, type: 'request', command: 'launch' });
  const child = await until(`the other session; ${JSON.stringify(told)}`, () => asked[0], 30_000);
  const [, port, path] = /^ws:\/\/127\.0\.0\.1:(\d+)(\/[\w-]+)$/.exec(String(child['websocketAddress'])) ?? [];
  assert.ok(port !== undefined && path !== undefined);
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).text();
  assert.ok(targets.includes(path.slice(1)) && targets.includes(program), targets);
  const pid = processesWith(program).find((each) => readlinkSync(`/proc/${each}/exe`).includes('node'));
  assert.ok(pid !== undefined);
  assert.equal(readlinkSync(`/proc/${pid}/cwd`), '/usr');
  assert.match(readFileSync(`/proc/${pid}/environ`, 'latin1'), /\0COLOUR=blue\0/);
  assert.equal(
    await output([
      helper,
      'enter',
      `--target=${target}`,
      '--root',
      '--records=2',
      '--',
      'stat',
      '-c',
      '%u',
      `/proc/${insidePidOf(pid)}`,
    ]),
    '1000',
  );
  node.fromEditor({ seq: 3, type: 'request', command: 'disconnect' });
  await until('nothing of it is left', () => processesWith(program).length === 0);
  assert.equal(ends, 1);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/json/list`));
  assert.ok(told.some(({ event }) => event === 'terminated'));
});

test('a Node.js program in a terminal ends with its session, deaf to the hang-up', { skip }, async (t) => {
  const scope = testScope(t);
  const session = await localSession(scope);
  const target = await instance(scope);
  const program = sourceFile(scope, 'main.js', "process.on('SIGHUP', () => {}); setInterval(() => {}, 1000);\n");
  const told: Message[] = [];
  const asked: Message[] = [];
  let ends = 0;
  const node = new NodeSession({
    scene: await sceneOf(session, target),
    options: optionsOf({ request: 'launch', target, program, console: 'integratedTerminal' }),
    toEditor: (message) => told.push(message),
    startChild: (configuration) => Promise.resolve(asked.push(configuration) > 0),
    runInTerminal: inTerminal(session),
    onEnd: () => ends++,
  });
  node.fromEditor({ seq: 1, type: 'request', command: 'launch' });
  const child = await until(`the other session; ${JSON.stringify(told)}`, () => asked[0], 30_000);
  const pid = processesWith(program).find((each) => readlinkSync(`/proc/${each}/exe`).includes('node')) ?? 0;
  assert.match(readlinkSync(`/proc/${pid}/fd/0`), /^\/dev\/pts\/\d+$/);
  await tellInspector(scope, String(child['websocketAddress']), '{"id":1,"method":"Runtime.runIfWaitingForDebugger"}');
  // The bit of SIGHUP, the first (proc_pid_status(5)).
  const catches = (): boolean => /^SigCgt:\s*[\da-f]*[13579bdf]$/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  await until('the program catches the hang-up', catches);
  node.fromEditor({ seq: 2, type: 'request', command: 'disconnect' });
  await until('nothing of it is left', () => processesWith(program).length === 0);
  assert.equal(ends, 1);
  assert.equal(told.filter(({ event }) => event === 'terminated').length, 1);
});

/** One short message by WebSocket (RFC 6455), which Node.js 20 has no client for. */
async function tellInspector(scope: Scope, url: string, text: string): Promise<void> {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  };
  const asking = request(url.replace('ws:', 'http:'), { headers }).end();
  const socket = await new Promise<Duplex>((resolve, reject) => {
    asking.once('upgrade', (_answer, upgraded) => resolve(upgraded)).once('error', reject);
  });
  scope.defer(() => void socket.destroy());
  socket.on('error', () => undefined);
  // The whole of a text, masked by zeros.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
}

function insidePidOf(pid: number): string {
  return /^NSpid:.*?(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

test('a running Node.js program opens its inspector when it is attached to', { skip }, async (t) => {
  const scope = testScope(t);
  const target = await instance(scope);
  const program = sourceFile(scope, 'main.js', 'setInterval(() => {}, 1000);\n');
  const pid = await running(scope, target, [process.execPath, program, 'on']);
  const session = await localSession(scope);
  const asked: Message[] = [];
  const told: Message[] = [];
  const node = new NodeSession({
    scene: await sceneOf(session, undefined, pid),
    options: optionsOf({ request: 'attach', pid }),
    toEditor: (message) => told.push(message),
    startChild: (configuration) => Promise.resolve(asked.push(configuration) > 0),
    runInTerminal: inTerminal(session),
    onEnd: () => undefined,
  });
  node.fromEditor({ seq: 1, type: 'request', command: 'attach' });
  const { address, port } = await until(`the other session; ${JSON.stringify(told)}`, () => asked[0], 30_000);
  const list = async (): Promise<string | undefined> =>
    (await fetch(`http://${String(address)}:${String(port)}/json/list`).catch(() => undefined))?.text();
  await until('the inspector is reached', async () => (await list())?.includes(program));
  node.close();
  assert.ok(processesWith(program).includes(pid));
});

for (const [what, words] of Object.entries({ program: /killed by signal 9/, connection: /connection was closed/ })) {
  test(`a killed ${what} of a Node.js session is said, and nothing is left`, { skip }, async (t) => {
    const scope = testScope(t);
    const target = await instance(scope);
    const program = sourceFile(scope, 'main.js', 'setInterval(() => {}, 1000);\n');
    const session = await localSession(scope);
    const told: Message[] = [];
    let children = 0;
    const node = new NodeSession({
      scene: await sceneOf(session, target),
      options: optionsOf({ request: 'launch', target, program }),
      toEditor: (message) => told.push(message),
      startChild: () => Promise.resolve(++children > 0),
      runInTerminal: inTerminal(session),
      onEnd: () => undefined,
    });
    node.fromEditor({ seq: 1, type: 'request', command: 'launch' });
    await until('the other session', () => children > 0, 30_000);
    if (what === 'connection') session.dispose();
    else for (const pid of processesWith(program)) process.kill(pid, 'SIGKILL');
    await until('it is over', () => told.some(({ event }) => event === 'terminated'));
    assert.match(JSON.stringify(told), words);
    await until('nothing is left', () => processesWith(program).length === 0);
  });
}
