/** Files of a namespace: its mounts in the tree, its folder in the explorer, edit, save, conflict, delete. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { temporaryFolder } from '../../helper/support/marker.ts';
import { hold, type Holding } from '../../helper/support/process.ts';
import { until } from '../support/poll.ts';
import { uniqueProcessName } from '../support/workloads.ts';
import { container, type Play } from './stage.ts';

export const editing: Play = (stage, step) => {
  const { edition } = stage;
  const name = uniqueProcessName('edited');
  let held: Holding;
  let folder: string;
  /** A file of the namespace, as the host sees it. */
  const there = (file: string): string => `/proc/${held.pid}/root${folder}/${file}`;
  const inExplorer = (label: string): Locator =>
    stage.workbench.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: label }).first();

  step('the mounts of a namespace are shown, also what hides them', async () => {
    const { workbench, tree, host, scope } = stage;
    folder = join(temporaryFolder(scope), 'inside');
    const program = join(temporaryFolder(scope), name);
    copyFileSync('/bin/cat', program);
    const script = `set -e; mkdir "$1"; mount -t tmpfs hidden "$1"; mount -t tmpfs inside "$1"; mkdir "$1/inner"
      echo 'from inside' >"$1/hello.txt"; echo gone >"$1/gone.txt"; echo ready; exec "$2" >/dev/null`;
    const words = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder, program];
    held = await hold(scope, words);
    await tree.press('Connect', host.alias);
    await tree.expand(host.alias, 'Mount', name, 'Mounts');
    await tree.expand(host.alias, 'Mount', name, 'Mounts', '/');
    const row = await tree.row(host.alias, 'Mount', name, 'Mounts', '/', folder);
    assert.match(row.description, /^hidden · tmpfs · hidden · rw/);
    await tree.expand(host.alias, 'Mount', name, 'Mounts', '/', folder);
    const top = await tree.row(host.alias, 'Mount', name, 'Mounts', '/', folder, folder);
    assert.match(top.description, /^tmpfs · inside · rw/);
    await workbench.screenshot(`${edition}-mounts`);
    await tree.collapse(host.alias, 'Mount', name, 'Mounts');
  });

  step('the folder of a namespace opens in the explorer', async () => {
    const { workbench, tree, host } = stage;
    await tree.chooseFromMenu('Open Folder of Namespace...', host.alias, 'Mount', name);
    await workbench.quickInput.answer('Open Folder of', folder);
    await workbench.quickInput.opened('Where the folder is to be opened');
    await workbench.quickInput.choose('Add to Workspace');
    await inExplorer('inside of').waitFor();
    await until('its files are listed', async () => {
      if (await inExplorer('hello.txt').isVisible()) return true;
      await inExplorer(`${folder} of`)
        .click({ timeout: 3000 })
        .catch(() => undefined);
      return until('it has unfolded', () => inExplorer('hello.txt').isVisible(), { within: 5000 }).catch(() => false);
    });
    await workbench.screenshot(`${edition}-explorer`);
  });

  step('a file is edited and saved, and is that on the host', async () => {
    const { workbench } = stage;
    await inExplorer('hello.txt').dblclick();
    await workbench.editor(/hello\.txt/);
    assert.equal(await workbench.editorText(), 'from inside\n');
    await workbench.page.keyboard.press('ControlOrMeta+Home');
    await workbench.page.keyboard.type('edited ');
    await workbench.page.keyboard.press('ControlOrMeta+s');
    await until('it is saved', () => readFileSync(there('hello.txt'), 'utf8') === 'edited from inside\n');
  });

  step('what is changed on the host is seen; and what both have changed is asked about', async () => {
    const { workbench } = stage;
    writeFileSync(there('hello.txt'), 'of the host\n');
    await until('the editor follows', async () => (await workbench.editorText()) === 'of the host\n');
    await workbench.page.keyboard.press('ControlOrMeta+Home');
    await workbench.page.keyboard.type('mine ');
    writeFileSync(there('hello.txt'), 'of the host again\n');
    await workbench.page.keyboard.press('ControlOrMeta+s');
    await workbench.notifications.said(/newer/);
    await workbench.screenshot(`${edition}-conflict`);
    assert.equal(readFileSync(there('hello.txt'), 'utf8'), 'of the host again\n');
    await workbench.notifications.clear();
    await workbench.run('File: Revert File');
    await until('it is the host’s', async () => (await workbench.editorText()) === 'of the host again\n');
  });

  step('a file is deleted, and one that comes on the host is seen', async () => {
    const { workbench } = stage;
    await inExplorer('gone.txt').click();
    await workbench.page.keyboard.press('Delete');
    await workbench.pressInDialog('Delete');
    await until('it is gone', () => !existsSync(there('gone.txt')));
    writeFileSync(there('come.txt'), 'new\n');
    await inExplorer('come.txt').waitFor();
  });

  step('when its processes have ended, that is said', async () => {
    const { workbench } = stage;
    await held.release();
    await until('saving says so', async () => {
      await workbench.page.locator('.monaco-editor .view-lines').first().click();
      await workbench.page.keyboard.type('x');
      await workbench.page.keyboard.press('ControlOrMeta+s');
      return (await workbench.notifications.all()).some((text) => /not there any more|has ended/.test(text));
    });
    await workbench.screenshot(`${edition}-ended`);
    await workbench.notifications.clear();
    // What cannot be saved stays in the editor until the person lets it go.
    assert.match(await workbench.editorText(), /x/);
    await workbench.run('View: Revert and Close Editor');
    await workbench.show(container);
  });
};
