/** A program in an instance on another host, under a debugger: as a person does it, with the real adapter. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiled, cProgram, pythonProgram } from '../../helper/support/debugging.ts';
import { allTypes } from '../../helper/support/create.ts';
import { helper } from '../../helper/support/helper.ts';
import { processesWith } from '../../helper/support/leaks.ts';
import { temporaryFolder } from '../../helper/support/marker.ts';
import { output, run } from '../../helper/support/process.ts';
import { Debugging } from '../support/debug-view.ts';
import { until } from '../support/poll.ts';
import { uniqueProcessName } from '../support/workloads.ts';
import type { Play } from './stage.ts';

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
    await tree.chooseFromMenu('Debug in...', host.alias, 'Instances', name);
    await workbench.quickInput.opened(`Debug in ${name}`);
    await workbench.quickInput.accept();
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
};
