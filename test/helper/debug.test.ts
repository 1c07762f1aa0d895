/** Real debug adapters in real namespaces, through a helper that serves. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  compiled,
  cProgram,
  debugSession,
  instance,
  localSession,
  optionsOf,
  pythonProgram,
  sceneOf,
  sourceFile,
  type Editor,
  type Local,
} from './support/debugging.ts';
import { created } from './support/create.ts';
import { helper } from './support/helper.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { marker, temporaryFolder, uniqueName } from './support/marker.ts';
import { ended, output, run } from './support/process.ts';
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
async function running(
  scope: Scope,
  target: string,
  program: string,
): Promise<{ readonly pid: number; readonly alive: () => boolean }> {
  const child = spawn(helper, ['enter', `--target=${target}`, '--records=2', '--', program, 'on'], { stdio: 'ignore' });
  scope.defer(async () => {
    child.kill('SIGTERM');
    await ended(child);
  });
  const find = (): number | undefined =>
    processesWith(program).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `${program}\0on\0`);
  const pid = await until('it runs', find);
  return { pid, alive: () => find() === pid };
}

for (const where of ['inside', 'outside'] as const) {
  test(`a running C program is attached to from ${where}, and goes on afterwards`, { skip: native }, async (t) => {
    const scope = testScope(t);
    const session = await localSession(scope);
    const target = await instance(scope);
    const source = sourceFile(scope, 'main.c', cProgram);
    const program = await compiled(source);
    const { pid, alive } = await running(scope, target, program);
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
    const child = spawn(helper, ['enter', `--target=${name}`, '--root', '--records=2', '--', '/main', marker], {
      stdio: 'ignore',
    });
    scope.defer(async () => {
      child.kill('SIGTERM');
      await ended(child);
    });
    const pid = await until('it runs', () =>
      processesWith(marker).find((each) => readFileSync(`/proc/${each}/cmdline`, 'latin1') === `/main\0${marker}\0`),
    );
    const scene = await sceneOf(session, undefined, pid);
    // Nothing is inside, so what is outside is found without being asked for.
    const editor = await debugSession(scene, optionsOf({ request: 'attach', pid }));
    assert.equal(editor.opened.adapter.way.where, 'outside');
    await editor.begin('attach', { path: source, line: 7 });
    const frame = await editor.frame();
    assert.equal(frame.line, 7);
    await editor.request('disconnect');
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

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
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
    const native = await compiled(source);
    const script = sourceFile(scope, 'main.py', pythonProgram);
    for (const [program, path, line] of [
      [native, source, 7],
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
    const { pid, alive } = await running(scope, target, program);
    const editor = await debugSession(await sceneOf(session, undefined, pid), optionsOf({ request: 'attach', pid }));
    await editor.begin('attach', { path: source, line: 7 });
    await editor.frame();
    happen({ editor, session });
    await editor.over();
    await until('no debugger is left', () => adaptersOf(editor).length === 0 && tracerOf(pid) === 0);
    // It goes on, over the place where the breakpoint was.
    if (name !== 'adapter') {
      const before = contextSwitches(pid);
      await until('it runs', () => alive() && contextSwitches(pid) > before + 20);
    }
  });
}

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
