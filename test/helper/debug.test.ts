/** Real debug adapters in real namespaces, through a helper that serves. */
import assert from 'node:assert/strict';
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
} from './support/debugging.ts';
import { existsSync } from 'node:fs';
import { leakGuard } from './support/leaks.ts';
import { missing } from './support/requirements.ts';
import { testScope } from './support/scope.ts';

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
