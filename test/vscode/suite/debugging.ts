/** A program in an instance on another host, under a debugger: as a person does it, with the real adapter. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compiled, cProgram, nodeProgram, pythonProgram } from '../../helper/support/debugging.ts';
import { allTypes } from '../../helper/support/create.ts';
import { helper } from '../../helper/support/helper.ts';
import { processesWith } from '../../helper/support/leaks.ts';
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
  const program = { python: '', c: '' };

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
    await stage.workbench.closeEditors();
  });

  step('launch.json: a C program in namespaces that are made for it, and its output', async () => {
    const { workbench, editor } = stage;
    writeFileSync(
      join(editor.workspace, '.vscode', 'launch.json'),
      JSON.stringify({
        version: '0.2.0',
        configurations: [
          {
            type: 'linux-namespaces',
            request: 'launch',
            name: 'Twice',
            host: stage.host.alias,
            create: { new: ['mnt', 'pid', 'uts', 'net'], hostname: 'fresh', mountProc: true, loopback: true },
            program: program.c,
          },
        ],
      }),
    );
    await workbench.openFile(`${program.c}.c`);
    await view.toggleBreakpoint(7);
    await workbench.run('Debug: Start Debugging');
    await view.stoppedAt(7);
    await view.variable('result', '0');
    await workbench.screenshot(`${edition}-debug-c`);
    await view.toggleBreakpoint(7);
    await view.press('Continue');
    await endsWithAll();
    await until(
      'the program’s output is there',
      async () => (await view.said()).some((line) => line.includes('total 6')),
      {
        explain: () => view.said(),
      },
    );
  });

  step('a program in a terminal inside, by the debugger', async () => {
    const { workbench, host, editor } = stage;
    const configuration = {
      type: 'linux-namespaces',
      request: 'launch',
      name: 'In a Terminal',
      host: host.alias,
      target: name,
      program: program.python,
      console: 'integratedTerminal',
    };
    const file = join(editor.workspace, '.vscode', 'launch.json');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, JSON.stringify({ version: '0.2.0', configurations: [configuration] }));
    await workbench.run('Debug: Start Debugging');
    await view.stoppedAt(5);
    await workbench.page.locator('.terminal-wrapper.active .xterm').waitFor();
    await workbench.screenshot(`${edition}-debug-terminal`);
    await view.press('Stop');
    await endsWithAll();
    await workbench.run('Terminal: Kill All Terminals');
    writeFileSync(file, before);
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
    await running.end();
    await view.toggleBreakpoint(7);
  });

  step('a killed adapter and a lost connection are said, and leave nothing', async () => {
    const { workbench, tree, host } = stage;
    await view.toggleBreakpoint(7);
    for (const [how, words] of [
      [() => killAdapters(), /killed by signal 9/],
      [() => host.cut(), /The connection to .+ was lost/],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      await workbench.show(container);
      // oxlint-disable-next-line no-await-in-loop
      await tree.row(host.alias, 'Instances');
      // oxlint-disable-next-line no-await-in-loop
      await workbench.run('Debug: Start Debugging');
      // oxlint-disable-next-line no-await-in-loop
      await view.stoppedAt(7);
      how();
      // oxlint-disable-next-line no-await-in-loop
      await endsWithAll();
      // oxlint-disable-next-line no-await-in-loop
      await view.showConsole();
      // oxlint-disable-next-line no-await-in-loop
      await until('the editor says why', async () => (await view.said()).some((line) => words.test(line)), {
        explain: () => view.said(),
      });
      // oxlint-disable-next-line no-await-in-loop
      await workbench.screenshot(`${edition}-debug-lost`);
    }
  });

  step('a Node.js program by the editor’s own debugger, where there is no route to', async () => {
    const { workbench, tree, host } = stage;
    await workbench.closeEditors();
    const script = join(dirname(program.python), 'main.js');
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
};

/** By the end of their own command line: others debug on this machine too. */
function killAdapters(): void {
  for (const pid of processesWith(marker))
    if (readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('lldb-')) process.kill(pid, 'SIGKILL');
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
    processesWith(program).find((each) => readFileSync(`/proc/${each}/cmdline`, 'latin1') === `${program}\0on\0`),
  );
  return { pid, isAlive: () => processesWith(program).includes(pid), end };
}
