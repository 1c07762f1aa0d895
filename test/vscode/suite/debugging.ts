/** A program in an instance on another host, under a debugger: as a person does it, with the real adapter. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compiled, cProgram, nodeProgram, pythonProgram } from '../../helper/support/debugging.ts';
import { allTypes } from '../../helper/support/create.ts';
import { debianMissing, debianWithGdb } from '../../helper/support/debian.ts';
import { helper } from '../../helper/support/helper.ts';
import { commandOf, processesWith } from '../../helper/support/leaks.ts';
import { marker, temporaryFolder } from '../../helper/support/marker.ts';
import { ended, output, run } from '../../helper/support/process.ts';
import type { Scope } from '../../helper/support/scope.ts';
import { Debugging } from '../support/debug-view.ts';
import { until } from '../support/poll.ts';
import { uniqueProcessName } from '../support/workloads.ts';
import { container, type Play } from './stage.ts';

export const debugging: Play = (stage, step) => {
  const { edition } = stage;
  const name = uniqueProcessName('debugged');
  let view: Debugging;
  const program = { python: '', c: '', node: '' };

  const configure = (...configurations: readonly Readonly<Record<string, unknown>>[]): void => {
    const common = { type: 'linux-namespaces', host: stage.host.alias };
    const all = configurations.map((each) => ({ ...common, ...each }));
    writeFileSync(
      join(stage.editor.workspace, '.vscode', 'launch.json'),
      JSON.stringify({ version: '0.2.0', configurations: all }),
    );
  };

  const endsWithAll = async (): Promise<void> => {
    await view.ended();
    await until('nothing of the session is left on the host', () => processesWith(program.python).length === 0);
    await until('nothing of the session is left on the host', () => processesWith(program.c).length === 0);
  };

  step('a breakpoint in a Python program in an instance is hit', async () => {
    const { workbench, tree, host, scope, editor } = stage;
    view = new Debugging(workbench);
    scope.defer(async () => void (await run([helper, 'end', name])));
    await output([helper, 'create', `--new=${allTypes}`, '--map=auto', '--mount-proc', '--loopback', `--keep=${name}`]);
    // Where root of the instance, who is nobody out here, may read it.
    const folder = temporaryFolder(scope);
    program.python = join(folder, 'main.py');
    writeFileSync(program.python, pythonProgram);
    const source = join(folder, 'main.c');
    writeFileSync(source, cProgram);
    program.c = await compiled(source);
    mkdirSync(join(editor.workspace, '.vscode'), { recursive: true });
    await tree.press('Connect', host.alias);
    await tree.row(host.alias, 'Instances');
    await tree.expand(host.alias, 'Instances');
    await workbench.openFile(program.python);
    await view.toggleBreakpoint(5);
    // A menu of a row that is being drawn anew belongs to none.
    await tree.says(/1 process/, host.alias, 'Instances', name);
    await tree.chooseFromMenu('Debug in...', host.alias, 'Instances', name);
    const proposed = await workbench.quickInput.opened(`Debug in ${name}`);
    // The file in the editor is proposed.
    assert.equal(await proposed.inputValue(), program.python);
    await proposed.press('Enter');
    await view.stoppedAt(5);
    await view.variable('result', '0');
    await workbench.screenshot(`${edition}-debug`);
  });

  step('a step goes on by one line, an expression has a value, and Stop leaves nothing', async () => {
    await view.press('Step Over');
    await view.stoppedAt(8);
    await view.press('Continue');
    await view.stoppedAt(5);
    await view.variable('result', '2');
    assert.match(await view.evaluate('result + 40'), /42/);
    await view.press('Stop');
    await endsWithAll();
  });

  step('without a launch.json the file of the editor is debugged in a target that is picked', async () => {
    const { workbench } = stage;
    await workbench.run('Debug: Start Debugging');
    await workbench.quickInput.opened('Debug in');
    await workbench.quickInput.type(name);
    await workbench.quickInput.choose(name);
    await workbench.quickInput.opened('Which namespaces');
    await workbench.quickInput.choose(`All of ${name}`);
    await view.stoppedAt(5);
    await view.press('Stop');
    await endsWithAll();
    await workbench.closeEditors();
  });

  step('launch.json: a task, then a C program in namespaces that are made for it, and its output', async () => {
    const { workbench, editor } = stage;
    const task = {
      label: 'prepare',
      type: 'process',
      command: '/usr/bin/touch',
      args: ['prepared'],
      problemMatcher: [],
    };
    const tasks = { version: '2.0.0', tasks: [{ ...task, presentation: { reveal: 'never' } }] };
    writeFileSync(join(editor.workspace, '.vscode', 'tasks.json'), JSON.stringify(tasks));
    const create = { new: ['mnt', 'pid', 'uts', 'net'], hostname: 'fresh', mountProc: true, loopback: true };
    configure({ request: 'launch', name: 'Twice', create, program: program.c, preLaunchTask: 'prepare' });
    await workbench.openFile(`${program.c}.c`);
    await view.toggleBreakpoint(7);
    await workbench.run('Debug: Start Debugging');
    await view.stoppedAt(7);
    assert.ok(existsSync(join(editor.workspace, 'prepared')));
    await view.variable('result', '0');
    await workbench.screenshot(`${edition}-debug-c`);
    await view.toggleBreakpoint(7);
    await view.press('Continue');
    await endsWithAll();
    await view.says(/total 6/);
  });

  const ownRoot = async (): Promise<void> => {
    const { workbench } = stage;
    const mounts = [`${dirname(program.c)}:/mnt:ro`];
    const create = { new: ['mnt', 'pid', 'uts', 'net'], root: await debianWithGdb(), mountProc: true, mounts };
    configure({ request: 'launch', name: 'In Debian 13', create, program: '/mnt/main' });
    await view.toggleBreakpoint(7);
    await workbench.run('Debug: Start Debugging');
    await view.stoppedAt(7);
    await view.variable('result', '0');
    // Its console takes commands.
    assert.match(await view.evaluate('print result + 40'), /= 40/);
    await workbench.screenshot(`${edition}-debug-gdb`);
    await view.press('Stop');
    await endsWithAll();
    await view.toggleBreakpoint(7);
  };
  if (debianMissing() === false) step('a C program in a root of its own, by the GDB that is there', ownRoot);

  step('a program in a terminal inside, by the debugger', async () => {
    const { workbench } = stage;
    configure({
      request: 'launch',
      name: 'In a Terminal',
      target: name,
      program: program.python,
      console: 'integratedTerminal',
    });
    await workbench.run('Debug: Start Debugging');
    await view.stoppedAt(5);
    await workbench.page.locator('.terminal-wrapper.active .xterm').waitFor();
    await workbench.screenshot(`${edition}-debug-terminal`);
    await view.press('Stop');
    await endsWithAll();
    await workbench.run('Terminal: Kill All Terminals');
  });

  step('a running process is attached to by its row, and goes on when it is left', async () => {
    const { workbench, tree, host, scope } = stage;
    await workbench.show(container);
    const running = await startInside(scope, name, program.c);
    await workbench.openFile(`${program.c}.c`);
    await tree.chooseFromMenu('Attach Debugger...', host.alias, 'Instances', name);
    await workbench.quickInput.opened('Attach Debugger');
    await workbench.quickInput.chooseDescribed(new RegExp(`^${running.pid}, \\d+ inside`));
    await view.toggleBreakpoint(7);
    await view.stoppedAt(7);
    await view.press('Disconnect');
    await view.ended();
    assert.ok(running.isAlive());
    configure({ request: 'attach', name: 'Again', pid: '${command:linuxNamespaces.pickProcess}' });
    await workbench.run('Debug: Start Debugging');
    await workbench.quickInput.opened('Attach Debugger');
    await workbench.quickInput.type(String(running.pid));
    await workbench.quickInput.chooseDescribed(new RegExp(`\\b${running.pid}\\b`));
    await view.stoppedAt(7);
    await view.press('Disconnect');
    await view.ended();
    assert.ok(running.isAlive());
    await running.end();
  });

  step('a killed adapter, a killed helper and a lost connection are said, and leave nothing', async () => {
    const { workbench, tree, host, scope } = stage;
    const accidents: readonly Accident[] = [
      {
        into: { bundle: bundleWith(scope, dirname(program.c)) },
        happen: () => killAdapters(),
        words: /killed by signal 9/,
      },
      {
        into: { target: name },
        happen: () => killAll(host.helpers().serving),
        words: /The helper ended on the host \(ended by signal KILL\)/,
      },
      {
        into: { create: { new: ['mnt', 'pid'], mountProc: true } },
        happen: () => host.cut(),
        words: /The connection to .+ was lost/,
      },
    ];
    for (const { into, happen, words } of accidents) {
      configure({ request: 'launch', name: 'To Be Lost', program: program.c, ...into });
      // oxlint-disable-next-line no-await-in-loop
      await workbench.show(container);
      // oxlint-disable-next-line no-await-in-loop
      await tree.row(host.alias, 'Instances');
      // oxlint-disable-next-line no-await-in-loop
      await workbench.run('Debug: Start Debugging');
      // oxlint-disable-next-line no-await-in-loop
      await view.stoppedAt(7);
      happen();
      // oxlint-disable-next-line no-await-in-loop
      await endsWithAll();
      // oxlint-disable-next-line no-await-in-loop
      await view.says(words);
      // oxlint-disable-next-line no-await-in-loop
      await workbench.screenshot(`${edition}-debug-lost`);
    }
  });

  step('a Node.js program by the editor’s own debugger, where there is no route to', async () => {
    const { workbench, tree, host } = stage;
    await workbench.closeEditors();
    const script = join(dirname(program.python), 'main.js');
    program.node = script;
    writeFileSync(script, nodeProgram);
    await workbench.openFile(script);
    await view.toggleBreakpoint(3);
    await workbench.show(container);
    await tree.says(/1 process/, host.alias, 'Instances', name);
    await tree.chooseFromMenu('Debug in...', host.alias, 'Instances', name);
    const proposed = await workbench.quickInput.opened(`Debug in ${name}`);
    assert.equal(await proposed.inputValue(), script);
    await proposed.press('Enter');
    await view.stoppedAt(3);
    await view.variable('result', '0');
    await workbench.screenshot(`${edition}-debug-node`);
    await workbench.run('Debug: Stop');
    await view.ended();
    await until('nothing of the session is left on the host', () => processesWith(script).length === 0);
  });

  step('a Node.js program in a terminal inside', async () => {
    const { workbench } = stage;
    const terminal = workbench.page.locator('.terminal-wrapper.active .xterm');
    const console = 'integratedTerminal';
    configure({ request: 'launch', name: 'Node in a Terminal', target: name, program: program.node, console });
    await workbench.run('Debug: Start Debugging');
    await view.stoppedAt(3);
    await terminal.waitFor();
    await workbench.screenshot(`${edition}-debug-node-terminal`);
    await workbench.run('Debug: Stop');
    await view.ended();
    await until('nothing of the session is left on the host', () => processesWith(program.node).length === 0);
    // What was said there can still be read.
    await terminal.waitFor();
    await workbench.run('Terminal: Kill All Terminals');
  });

  step('with the editor’s window its sessions end, and leave nothing', async () => {
    const { workbench, editor } = stage;
    configure({ request: 'launch', name: 'Left Alone', target: name, program: program.c });
    await workbench.run('Debug: Start Debugging');
    await view.stoppedAt(7);
    await editor.reload();
    await endsWithAll();
  });
};

interface Accident {
  /** What is launched into, as launch.json has it. */
  readonly into: Readonly<Record<string, unknown>>;
  readonly happen: () => void;
  /** What the debug console says then. */
  readonly words: RegExp;
}

/** An OCI bundle with the host’s programs and one more folder. */
function bundleWith(scope: Scope, shared: string): string {
  const bundle = temporaryFolder(scope);
  const root = join(bundle, 'rootfs');
  for (const folder of ['usr', 'proc', 'dev', 'etc', shared]) mkdirSync(join(root, folder), { recursive: true });
  for (const link of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${link}`, join(root, link));
  const config = {
    ociVersion: '1.0.2',
    process: { cwd: '/', args: ['true'], user: { uid: 0, gid: 0 } },
    root: { path: 'rootfs' },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      ...['/usr', shared].map((path) => ({ destination: path, source: path, options: ['rbind', 'ro'] })),
    ],
    linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }, { type: 'uts' }] },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  return bundle;
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It has ended by itself meanwhile.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

/** By the end of their own command line: others debug on this machine too. */
function killAdapters(): void {
  killAll(processesWith(marker).filter((pid) => commandOf(pid).startsWith('lldb-')));
}

/** The C program, without end, in an instance. */
async function startInside(scope: Scope, instance: string, program: string) {
  const child = spawn(helper, ['enter', `--target=${instance}`, '--records=2', '--', program, 'on'], {
    stdio: 'ignore',
  });
  const end = async (): Promise<void> => {
    // One that a debugger holds takes no other signal.
    child.kill('SIGKILL');
    await ended(child);
  };
  scope.defer(end);
  const pid = await until('it runs', () =>
    processesWith(program).find((each) => commandOf(each) === `${program}\0on\0`),
  );
  return { pid, isAlive: () => processesWith(program).includes(pid), end };
}
