/** Real debug adapters in real namespaces, through a helper that serves. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import {
  compiled,
  cProgram,
  debugSession,
  instance,
  localSession,
  optionsOf,
  pythonProgram,
  running,
  sceneOf,
  sourceFile,
  type Editor,
  type Local,
} from './support/debugging.ts';
import { created } from './support/create.ts';
import { debianMissing, debianWithGdb } from './support/debian.ts';
import { helper } from './support/helper.ts';
import { commandOf, leakGuard, processesWith } from './support/leaks.ts';
import { marker, temporaryFolder, uniqueName } from './support/marker.ts';
import { output, run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { until } from './support/wait.ts';

const debugpy = existsSync('/usr/lib/python3/dist-packages/debugpy') ? false : 'needs python3-debugpy';
const python = missing('root') || debugpy;
const native = missing('root', 'gcc', 'lldb-vscode-14');
leakGuard();

test('a Python program in an instance: breakpoint, variables, step, evaluate, stop', { skip: python }, async (t) => {
  const scope = testScope(t);
  const session = await localSession(scope);
  const target = await instance(scope);
  const program = sourceFile(scope, 'main.py', pythonProgram);
  const options = optionsOf({ request: 'launch', target, program, env: { COLOUR: 'blue' } });
  const editor = await debugSession(await sceneOf(session, target), options);
  await editor.begin('launch', { path: program, line: 5 });
  const frame = await editor.frame();
  assert.deepEqual([frame.line, frame.path], [5, program]);
  assert.equal((await editor.variables(frame.id)).get('result'), '0');
  const pid = await editor.request('evaluate', { expression: '__import__("os").environ["COLOUR"]', frameId: frame.id });
  assert.equal(pid['result'], "'blue'");
  await editor.request('next', { threadId: frame.thread });
  const next = await editor.frame();
  assert.equal(next.line, 8);
  await editor.request('disconnect', { terminateDebuggee: true });
  editor.bridge.close();
  await editor.over();
});

test('a C program in an instance: breakpoint, variables, step, evaluate, the end', { skip: native }, async (t) => {
  const scope = testScope(t);
  const session = await localSession(scope);
  const target = await instance(scope);
  const source = sourceFile(scope, 'main.c', cProgram);
  const program = await compiled(source);
  const options = optionsOf({ request: 'launch', target, program, env: { COLOUR: 'blue' } });
  const editor = await debugSession(await sceneOf(session, target), options);
  assert.equal(editor.opened.adapter.way.label, 'LLDB');
  await editor.begin('launch', { path: source, line: 7 });
  const frame = await editor.frame();
  assert.deepEqual([frame.line, frame.path], [7, source]);
  assert.equal((await editor.variables(frame.id)).get('result'), '0');
  const { result } = await editor.request('evaluate', { expression: 'number + 40', frameId: frame.id });
  assert.match(String(result), /40/);
  await editor.request('setBreakpoints', { source: { path: source }, breakpoints: [], lines: [] });
  await editor.request('continue', { threadId: frame.thread });
  assert.equal((await editor.event('exited'))['exitCode'], 0);
  assert.match(editor.said(), /total 6/);
  await editor.request('disconnect');
  editor.bridge.close();
  await editor.over();
});

/** The C program, without end, in an instance; alive until the test ends. */
async function runningC(
  scope: Scope,
  target: string,
  program: string,
  word = 'on',
): Promise<{ readonly pid: number; readonly alive: () => boolean }> {
  const pid = await running(scope, target, [program, word]);
  return { pid, alive: () => commandOf(pid) === `${program}\0${word}\0` };
}

for (const where of ['inside', 'outside'] as const) {
  test(`a running C program is attached to from ${where}, and goes on afterwards`, { skip: native }, async (t) => {
    const scope = testScope(t);
    const session = await localSession(scope);
    const target = await instance(scope);
    const source = sourceFile(scope, 'main.c', cProgram);
    const program = await compiled(source);
    const { pid, alive } = await runningC(scope, target, program);
    const scene = await sceneOf(session, undefined, pid);
    const editor = await debugSession(scene, optionsOf({ request: 'attach', pid, where, adapter: 'lldb' }));
    assert.equal(editor.opened.adapter.way.where, where);
    assert.equal(editor.opened.arguments['pid'], where === 'inside' ? scene.process?.nspid?.at(-1) : pid);
    await editor.begin('attach', { path: source, line: 7 });
    const frame = await editor.frame();
    assert.deepEqual([frame.line, frame.path], [7, source]);
    assert.ok((await editor.variables(frame.id)).has('result'));
    await editor.request('setBreakpoints', { source: { path: source }, breakpoints: [], lines: [] });
    await editor.request('disconnect');
    editor.bridge.close();
    await editor.over();
    assert.ok(alive());
  });
}

test(
  'a program in namespaces of its own root is attached to from outside, with its own files',
  { skip: native },
  async (t) => {
    const scope = testScope(t);
    const session = await localSession(scope);
    const root = temporaryFolder(scope);
    const source = sourceFile(scope, 'main.c', cProgram);
    await output(['gcc', '-g', '-O0', '-static', '-o', join(root, 'main'), source]);
    for (const folder of ['proc', 'dev', 'tmp']) mkdirSync(join(root, folder));
    const name = uniqueName();
    scope.defer(async () => void (await run([helper, 'end', name])));
    await created(['--new=mnt,pid', `--root=${root}`, '--mount-proc', `--keep=${name}`]);
    const { pid } = await runningC(scope, name, '/main', marker);
    const scene = await sceneOf(session, undefined, pid);
    // Nothing is inside, so what is outside is found without being asked for.
    const editor = await debugSession(scene, optionsOf({ request: 'attach', pid }));
    const { where, label } = editor.opened.adapter.way;
    assert.equal(where, 'outside');
    if (label === 'LLDB') {
      // It cannot, and the editor is told why.
      await assert.rejects(editor.begin('attach', { path: source, line: 7 }));
      assert.match(editor.said(), /file the host has under the same path/);
    } else {
      await editor.begin('attach', { path: source, line: 7 });
      assert.equal((await editor.frame()).line, 7);
      await editor.request('disconnect');
    }
    editor.bridge.close();
    await editor.over();
    // Nothing that could debug it is inside.
    const launch = optionsOf({ request: 'launch', target: name, program: '/main' });
    await assert.rejects(debugSession(await sceneOf(session, name), launch), /lldb-vscode.* in .*PATH/s);
  },
);

/** What is killed, and what the editor is told. */
const accidents = {
  adapter: {
    happen: ({ editor }) => kill(adaptersOf(editor)),
    words: /killed by signal 9/,
  },
  helper: {
    happen: ({ session }) => process.kill(session.pid, 'SIGKILL'),
    words: /helper ended on the host/,
  },
  connection: { happen: ({ session }) => session.dispose(), words: /connection was closed/ },
} satisfies Record<string, { happen: (what: { editor: Editor; session: Local }) => void; words: RegExp }>;

/** Processes that run the adapter, by its command line. */
function adaptersOf(editor: Editor): readonly number[] {
  const { label } = editor.opened.adapter.way;
  const adapter = label === 'LLDB' ? /^(?:\S*\/)?lldb-(?:vscode|dap)/ : /^\S*python3\0-m\0debugpy\.adapter/;
  return processesWith(marker).filter((pid) => adapter.test(commandOf(pid)));
}

function kill(pids: readonly number[]): void {
  assert.ok(pids.length > 0);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

for (const [name, { happen, words }] of Object.entries(accidents)) {
  test(`a killed ${name}: the editor is told, and what was launched is gone`, { skip: native || python }, async (t) => {
    const scope = testScope(t);
    const target = await instance(scope);
    const source = sourceFile(scope, 'main.c', cProgram);
    const binary = await compiled(source);
    const script = sourceFile(scope, 'main.py', pythonProgram);
    for (const [program, path, line] of [
      [binary, source, 7],
      [script, script, 5],
    ] as const) {
      const session = await localSession(scope);
      const editor = await debugSession(
        await sceneOf(session, target),
        optionsOf({ request: 'launch', target, program, args: ['on'] }),
      );
      await editor.begin('launch', { path, line });
      await editor.frame();
      assert.ok(processesWith(program).length > 0);
      happen({ editor, session });
      await editor.over();
      assert.match(editor.said(), words);
      assert.ok(editor.events.some(({ event }) => event === 'terminated'));
      // Asked afterwards, it answers as the editor needs it to.
      assert.equal((await editor.response(editor.send('threads')))['success'], false);
      await editor.request('disconnect');
      await until(
        'nothing of it is left',
        () => processesWith(program).length === 0 && adaptersOf(editor).length === 0,
      );
    }
  });

  test(`a killed ${name}: what was attached to goes on`, { skip: native }, async (t) => {
    const scope = testScope(t);
    const target = await instance(scope);
    const source = sourceFile(scope, 'main.c', cProgram);
    const program = await compiled(source);
    const session = await localSession(scope);
    const { pid, alive } = await runningC(scope, target, program);
    const editor = await debugSession(await sceneOf(session, undefined, pid), optionsOf({ request: 'attach', pid }));
    await editor.begin('attach', { path: source, line: 7 });
    await editor.frame();
    happen({ editor, session });
    await editor.over();
    await until('no debugger is left', () => adaptersOf(editor).length === 0 && !(alive() && tracerOf(pid) !== 0));
    // It goes on, over the place where the breakpoint was; unless the debugger had no time to take that out.
    if (name === 'adapter') {
      assert.match(editor.said(), /killed by signal 9.*may end at one of them/s);
    } else {
      const before = contextSwitches(pid);
      await until('it runs', () => alive() && contextSwitches(pid) > before + 20);
    }
  });
}

/** The innermost number, NSpid of proc(5). */
function tracerOf(pid: number): number {
  return numberIn(pid, 'TracerPid');
}

function contextSwitches(pid: number): number {
  return numberIn(pid, 'voluntary_ctxt_switches');
}

function numberIn(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
}

test(
  'GDB of a later Debian: a C program in that root is launched, and attached to by its number inside',
  { skip: debianMissing() || missing('gcc') },
  async (t) => {
    const scope = testScope(t);
    const root = await debianWithGdb();
    const session = await localSession(scope);
    const source = sourceFile(scope, 'main.c', cProgram);
    await compiled(source);
    const name = uniqueName();
    scope.defer(async () => void (await run([helper, 'end', name])));
    const mount = `--mount=${dirname(source)}:/mnt:ro`;
    await created(['--new=mnt,pid,uts,net', `--root=${root}`, '--mount-proc', mount, `--keep=${name}`]);
    const mappings = [{ localRoot: '/home/me/project', remoteRoot: dirname(source) }];
    const launch = optionsOf({ request: 'launch', target: name, program: '/mnt/main', env: { COLOUR: 'blue' } });
    const editor = await debugSession(await sceneOf(session, name), launch, { mappings });
    assert.equal(editor.opened.adapter.way.label, 'GDB');
    await editor.begin('launch', { path: '/home/me/project/main.c', line: 7 });
    const frame = await editor.frame();
    assert.deepEqual([frame.line, frame.path], [7, '/home/me/project/main.c']);
    assert.equal((await editor.variables(frame.id)).get('number'), '0');
    const { result } = await editor.request('evaluate', { expression: 'result + 40', frameId: frame.id });
    assert.equal(result, '40');
    await editor.request('next', { threadId: frame.thread });
    assert.equal((await editor.frame()).line, 8);
    await editor.request('disconnect', { terminateDebuggee: true });
    editor.bridge.close();
    await editor.over();

    const { pid, alive } = await runningC(scope, name, '/mnt/main', marker);
    const scene = await sceneOf(session, undefined, pid);
    const insidePid = scene.process?.nspid?.at(-1);
    const attach = optionsOf({ request: 'attach', target: name, insidePid, adapter: 'gdb' });
    const again = await debugSession(scene, attach, { mappings });
    assert.equal(again.opened.arguments['pid'], insidePid);
    await again.begin('attach', { path: '/home/me/project/main.c', line: 7 });
    // It stops the process where it is, and has to be told to go on.
    const { threadId } = await again.event('stopped');
    await again.request('continue', { threadId });
    assert.equal((await again.frame()).line, 7);
    // Its breakpoints are taken out before the process goes on.
    session.dispose();
    await again.over();
    await until('it goes on', () => tracerOf(pid) === 0);
    const before = contextSwitches(pid);
    await until('it runs', () => alive() && contextSwitches(pid) > before + 20);
  },
);
