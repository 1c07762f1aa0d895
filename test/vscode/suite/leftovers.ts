/** What is left over and how it goes; and containers from OCI bundles, by the helper and by runc. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxRoot } from '../../helper/support/containers.ts';
import { helper } from '../../helper/support/helper.ts';
import { temporaryFolder } from '../../helper/support/marker.ts';
import { ipNetns, keep } from '../../helper/support/namespaces.ts';
import { hold, holdScript, run } from '../../helper/support/process.ts';
import { openMenu } from '../support/menu.ts';
import { until } from '../support/poll.ts';
import { uniqueProcessName } from '../support/workloads.ts';
import type { Play } from './stage.ts';

export const leftovers: Play = (stage, step) => {
  const { edition } = stage;
  const bundle = { folder: '', copy: '' };
  const name = uniqueProcessName('bundle');
  const byRunc = uniqueProcessName('runc');

  step('leaks are found by a deep look, each with its holder, and apart from what is kept by name', async () => {
    const { workbench, tree, host, scope } = stage;
    const { quickInput } = workbench;
    const kept = await keep(scope, 'fd', 'net');
    const { name: named } = await ipNetns(scope);
    const key = `net:${kept.words['id']}`;
    await tree.expand(host.alias, 'Network');
    await tree.expand(host.alias, 'UTS');
    await tree.chooseFromMenu('Find Leaks...', host.alias);
    await quickInput.opened(`Find Leaks on ${host.alias}`);
    const item = await until('the leak is listed', async () =>
      (await quickInput.items()).find(({ description }) => description === key),
    );
    assert.match(item.label, /^Network: /);
    assert.match(item.accessibleLabel, /file descriptor \d+ of keep/);
    await workbench.screenshot(`${edition}-leaks`);
    // What is kept on purpose comes last, perhaps below what fits in the list.
    await quickInput.type(named);
    await until('the name of ip netns is listed', async () =>
      (await quickInput.items()).some(({ label }) => label.includes(named)),
    );
    await quickInput.type('');
    await until('the leak is listed again', async () =>
      (await quickInput.items()).some(({ description }) => description === key),
    );
    await quickInput.chooseDescribed(key);
    await quickInput.opened(item.label);
    await workbench.screenshot(`${edition}-leak-actions`);
    await quickInput.choose('Go to the Namespace');
    await until('it is shown in the tree', async () =>
      (await tree.children(host.alias, 'Network')).some(
        ({ description, selected }) => selected && description.includes(String(kept.words['id'])),
      ),
    );
  });

  step('who keeps a namespace by a descriptor ends, after it was named and what else goes', async () => {
    const { workbench, host, scope } = stage;
    const { quickInput, page } = workbench;
    const netns = await ipNetns(scope);
    const holder = await hold(scope, ['sh', '-c', `exec 7<${netns.path}; ${holdScript}`]);
    await run(['ip', 'netns', 'delete', netns.name]);
    await stage.run('Find Leaks...');
    const input = await quickInput.opened('Find Leaks on ');
    await input.fill(`(pid ${holder.pid})`);
    const others = async () => (await quickInput.items()).filter(({ label }) => label !== 'Not everything is visible');
    await until('it alone is listed', async () => (await others()).length === 1);
    await quickInput.choose(/^Network: /);
    await quickInput.opened('Network: ');
    await quickInput.choose('End the Process...');
    assert.match(
      await workbench.dialog(),
      new RegExp(`^End the process (sh|cat) \\(pid ${holder.pid}\\) on ${host.alias}\\?`),
    );
    const detail = await page.locator('.monaco-dialog-box').innerText();
    assert.match(detail, /The whole process ends and all that it does, not only what keeps net:\d+\./);
    assert.ok(detail.includes(`pid ${holder.pid}, cat`), detail);
    await workbench.screenshot(`${edition}-leak-process`);
    await workbench.pressInDialog('End');
    await quickInput.opened('Find Leaks on ');
    assert.ok((await quickInput.items()).every(({ accessibleLabel }) => !accessibleLabel.includes(`${holder.pid}`)));
    assert.ok(!existsSync(`/proc/${holder.pid}`));
    await quickInput.cancel();
  });

  step('what is only mounted goes by the keyboard alone, after a question, and the list goes on', async () => {
    const { workbench, scope } = stage;
    const { quickInput, page } = workbench;
    const path = `/run/netns/cni-${crypto.randomUUID()}`;
    scope.defer(async () => void (await run(['sh', '-c', 'umount "$1" 2>/dev/null; rm -f "$1"', 'sh', path])));
    writeFileSync(path, '');
    await run(['unshare', `--net=${path}`, 'true']);
    await stage.run('Find Leaks...');
    const input = await quickInput.opened('Find Leaks on ');
    await input.fill(path.slice('/run/netns/'.length));
    const others = async () => (await quickInput.items()).filter(({ label }) => label !== 'Not everything is visible');
    await until('it alone is listed', async () => (await others()).length === 1);
    await page.keyboard.press('Enter');
    await quickInput.opened('Network: ');
    await until(
      'the first action takes the mount away',
      async () => (await quickInput.items())[0]?.label === 'Stop Keeping...',
    );
    await page.keyboard.press('Enter');
    assert.match(await workbench.dialog(), /^Stop keeping Network: /);
    await page.keyboard.press('Enter');
    await quickInput.opened('Find Leaks on ');
    assert.ok((await quickInput.items()).every(({ accessibleLabel }) => !accessibleLabel.includes(path)));
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(path));
    await quickInput.cancel();
  });

  step('a config.json of the folder becomes an instance, after every field without effect was listed', async () => {
    const { workbench, tree, host, scope, editor } = stage;
    const { quickInput } = workbench;
    scope.defer(async () => void (await run([helper, 'end', name])));
    bundle.folder = temporaryFolder(scope);
    execFileSync('runc', ['spec', '--bundle', bundle.folder]);
    renameSync(busyboxRoot(scope), join(bundle.folder, 'rootfs'));
    bundle.copy = join(editor.workspace, 'bundle');
    mkdirSync(bundle.copy);
    writeFileSync(join(bundle.copy, 'config.json'), readFileSync(join(bundle.folder, 'config.json')));
    await workbench.openFile(join(bundle.copy, 'config.json'));
    await stage.run('Create from OCI Bundle...');
    await quickInput.opened('The config.json of the bundle');
    await quickInput.choose('bundle/config.json');
    assert.ok((await quickInput.opened('may be a copy of the one there')) !== undefined);
    await quickInput.answer('Create from OCI Bundle', bundle.folder);
    await quickInput.opened(`What creates it on ${host.alias}`);
    const ways = (await quickInput.items()).map(({ label }) => label).filter((label) => label !== 'crun');
    assert.deepEqual(ways.slice(0, 2), ['runc', 'Helper, without the program']);
    await workbench.screenshot(`${edition}-bundle-ways`);
    await quickInput.choose('Helper, without the program');
    await quickInput.answer('A name to keep it under', name);
    await workbench.editor(`bundle-${name}.md`);
    await quickInput.opened(/\d+ fields of config\.json will have no effect/);
    await workbench.screenshot(`${edition}-bundle-preview`);
    await quickInput.choose(`Create “${name}” on ${host.alias}`);
    await tree.row(host.alias, 'UTS', name);
    const text = await workbench.editorText();
    for (const pointer of ['/process/args', '/process/env', '/linux/maskedPaths', '/root/readonly', '/mounts/1']) {
      assert.ok(text.replaceAll('\\', '').includes(`- ${pointer}: `), `${pointer} is not in ${text}`);
    }
    await workbench.closeEditors();
    await run([helper, 'end', name]);
    await tree.gone(host.alias, 'UTS', name);
  });

  step('the menu of the file’s tab hands it to runc, which runs in a terminal and ends with it', async () => {
    const { workbench, host, scope } = stage;
    const { quickInput, page } = workbench;
    scope.defer(async () => void (await run(['runc', 'delete', '--force', byRunc])));
    const config: unknown = JSON.parse(readFileSync(join(bundle.folder, 'config.json'), 'utf8'));
    assert.ok(typeof config === 'object' && config !== null && 'process' in config && 'linux' in config);
    // What hybrid cgroups and the limits of a virtual machine refuse.
    // A hang-up does not end it.
    const args = ['/bin/sh', '-c', 'trap "" HUP; sleep 1000; sleep 1000'];
    Object.assign(config.process ?? {}, { rlimits: [], args });
    Object.assign(config.linux ?? {}, { resources: {} });
    writeFileSync(join(bundle.folder, 'config.json'), JSON.stringify(config));
    await workbench.openFile(join(bundle.copy, 'config.json'));
    const menu = await openMenu(page, () => page.locator('.tabs-container .tab.active').click({ button: 'right' }));
    await menu.choose('Create from OCI Bundle...');
    await quickInput.answer('may be a copy of the one there', `${bundle.folder}/`);
    await quickInput.opened(`What creates it on ${host.alias}`);
    await quickInput.choose('runc');
    await quickInput.answer('The container’s id for runc', byRunc);
    assert.match(await workbench.dialog(), new RegExp(`Run “${byRunc}” with runc on ${host.alias}\\?`));
    const detail = await page.locator('.monaco-dialog-box').innerText();
    assert.ok(detail.includes(`run --bundle ${bundle.folder} -- ${byRunc}`), detail);
    assert.ok(detail.includes(`on ${host.alias}, whatever the file here says`), detail);
    await workbench.screenshot(`${edition}-bundle-runc`);
    await workbench.pressInDialog('Run');
    await page.locator('.terminal-wrapper.active .xterm').waitFor();
    await until('runc runs it', async () =>
      (await run(['runc', 'state', byRunc])).stdout.toString().includes('"status": "running"'),
    );
    await workbench.screenshot(`${edition}-bundle-running`);
    await workbench.run('Terminal: Kill the Active Terminal Instance');
    await until('it has ended with its terminal', async () => (await run(['runc', 'state', byRunc])).code !== 0);
    await workbench.closeEditors();
  });

  step('what is not JSON, or not a bundle, is told with its place, and nothing runs', async () => {
    const { workbench, host } = stage;
    const { quickInput, notifications } = workbench;
    const open = async (text: string): Promise<void> => {
      writeFileSync(join(bundle.copy, 'config.json'), text);
      await workbench.openFile(join(bundle.copy, 'config.json'));
      await stage.run('Create from OCI Bundle...');
      await quickInput.opened('The config.json of the bundle');
      await quickInput.choose('bundle/config.json');
      await quickInput.answer('may be a copy of the one there', bundle.folder);
    };
    await open('{\n  "ociVersion": "1.0.2",\n  "process": \n}\n');
    await notifications.press('Go to Line', /bundle\/config\.json is not JSON: line 4, column 1 cannot be read/);
    await workbench.editor('config.json');
    await notifications.clear();
    await workbench.closeEditors();
    await open('{"ociVersion": "1.0.2", "process": {"args": [], "cwd": "x"}, "root": {"path": "rootfs"}}');
    await quickInput.opened(`What creates it on ${host.alias}`);
    await quickInput.choose('Helper');
    assert.match(await workbench.dialog(), /^Nothing was created: 2 fields of config\.json break the specification/);
    const detail = await workbench.page.locator('.monaco-dialog-box').innerText();
    assert.match(detail, /\/process\/args: /);
    assert.match(detail, /\/process\/cwd: /);
    await workbench.pressInDialog((await workbench.dialogButtons())[0] ?? '');
    await stage.run('Create from OCI Bundle...');
    await quickInput.opened('The config.json of the bundle');
    await quickInput.choose('Absolute Path...');
    await quickInput.answer(`The bundle’s folder on ${host.alias}`, join(bundle.folder, 'none'));
    await notifications.said(/none\/config\.json cannot be read: .*No such file or directory/);
    await notifications.clear();
  });
};
