/** Files that declare namespaces: judged while they are open, by the file alone and by what the host says. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../helper/support/process.ts';
import { Code } from '../support/code.ts';
import { until } from '../support/poll.ts';
import { uniqueProcessName } from '../support/workloads.ts';
import type { Play } from './stage.ts';

const forgotten = /^shell\/unshare-pid-without-fork$/;

export const judging: Play = (stage, step) => {
  const { edition } = stage;
  const name = uniqueProcessName('declared');
  const path = `/run/netns/${name}`;

  step('a file is judged at the exact place, and its quick fix mends it', async () => {
    const { workbench, editor, tree, host } = stage;
    await tree.expand(host.alias);
    const code = new Code(workbench.page);
    mkdirSync(join(editor.workspace, 'declared'));
    const file = join(editor.workspace, 'declared', 'start.sh');
    writeFileSync(file, '#!/bin/sh\nunshare --pid --mount-proc sh\n');
    await workbench.openFile(file);
    await code.showProblems(workbench, 'declared');
    const found = await code.problem(forgotten);
    assert.deepEqual([found.line, found.column], [2, 9]);
    await until('a wavy line', async () => (await code.squiggles('warning')) === 1);
    await workbench.screenshot(`${edition}-judged`);
    await code.goTo(found.line, found.column);
    await code.quickFix(/--fork/);
    await code.noProblem(forgotten);
    assert.match(await workbench.editorText(), /unshare --pid --fork --mount-proc sh/);
  });

  step('what only the host can tell is told, and a lens creates what is missing there', async () => {
    const { workbench, editor, host, scope } = stage;
    const code = new Code(workbench.page);
    scope.defer(async () => void (await run(['ip', 'netns', 'delete', name])));
    const file = join(editor.workspace, 'declared', 'join.sh');
    writeFileSync(file, `#!/bin/sh\nnsenter --net=${path} true\n`);
    await workbench.openFile(file);
    const found = await code.problem(/^host\/path-missing$/);
    assert.ok(found.message.includes(`No namespace is mounted at ${path} on ${host.alias} now.`), found.message);
    await workbench.screenshot(`${edition}-judged-by-host`);
    await code.lens(`Create on ${host.alias}`).click();
    assert.match(await workbench.dialog(), new RegExp(`Create “${name}” on ${host.alias}\\?`));
    await workbench.pressInDialog('Create');
    await code.noProblem(/^host\/path-missing$/);
    assert.ok(existsSync(path));
    await until('the lens counts', async () => (await code.lens(/0 processes in it/).count()) === 1);
    await workbench.screenshot(`${edition}-judged-live`);
  });

  step('when the host goes, what it said goes too, and the rest stays', async () => {
    const { workbench, tree, host, editor } = stage;
    const code = new Code(workbench.page);
    await run(['ip', 'netns', 'delete', name]);
    await code.problem(/^host\/path-missing$/);
    const file = join(editor.workspace, 'declared', 'both.sh');
    writeFileSync(file, `#!/bin/sh\nnsenter --net=${path} unshare --pid sh\nunshare --pid sh\n`);
    await workbench.openFile(file);
    await code.problem(forgotten);
    await stage.run('Disconnect');
    await code.noProblem(/^host\//);
    await code.problem(forgotten);
    await until('the lens is gone', async () => (await code.lens(/on build7/).count()) === 0);
    await stage.run('Connect');
    await tree.row(host.alias, 'Network');
    await code.problem(/^host\/path-missing$/);
    await workbench.closeEditors();
  });

  step('other files are left alone', async () => {
    const { workbench, editor } = stage;
    const code = new Code(workbench.page);
    const file = join(editor.workspace, 'declared', 'other.json');
    writeFileSync(file, '{"linux": {"namespaces": [{"type": "nonsense"}]}, "hostname": "web"}');
    await workbench.openFile(file);
    assert.deepEqual(await code.problems(), []);
    await workbench.closeEditors();
    await workbench.run('View: Toggle Panel Visibility');
  });
};
