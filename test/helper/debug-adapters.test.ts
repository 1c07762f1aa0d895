/** Each known debug adapter, and one that is not, with what a configuration may ask of it. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Message } from '../../extension/features/debug/framing.ts';
import { allTypes, created } from './support/create.ts';
import { debianMissing, debianWithGdb } from './support/debian.ts';
import {
  compiled,
  debugSession,
  instance,
  localSession,
  optionsOf,
  running,
  sceneOf,
  sourceFile,
} from './support/debugging.ts';
import { goFolder, goLine, goMissing } from './support/go.ts';
import { helper } from './support/helper.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { temporaryFolder, uniqueName } from './support/marker.ts';
import { output, run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { until } from './support/wait.ts';

const debugpy = existsSync('/usr/lib/python3/dist-packages/debugpy') ? false : 'needs python3-debugpy';
const python = missing('root') || debugpy;
const native = missing('root', 'gcc', 'lldb-vscode-14');
leakGuard();

const pythonSays = `import os, sys, time
folder = os.getcwd()
print("says", folder, os.getuid(), os.environ.get("COLOUR"), sys.argv[1:], flush=True)
while sys.argv[1:] == ["on"]:
    time.sleep(0.01)
`;

const cSays = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char folder[4096];
    if (getcwd(folder, sizeof folder) == NULL)
        return 1;
    printf("says %s %d %s %s\\n", folder, (int)getuid(), getenv("COLOUR"), argc > 1 ? argv[1] : "");
    fflush(stdout);
    while (argc > 1 && strcmp(argv[1], "on") == 0)
        usleep(10000);
    return 0;
}
`;

/** A program for one adapter in a target of its own, with a line that it comes to. */
interface Case {
  readonly skip: string | false;
  readonly prepare: (scope: Scope) => Promise<{
    readonly target: string;
    readonly program: string;
    readonly source: string;
    readonly line: number;
    /** What it says with the working directory /usr, as user 1000, with the colour blue and the argument `one two`. */
    readonly says: RegExp;
  }>;
}

async function kept(scope: Scope, words: readonly string[]): Promise<string> {
  const name = uniqueName();
  scope.defer(async () => void (await run([helper, 'end', name])));
  await created([...words, `--keep=${name}`]);
  return name;
}

const cases = {
  debugpy: {
    skip: python,
    prepare: async (scope) => {
      const source = sourceFile(scope, 'main.py', pythonSays);
      return {
        target: await instance(scope),
        program: source,
        source,
        line: 3,
        says: /says \/usr 1000 blue \['one two'\]/,
      };
    },
  },
  lldb: {
    skip: native,
    prepare: async (scope) => {
      const source = sourceFile(scope, 'main.c', cSays);
      const program = await compiled(source);
      return { target: await instance(scope), program, source, line: 11, says: /says \/usr 1000 blue one two/ };
    },
  },
  gdb: {
    skip: debianMissing() || missing('gcc'),
    prepare: async (scope) => {
      const source = sourceFile(scope, 'main.c', cSays);
      await compiled(source);
      const mount = `--mount=${dirname(source)}:/mnt:ro`;
      const root = `--root=${await debianWithGdb()}`;
      const target = await kept(scope, ['--new=mnt,pid,uts,net', root, '--mount-proc', mount]);
      return { target, program: '/mnt/main', source, line: 11, says: /says \/usr 1000 blue one two/ };
    },
  },
  delve: {
    skip: goMissing(),
    prepare: async (scope) => {
      const folder = await goFolder();
      const mounts = [`--mount=${folder}:/usr/local/bin:ro`, `--mount=${folder}:/mnt:ro`];
      // A user namespace, in which Delve takes the helper for another user than its own.
      const target = await kept(scope, [`--new=${allTypes}`, '--map=auto', '--mount-proc', '--loopback', ...mounts]);
      const source = join(folder, 'main.go');
      return { target, program: '/mnt/main', source, line: goLine, says: /\/usr 1000 blue \[one two\]/ };
    },
  },
} satisfies Record<string, Case>;

for (const [adapter, { skip, prepare }] of Object.entries<Case>(cases)) {
  test(`${adapter}: working directory, user, variables, arguments, a stop on entry`, { skip }, async (t) => {
    const scope = testScope(t);
    const { target, program, source, line, says } = await prepare(scope);
    const session = await localSession(scope);
    const launch = optionsOf({
      request: 'launch',
      target,
      program,
      adapter,
      args: ['one two'],
      cwd: '/usr',
      user: '1000',
      env: { COLOUR: 'blue' },
      stopOnEntry: true,
    });
    const mappings = [{ localRoot: '/home/me/project', remoteRoot: dirname(source) }];
    const editor = await debugSession(await sceneOf(session, target), launch, { mappings });
    const path = source.replace(dirname(source), '/home/me/project');
    await editor.begin('launch', { path, line });
    const { threadId } = await editor.event('stopped');
    await editor.request('continue', { threadId });
    const frame = await editor.frame();
    assert.deepEqual([frame.line, frame.path], [line, path]);
    await editor.request('setBreakpoints', { source: { path }, breakpoints: [], lines: [] });
    await editor.request('continue', { threadId: frame.thread });
    await editor.event('terminated');
    await until(`it says so; ${editor.said()}`, () => says.test(editor.said()));
    await editor.request('disconnect');
    editor.bridge.close();
    await editor.over();
  });
}

for (const [adapter, words] of Object.entries({ debugpy: ['/usr/bin/python3'], lldb: [], gdb: [], delve: [] })) {
  const { skip, prepare } = (cases as Readonly<Record<string, Case>>)[adapter] ?? assert.fail();
  test(`${adapter}: a running program is attached to, stopped and left`, { skip }, async (t) => {
    const scope = testScope(t);
    const { target, program, source, line } = await prepare(scope);
    const pid = await running(scope, target, [...words, program, 'on']);
    const session = await localSession(scope);
    const scene = await sceneOf(session, undefined, pid);
    const attach: Message = { request: 'attach', pid, adapter };
    const editor = await debugSession(scene, optionsOf(attach));
    await editor.begin('attach', { path: source, line });
    await editor.request('threads');
    await editor.request('disconnect', { terminateDebuggee: false });
    editor.bridge.close();
    await editor.over();
    const tracer = (): string => /^TracerPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
    await until('nobody traces it', () => tracer() === '0');
  });
}

const own = {
  inside: { command: '/usr/bin/python3', args: ['-m', 'debugpy.adapter'], env: { SHADE: 'dark' } },
  outside: { command: 'lldb-vscode-14', where: 'outside' },
} as const;

test('an adapter of the configuration’s own launches inside, with its own variables', { skip: python }, async (t) => {
  const scope = testScope(t);
  const target = await instance(scope);
  const source = sourceFile(scope, 'main.py', pythonSays);
  const session = await localSession(scope);
  const launch = { request: 'launch', target, program: source, adapter: own.inside, adapterArguments: { cwd: '/usr' } };
  const editor = await debugSession(await sceneOf(session, target), optionsOf(launch));
  assert.deepEqual([editor.opened.adapter.way.where, editor.opened.adapter.way.label], ['inside', '/usr/bin/python3']);
  await editor.begin('launch', { path: source, line: 3 });
  const frame = await editor.frame();
  const asked = { expression: 'folder, os.environ["SHADE"]', frameId: frame.id };
  assert.equal((await editor.request('evaluate', asked))['result'], "('/usr', 'dark')");
  await editor.request('disconnect', { terminateDebuggee: true });
  editor.bridge.close();
  await editor.over();
});

test(
  'an adapter of the configuration’s own attaches from outside, by the number there',
  { skip: native },
  async (t) => {
    const scope = testScope(t);
    const target = await instance(scope);
    const source = sourceFile(scope, 'main.c', cSays);
    const program = await compiled(source);
    const pid = await running(scope, target, [program, 'on']);
    const session = await localSession(scope);
    const attach = optionsOf({ request: 'attach', pid, adapter: own.outside, adapterArguments: { program } });
    const editor = await debugSession(await sceneOf(session, undefined, pid), attach);
    assert.equal(editor.opened.arguments['pid'], pid);
    await editor.begin('attach', { path: source, line: 14 });
    assert.equal((await editor.frame()).line, 14);
    await editor.request('disconnect');
    editor.bridge.close();
    await editor.over();
  },
);

test(
  'GDB on the host attaches to a program whose files only its namespaces have',
  { skip: debianMissing() || missing('gcc') },
  async (t) => {
    const scope = testScope(t);
    const debian = await debianWithGdb();
    const folder = temporaryFolder(scope);
    // What a host of a later Debian has, run by its own libraries.
    const loader = `${debian}/lib64/ld-linux-x86-64.so.2 --library-path ${debian}/usr/lib/x86_64-linux-gnu`;
    const gdb = join(folder, 'gdb');
    const command = `PYTHONHOME=${debian}/usr exec ${loader} ${debian}/usr/bin/gdb --data-directory=${debian}/usr/share/gdb`;
    writeFileSync(gdb, `#!/bin/sh\n${command} "$@"\n`);
    chmodSync(gdb, 0o755);
    const before = process.env['PATH'];
    process.env['PATH'] = `${folder}:${before}`;
    scope.defer(() => void (process.env['PATH'] = before));
    const source = sourceFile(scope, 'main.c', cSays);
    const root = temporaryFolder(scope);
    for (const name of ['proc', 'dev', 'tmp', 'lib64', 'lib']) mkdirSync(join(root, name));
    await output(['gcc', '-g', '-O0', '-static', '-o', join(root, 'only-inside'), source]);
    const target = await kept(scope, ['--new=mnt,pid', `--root=${root}`, '--mount-proc']);
    const pid = await running(scope, target, ['/only-inside', 'on']);
    const session = await localSession(scope);
    const attach = optionsOf({ request: 'attach', pid, adapter: 'gdb' });
    const mappings = [{ localRoot: '/home/me/project', remoteRoot: dirname(source) }];
    const editor = await debugSession(await sceneOf(session, undefined, pid), attach, { mappings });
    assert.equal(editor.opened.adapter.way.where, 'outside');
    assert.equal(editor.opened.arguments['pid'], pid);
    await editor.begin('attach', { path: '/home/me/project/main.c', line: 14 });
    const { threadId } = await editor.event('stopped');
    await editor.request('continue', { threadId });
    const frame = await editor.frame();
    assert.deepEqual([frame.line, frame.path], [14, '/home/me/project/main.c']);
    await editor.request('disconnect');
    editor.bridge.close();
    await editor.over();
  },
);

test('LLDB asks for a terminal, in which the program runs inside', { skip: native }, async (t) => {
  const scope = testScope(t);
  const { target, program, source, line } = await cases.lldb.prepare(scope);
  const session = await localSession(scope);
  const launch = optionsOf({
    request: 'launch',
    target,
    program,
    args: ['one two'],
    env: { COLOUR: 'blue' },
    console: 'integratedTerminal',
  });
  const editor = await debugSession(await sceneOf(session, target), launch);
  const begun = editor.begin('launch', { path: source, line });
  begun.catch(() => undefined);
  const { args, env } = await until('the request', () => editor.terminals[0]);
  const words = Object.entries(env).map(([name, value]) => `--env=${name}=${value}`);
  const printed = run([helper, 'enter', `--target=${target}`, '--root', '--records=2', ...words, '--', ...args]);
  await begun;
  const frame = await editor.frame();
  assert.equal(frame.line, line);
  await editor.request('setBreakpoints', { source: { path: source }, breakpoints: [], lines: [] });
  await editor.request('continue', { threadId: frame.thread });
  assert.match((await printed).stdout.toString(), /says .* blue one two/);
  await editor.request('disconnect');
  editor.bridge.close();
  await editor.over();
});

test('what cannot be launched is said before it is tried', { skip: python || native }, async (t) => {
  const scope = testScope(t);
  const target = await instance(scope);
  const session = await localSession(scope);
  const scene = await sceneOf(session, target);
  const source = sourceFile(scope, 'main.py', pythonSays);
  const refused = (more: Message, words: RegExp) =>
    assert.rejects(debugSession(scene, optionsOf({ request: 'launch', target, ...more })), (error: unknown) => {
      assert.match(String(error), words);
      return true;
    });
  await refused({ program: '/nothing/main' }, /no file \/nothing\/main in/);
  await refused({ program: '/nothing/main.py' }, /no file \/nothing\/main\.py in/);
  await refused({ program: dirname(source) }, /is a folder/);
  await refused({ program: source, adapter: 'lldb' }, /may not be executed: its mode is 644/);
  const script = sourceFile(scope, 'run', '#!/bin/sh\nexit 0\n');
  chmodSync(script, 0o755);
  await refused({ program: script }, /is a script for \/bin\/sh/);
  const strange = join(dirname(source), 'strange');
  const main = sourceFile(scope, 'main.c', cSays);
  await output(['gcc', '-Wl,--dynamic-linker=/lib/ld-strange.so.1', '-o', strange, main]);
  await refused({ program: strange }, /\/lib\/ld-strange\.so\.1, .* is missing/);
  await refused({ program: source, cwd: '/nothing' }, /working directory \/nothing is not there/);
  await refused({ program: source, cwd: source }, /working directory .* is no folder/);
  await refused({ program: source, user: '99999999' }, /no mapping in this user namespace/);
  await until('nothing is left', () => processesWith(source).length === 0);
});
