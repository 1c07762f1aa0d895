/** From an empty view to a host over SSH: adding, trusting, looking around, and seeing it change. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ipNetns } from '../../helper/support/namespaces.ts';
import { passphrase } from '../support/host.ts';
import { until } from '../support/poll.ts';
import { holdNamespaces, uniqueProcessName } from '../support/workloads.ts';
import type { Play } from './stage.ts';

export const typeLabels = ['Mount', 'UTS', 'IPC', 'PID', 'Network', 'User', 'Cgroup', 'Time'];

export const firstUse: Play = (stage, step) => {
  const { edition } = stage;

  step('an empty view says how to begin, and its button asks for a host', async () => {
    const { workbench, tree } = stage;
    await tree.welcome().waitFor();
    assert.match(await tree.welcome().innerText(), /No host has been added yet/);
    await workbench.screenshot(`${edition}-welcome`);
    await tree.welcome().locator('.monaco-button', { hasText: 'Add Host' }).click();
    await workbench.quickInput.opened('Add Host');
  });

  step('the picker offers the hosts of the SSH configuration and says why a text is no address', async () => {
    const { workbench, host } = stage;
    const { quickInput } = workbench;
    await until('the picker knows the SSH configuration', async () =>
      (await quickInput.items()).some(({ label }) => label === host.alias),
    );
    await quickInput.type('-oProxyCommand=x');
    await until('the picker refuses the text', async () =>
      (await quickInput.items()).some(({ description }) => description.includes('cannot be used')),
    );
    await quickInput.type('');
    await quickInput.choose(host.alias);
  });

  step('an unknown host key is asked about, with its fingerprint, and saved when accepted', async () => {
    const { workbench, host, editor } = stage;
    const words = await workbench.dialog();
    assert.ok(words.includes(host.hostKey.fingerprint), words);
    assert.match(words, /administrator/);
    await workbench.screenshot(`${edition}-host-key`);
    await workbench.pressInDialog('Accept and Save');
    const file = join(editor.home, '.ssh', 'known_hosts');
    await until('the key is saved', () => readText(file).includes(host.hostKey.line));
  });

  step('the host is connected and shows the eight types', async () => {
    const { tree, host, workbench } = stage;
    await tree.row(host.alias, 'Network');
    const labels = (await tree.children(host.alias)).map(({ label }) => label);
    assert.deepEqual(
      labels.filter((label) => typeLabels.includes(label)),
      typeLabels,
    );
    await tree.says(/^as root · Linux \d+\.\d+/, host.alias);
    await tree.says(/^Host build7, connected/, host.alias);
    const status = await until('the status bar shows the host', async () => {
      const item = await workbench.ourStatusItem();
      return item?.text.includes(host.alias) === true && item;
    });
    assert.match(status.text, /build7: [\d,]+ namespaces/);
    assert.match(status.accessibleLabel, /connected/);
  });

  step('the helper lies in the cache folder of the account, and nothing else was put there', () => {
    const folder = join(stage.host.home, '.cache', 'linux-namespaces');
    const files = readdirSync(folder);
    assert.equal(files.length, 1);
    assert.match(files[0] ?? '', /^nshelper-/);
    assert.deepEqual(readdirSync(stage.host.home), ['.cache']);
    return Promise.resolve();
  });

  step('a network namespace that `ip netns add` makes appears by its name, and goes with it', async () => {
    const { tree, host, scope } = stage;
    await tree.expand(host.alias, 'Network');
    const initial = await tree.row(host.alias, 'Network', 'host');
    assert.match(initial.accessibleLabel, /the host’s own network namespace/);
    const { name } = await ipNetns(scope);
    // It may be seen before ip(8), which makes it from within, has ended.
    const row = await tree.says(/, 0 processes/, host.alias, 'Network', name);
    assert.match(row.accessibleLabel, new RegExp(`^${name}, network namespace, \\d+, 0 processes`));
    const kept = await tree.expand(host.alias, 'Network', name);
    assert.equal(kept.expanded, true);
    await tree.row(host.alias, 'Network', name, `/run/netns/${name}`);
  });

  step('a namespace that a process makes appears, and goes when it ends; selection and folding stay', async () => {
    const { tree, host, scope } = stage;
    const first = uniqueProcessName('first');
    const held = await holdNamespaces(scope, first, '--uts', '--ipc');
    await tree.expand(host.alias, 'UTS');
    const appeared = await tree.row(host.alias, 'UTS', first);
    assert.match(appeared.description, /1 process/);
    await tree.expand(host.alias, 'UTS', first);
    await tree.select(host.alias, 'UTS', first, first);

    const second = uniqueProcessName('second');
    const other = await holdNamespaces(scope, second, '--uts');
    await tree.row(host.alias, 'UTS', second);
    assert.equal((await tree.row(host.alias, 'UTS', first)).expanded, true);
    assert.equal((await tree.row(host.alias, 'UTS', first, first)).selected, true);
    await other.release();
    await tree.gone(host.alias, 'UTS', second);
    const still = await tree.row(host.alias, 'UTS', first, first);
    assert.equal(still.selected, true);
    assert.equal(still.focused, true);

    await held.release();
    await tree.gone(host.alias, 'UTS', first);
  });

  step('a tooltip explains a namespace in words', async () => {
    const { tree, host } = stage;
    const text = await tree.explains(/The host's own network namespace/, host.alias, 'Network', 'host');
    assert.match(text, /owned by/);
    assert.match(text, /lives as long as the kernel/);
  });

  step('every row in sight has words for a screen reader, and its icon is no letter of it', async () => {
    const { tree } = stage;
    const rows = await tree.rowsInSight();
    assert.ok(rows.length > 8);
    for (const row of rows) {
      assert.notEqual(row.accessibleLabel.trim(), '', row.label);
      assert.doesNotMatch(row.accessibleLabel, /\$\(|undefined|\[object/, row.label);
    }
  });

  step('an address can be typed, and a key that needs a passphrase is asked for, hidden', async () => {
    const { workbench, tree, host } = stage;
    const address = `root@127.0.0.1:${host.port}`;
    await stage.run('Add Host...');
    const input = await workbench.quickInput.opened('Add Host');
    await input.fill(address);
    await workbench.quickInput.choose(address);
    await workbench.quickInput.opened(/passphrase/i);
    assert.match(await workbench.quickInput.words(), /id_ed25519/);
    assert.equal(await workbench.quickInput.hidesText(), true);
    await workbench.screenshot(`${edition}-passphrase`);
    await workbench.quickInput.answer(/passphrase/i, passphrase);
    await tree.row(address, 'Network');
    for (const [file, text] of await stage.editor.logs()) assert.ok(!text.includes(passphrase), file);
  });
};

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
