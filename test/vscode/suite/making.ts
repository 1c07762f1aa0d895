/** From nothing to an instance and back: create, enter, leave and come back, end; and what the host can do at all. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { helper } from '../../helper/support/helper.ts';
import { idOf } from '../../helper/support/namespaces.ts';
import { output, run } from '../../helper/support/process.ts';
import { startHost } from '../support/host.ts';
import { until } from '../support/poll.ts';
import { holdNamespaces, uniqueProcessName } from '../support/workloads.ts';
import type { Play } from './stage.ts';

export const making: Play = (stage, step) => {
  const { edition } = stage;
  let name = uniqueProcessName('made');

  step('namespaces are created by the picker, after a preview, and shown', async () => {
    const { workbench, tree, host, scope } = stage;
    const { quickInput } = workbench;
    // It outlives everything of the test's, so a test that fails must end it too.
    scope.defer(async () => {
      await run([helper, 'end', name]);
    });
    await stage.run('Create Namespaces...');
    await quickInput.opened('Create Namespaces (1/3)');
    await quickInput.toggle('UTS', true);
    await quickInput.toggle('Network', true);
    await workbench.screenshot(`${edition}-create`);
    await quickInput.accept();
    await quickInput.opened('What is done beside');
    await workbench.screenshot(`${edition}-create-options`);
    await quickInput.toggle('NIS Domain Name', true);
    await quickInput.accept();
    await quickInput.answer('NIS Domain Name (3/4)', 'lns-test');
    await quickInput.opened('Create Namespaces (4/4)');
    // Back to the options, which are as they were left, and this one not after all.
    for (const back of ['NIS Domain Name (3/4)', 'What is done beside']) {
      await quickInput.back();
      await quickInput.opened(back);
    }
    await quickInput.toggle('NIS Domain Name', false);
    await quickInput.accept();
    await quickInput.answer('Create Namespaces (3/3)', name);
    const words = await workbench.dialog();
    assert.ok(words.includes(name), words);
    const page = await workbench.page.locator('.monaco-dialog-box').innerText();
    assert.match(page, /unshare .*--uts/);
    assert.match(page, /--net/);
    await workbench.screenshot(`${edition}-create-preview`);
    await workbench.pressInDialog('Create');
    await tree.row(host.alias, 'Network', name);
    await tree.selected(host.alias, 'UTS', name);
  });

  step('several existing namespaces are joined at once', async () => {
    const { workbench, tree, host, scope } = stage;
    const { quickInput } = workbench;
    const joining = uniqueProcessName('joining');
    scope.defer(async () => void (await run([helper, 'end', joining])));
    await stage.run('Create Namespaces...');
    await quickInput.opened('Create Namespaces (1/3)');
    await quickInput.toggle('IPC', true);
    await quickInput.accept();
    await quickInput.opened('What is done beside');
    await quickInput.toggle('Join', true);
    await quickInput.accept();
    await quickInput.opened('Types of which an existing namespace is joined');
    const offered = (await quickInput.items()).map(({ label }) => label);
    assert.ok(offered.includes('Network') && !offered.includes('IPC'), offered.join());
    await quickInput.toggle('UTS', true);
    await quickInput.toggle('Network', true);
    await quickInput.accept();
    for (const type of ['UTS', 'Network']) {
      await quickInput.opened(`${type} Namespace to Join`);
      await quickInput.type(name);
      await quickInput.choose(name);
    }
    await quickInput.answer('A name to keep it under', joining);
    await workbench.pressInDialog('Create');
    await tree.selected(host.alias, 'IPC', joining);
    const pid = await pidOfHolder(joining);
    const made = await pidOfHolder(name);
    for (const type of ['uts', 'net'] as const) assert.equal(idOf(pid, type), idOf(made, type));
    assert.notEqual(idOf(pid, 'ipc'), idOf(made, 'ipc'));
    await run([helper, 'end', joining]);
    await tree.gone(host.alias, 'IPC', joining);
  });

  step('a terminal opens in it, and says where it is', async () => {
    const { workbench, tree, host, editor } = stage;
    await tree.chooseFromMenu('Enter', host.alias, 'UTS', name);
    await workbench.quickInput.opened('Enter');
    await workbench.quickInput.choose(/^All of /);
    await workbench.page.locator('.terminal-wrapper.active .xterm').waitFor();
    const file = join(editor.home, 'seen');
    await until('the shell in it answers', async () => {
      // Typed again until the shell reads: its prompt is drawn, not written into the page.
      await workbench.page.keyboard.type(
        `hostname > ${file}; readlink /proc/self/ns/net >> ${file}; stty size >> ${file}`,
      );
      await workbench.page.keyboard.press('Enter');
      const written = (): boolean => readText(file).split('\n').length > 3;
      if (await until('it has written', written, { within: 3000 }).catch(() => false)) return true;
      // On a busy machine the tree that revealed the new row may take the focus after the terminal did.
      await workbench.page.locator('.terminal-wrapper.active .xterm').click();
      return false;
    });
    const [hostname, net = '', size = ''] = readText(file).split('\n');
    assert.equal(hostname, name);
    assert.notEqual(net, `net:[${idOf(process.pid, 'net')}]`);
    assert.match(size, /^\d+ \d+$/);
    assert.notEqual(size, '0 0');
    await workbench.screenshot(`${edition}-enter`);
    await workbench.page.keyboard.type('exit');
    await workbench.page.keyboard.press('Enter');
    await workbench.page.locator('.terminal-wrapper.active .xterm').waitFor({ state: 'detached' });
  });

  step('one command is run in it, by no shell, and its exit status is said', async () => {
    const { workbench, tree, host, editor } = stage;
    const file = join(editor.home, 'said');
    await tree.chooseFromMenu('Run Command in...', host.alias, 'UTS', name);
    await workbench.quickInput.opened('Run Command in');
    await workbench.quickInput.choose(/^All of /);
    await workbench.quickInput.answer(/^Run Command in .* on /, `sh -c 'hostname > ${file}; exit 3'`);
    await until('it has run', () => readText(file) === `${name}\n`);
    await workbench.page.getByText('exit status 3').first().waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.run('Terminal: Kill All Terminals');
  });

  step('it outlives the connection, and is found again by its name', async () => {
    const { tree, host, workbench } = stage;
    await tree.chooseFromMenu('Disconnect', host.alias);
    await tree.gone(host.alias, 'Network');
    await tree.press('Connect', host.alias);
    await tree.expand(host.alias, 'UTS');
    await tree.row(host.alias, 'UTS', name);
    // Instances have a group of their own, with what they are made of below them.
    await tree.expand(host.alias, 'Instances', name);
    const below = await tree.children(host.alias, 'Instances', name);
    assert.deepEqual(
      below.map(({ description }) => description.split(' ')[0]),
      ['uts', 'net'],
    );
    await workbench.screenshot(`${edition}-instance`);
  });

  step('it gets another name', async () => {
    const { tree, host, workbench, scope } = stage;
    const before = name;
    name = uniqueProcessName('other');
    scope.defer(async () => void (await run([helper, 'end', name])));
    await tree.chooseFromMenu('Rename...', host.alias, 'Instances', before);
    await workbench.quickInput.answer('Rename', name);
    await tree.row(host.alias, 'Instances', name);
    await tree.row(host.alias, 'UTS', name);
    await tree.gone(host.alias, 'UTS', before);
  });

  step('what ends is said before it is done, and then it is gone', async () => {
    const { workbench, tree, host } = stage;
    await tree.chooseFromMenu('End...', host.alias, 'Instances', name);
    const words = await workbench.dialog();
    assert.ok(words.includes(`the instance “${name}”`), words);
    assert.match(await workbench.page.locator('.monaco-dialog-box').innerText(), /pid \d+/);
    await workbench.screenshot(`${edition}-end`);
    await workbench.pressInDialog('End');
    await tree.gone(host.alias, 'UTS', name);
    await tree.gone(host.alias, 'Instances', name);
  });

  step('a namespace is kept under a name without its process, and kept no more', async () => {
    const { workbench, tree, host, scope } = stage;
    const owner = uniqueProcessName('keeps');
    const kept = uniqueProcessName('kept');
    scope.defer(async () => void (await run([helper, 'unpin', kept])));
    const held = await holdNamespaces(scope, owner, '--net');
    await tree.expand(host.alias, 'Network');
    await tree.row(host.alias, 'Network', owner);
    await tree.chooseFromMenu('Keep...', host.alias, 'Network', owner);
    await workbench.quickInput.answer('Keep', kept);
    await tree.row(host.alias, 'Network', kept);
    await held.release();
    await tree.says(/0 processes/, host.alias, 'Network', kept);
    await tree.chooseFromMenu('Stop Keeping...', host.alias, 'Network', kept);
    assert.match(await workbench.dialog(), new RegExp(kept));
    const words = await workbench.page.locator('.monaco-dialog-box').innerText();
    assert.match(words, /\/run\/netns\//);
    assert.match(words, /Nothing else .*keeps it/);
    await workbench.pressInDialog('Stop Keeping');
    await tree.gone(host.alias, 'Network', kept);
  });

  step('an instance of every type comes from three answers, and goes', async () => {
    const { workbench, tree, host, scope } = stage;
    const { quickInput } = workbench;
    const whole = uniqueProcessName('whole');
    scope.defer(async () => void (await run([helper, 'end', whole])));
    await stage.run('New Instance...');
    await quickInput.opened('New Instance (1/3)');
    await quickInput.choose('The Host’s Own Files');
    await quickInput.opened('New Instance (2/3)');
    await quickInput.choose('veth Pair');
    await quickInput.answer('New Instance (3/3)', whole);
    assert.match(await workbench.dialog(), new RegExp(whole));
    assert.match(await workbench.page.locator('.monaco-dialog-box').innerText(), /veth pair: ve-0whole/);
    await workbench.pressInDialog('Create');
    await tree.expand(host.alias, 'Instances', whole);
    const types = await tree.children(host.alias, 'Instances', whole);
    assert.equal(types.length, 8);
    await tree.chooseFromMenu('End...', host.alias, 'Instances', whole);
    await workbench.dialog();
    await workbench.pressInDialog('End');
    await tree.gone(host.alias, 'Instances', whole);
  });

  step('readiness below the host says what a limit of 0 forbids, and what helps', async () => {
    const { workbench, tree, scope, editor } = stage;
    // A limit in a user namespace of its own: what the machine's root may do to the whole machine differs.
    const limited = `sh -c 'echo 0 >/proc/sys/user/max_time_namespaces; exec sh -c "$SSH_ORIGINAL_COMMAND"'`;
    const host = await startHost(scope, 'limited', [`ForceCommand unshare --user --map-root-user ${limited}`]);
    await host.introduce(editor.home, { known: true });
    await stage.run('Add Host...');
    await workbench.quickInput.answer('Add Host', host.alias);
    await tree.expand(host.alias, 'Readiness');
    await tree.says(/✓ yes/, host.alias, 'Readiness', 'UTS namespaces');
    await tree.says(/✗ no: /, host.alias, 'Readiness', 'Time namespaces');
    // Rows above come and go meanwhile, so the pointer may have rested on another one.
    const words = await until('the tooltip names the limit', async () => {
      const shown = await tree.tooltip(host.alias, 'Readiness', 'Time namespaces');
      return shown.includes('max_time_namespaces') && shown;
    });
    assert.match(words, /raise/i);
    await workbench.screenshot(`${edition}-limit`);
    await tree.press('Try Readiness Again', host.alias, 'Readiness');
    await tree.says(/✗ no: /, host.alias, 'Readiness', 'Time namespaces');
    // What cannot be made cannot be chosen either: the tick is taken back, and the box says why.
    const { quickInput } = workbench;
    await tree.chooseFromMenu('Create Namespaces...', host.alias);
    await quickInput.opened('Create Namespaces (1/3)');
    await until('the reason stands beside the type', async () =>
      (await quickInput.items()).some(
        ({ label, description }) => label === 'Time' && /max_time_namespaces|limit/i.test(description),
      ),
    );
    await quickInput.press('Time');
    await until('the reason stands in the box', async () =>
      /max_time_namespaces|limit/i.test(await quickInput.placeholder()),
    );
    assert.equal((await quickInput.items()).find(({ label }) => label === 'Time')?.checked, false);
    await workbench.screenshot(`${edition}-impossible`);
    await quickInput.cancel();
    await tree.chooseFromMenu('Remove Host...', host.alias);
    await tree.gone(host.alias);
  });

  step('readiness is a document made by real tries', async () => {
    const { workbench } = stage;
    await stage.run('Show Readiness');
    await workbench.editor(/readiness/);
    const text = await workbench.editorText();
    assert.match(text, /^# Readiness of /);
    assert.match(text, /uts/i);
    await workbench.screenshot(`${edition}-readiness`);
    await workbench.closeEditors();
  });
};

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

async function pidOfHolder(name: string): Promise<number> {
  return Number((await output(['pgrep', '-f', `^linux-namespaces: ${name} `])).trim());
}
