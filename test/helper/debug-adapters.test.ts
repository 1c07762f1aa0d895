/** Each known debug adapter, and one that is not, with what a configuration may ask of it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Message } from '../../extension/features/debug/framing.ts';
import { allTypes, created } from './support/create.ts';
import { debianMissing, debianWithGdb } from './support/debian.ts';
import { compiled, debugSession, instance, localSession, optionsOf, sceneOf, sourceFile } from './support/debugging.ts';
import { goFolder, goLine, goMissing } from './support/go.ts';
import { helper } from './support/helper.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { uniqueName } from './support/marker.ts';
import { ended, run } from './support/process.ts';
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

/** A program that goes on until the test ends; its number outside. */
async function running(scope: Scope, target: string, words: readonly string[]): Promise<number> {
  const child = spawn(helper, ['enter', `--target=${target}`, '--root', '--records=2', '--', ...words], {
    stdio: 'ignore',
  });
  scope.defer(async () => {
    child.kill('SIGKILL');
    await ended(child);
  });
  const line = `${words.join('\0')}\0`;
  return until('it runs', () =>
    processesWith(words.at(-2) ?? '').find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1') === line),
  );
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
