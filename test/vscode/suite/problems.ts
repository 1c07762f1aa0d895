/** What is wrong with what runs on a host: in its row, in words, in the Problems panel, and gone when it is mended. */
import assert from 'node:assert/strict';
import { idOf, keep } from '../../helper/support/namespaces.ts';
import { output } from '../../helper/support/process.ts';
import { until } from '../support/poll.ts';
import { holdNamespaces, uniqueProcessName } from '../support/workloads.ts';
import type { Play, Stage } from './stage.ts';

export const problems: Play = (stage, step) => {
  const { edition } = stage;
  const name = uniqueProcessName('down');
  const container = uniqueProcessName('jail');
  const place = { pid: 0, leak: '' };

  step('a loopback that is down is said in the row of its namespace, by a badge and in words', async () => {
    const { workbench, tree, host, scope } = stage;
    place.pid = (await holdNamespaces(scope, name, '--net')).pid;
    await tree.expand(host.alias);
    await tree.expand(host.alias, 'Network');
    await tree.row(host.alias, 'Network', name);
    // The next look is up to half a minute away; to refresh is to ask for it.
    await stage.run('Refresh');
    const row = await until('it is found', async () => {
      const found = await tree.find(host.alias, 'Network', name);
      return found?.accessibleLabel.includes(', 2 notes') === true ? found : undefined;
    });
    assert.match(row.accessibleLabel, /^0down-.*network namespace/);
    await tree.badged('i', host.alias, 'Network', name);
    const down = /Note: The loopback interface is down, so processes in it cannot reach each other/;
    const words = await tree.explains(down, host.alias, 'Network', name);
    assert.match(words, /Run ip link set lo up in it/);
    // The host's own has nothing.
    assert.equal(await tree.badge(host.alias, 'Network', 'host'), '');
    await workbench.screenshot(`${edition}-problem-row`);
  });

  step('warnings are counted in the row of the host', async () => {
    const { workbench, tree, host, scope } = stage;
    await holdNamespaces(scope, container, '--pid', '--mount', '--fork', '--kill-child');
    await tree.expand(host.alias, 'PID');
    await tree.row(host.alias, 'PID', container);
    await stage.run('Refresh');
    await until('it is found', async () =>
      (await tree.find(host.alias, 'PID', container))?.accessibleLabel.includes(', 1 warning'),
    );
    await tree.badged('!', host.alias, 'PID', container);
    await tree.says(/^\d+ warnings? · as root/, host.alias);
    await tree.explains(
      /Warning: \/proc, as .* sees it, shows the host's own PID namespace/,
      host.alias,
      'PID',
      container,
    );
    await workbench.screenshot(`${edition}-problem-host`);
  });

  step('the Problems panel has each at its line of the details', async () => {
    const { workbench, tree, host, scope } = stage;
    const { page } = workbench;
    const kept = await keep(scope, 'fd', 'net');
    place.leak = `net-${kept.words['id']}.yaml`;
    await stage.run('Refresh (Deep)');
    await until('the leak is found', async () =>
      (await tree.children(host.alias, 'Network')).some(
        ({ description, accessibleLabel }) =>
          description.includes(String(kept.words['id'])) && / notes?$/.test(accessibleLabel),
      ),
    );
    await workbench.run('Problems: Focus on Problems View');
    const entry = page.locator('.part.panel .monaco-list-row', { hasText: 'Kept by file descriptor' }).first();
    await entry.waitFor();
    await workbench.screenshot(`${edition}-problem-panel`);
    await entry.dblclick();
    await workbench.editor(place.leak);
    const row = await until('the cursor is somewhere', async () => {
      const status = await workbench.statusItem('status.editor.selection');
      return /Ln (\d+)/.exec(status?.text ?? '')?.[1];
    });
    // The line is the one that the finding is about.
    assert.equal(Number(row), await lineOf(stage, 'held by:'));
    await workbench.screenshot(`${edition}-problem-line`);
    await workbench.closeEditors();
  });

  step('the menu of the row lists what was found, what helps, and what can be done', async () => {
    const { workbench, tree, host } = stage;
    const { quickInput } = workbench;
    await tree.chooseFromMenu('Show Problems...', host.alias, 'Network', name);
    await quickInput.opened(`Show Problems on ${host.alias}`);
    const items = await quickInput.items();
    assert.equal(items.length, 2);
    await workbench.screenshot(`${edition}-problem-list`);
    await quickInput.choose(/net:\d+/);
    await quickInput.opened('');
    await quickInput.choose('Show Details');
    await workbench.editor(`net-${idOf(place.pid, 'net')}.yaml`);
    await workbench.closeEditors();
  });

  step('what is mended goes, and all of it when the connection ends', async () => {
    const { workbench, tree, host } = stage;
    const { page } = workbench;
    await output(['nsenter', `--net=/proc/${place.pid}/ns/net`, 'ip', 'link', 'set', 'lo', 'up']);
    await stage.run('Refresh');
    await until('one is left', async () =>
      (await tree.find(host.alias, 'Network', name))?.accessibleLabel.endsWith(', 1 note'),
    );
    await tree.chooseFromMenu('Disconnect', host.alias);
    await workbench.run('Problems: Focus on Problems View');
    await until('the panel has none', async () => (await page.locator('.part.panel .monaco-list-row').count()) === 0);
    await tree.press('Connect', host.alias);
    await tree.row(host.alias, 'Network');
  });
};

/** Number of the line in the active editor that begins so. */
async function lineOf({ workbench }: Stage, start: string): Promise<number> {
  const lines = (await workbench.editorText()).split('\n');
  return lines.findIndex((line) => line.startsWith(start)) + 1;
}
