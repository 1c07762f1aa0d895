/** What can be done with what the tree shows: details, comparing, copying, exporting, looking deeper. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { idOf, ipNetns, keep } from '../../helper/support/namespaces.ts';
import { until } from '../support/poll.ts';
import { holdNamespaces, uniqueProcessName } from '../support/workloads.ts';
import type { Play } from './stage.ts';

export const acting: Play = (stage, step) => {
  const { edition } = stage;
  const made = { name: '', pid: 0, netns: '' };

  step('a row opens everything known of its namespace as a read-only YAML document', async () => {
    const { workbench, tree, host, scope } = stage;
    made.name = uniqueProcessName('shown');
    made.pid = (await holdNamespaces(scope, made.name, '--uts', '--net')).pid;
    made.netns = (await ipNetns(scope)).name;
    await tree.expand(host.alias, 'UTS');
    await tree.press('Show Details', host.alias, 'UTS', made.name);
    const id = idOf(made.pid, 'uts');
    await workbench.editor(`uts-${id}.yaml`);
    const details: unknown = parse(await workbench.editorText());
    assert.ok(typeof details === 'object' && details !== null);
    const { namespace, type, name, members } = Object.assign(
      { namespace: '', type: '', name: '', members: {} },
      details,
    );
    assert.deepEqual({ namespace, type, name }, { namespace: `uts:${id}`, type: 'uts', name: made.name });
    assert.ok(JSON.stringify(members).includes(String(made.pid)));
    await workbench.page.keyboard.type('x');
    await until('the editor says that it is read-only', () =>
      workbench.page.getByText('Cannot edit in read-only editor').first().isVisible(),
    );
    await workbench.screenshot(`${edition}-details`);
    await workbench.closeEditors();
  });

  step('two rows that are selected are compared as a diff', async () => {
    const { workbench, tree, host } = stage;
    await tree.select(host.alias, 'UTS', 'host');
    await tree.selectAlso(host.alias, 'UTS', made.name);
    await tree.chooseFromMenu('Compare Selected', host.alias, 'UTS', made.name);
    const title = await workbench.editor(/6 shared, 2 different/);
    assert.ok(title.includes(made.name), title);
    const [left, right] = [await workbench.editorText('left'), await workbench.editorText('right')];
    assert.notEqual(left, right);
    assert.equal(left.split('\n').length, right.split('\n').length);
    await workbench.screenshot(`${edition}-compare`);
    await workbench.closeEditors();
  });

  step('the palette compares two processes that are found by typing', async () => {
    const { workbench } = stage;
    await stage.run('Compare Two...');
    for (const [title, text] of [
      ['(1/2)', String(made.pid)],
      ['(2/2)', String(process.pid)],
    ] as const) {
      // The second question comes after the first answer.
      // oxlint-disable-next-line no-await-in-loop
      const input = await workbench.quickInput.opened(new RegExp(title.replaceAll(/[()]/g, '\\$&')));
      // oxlint-disable-next-line no-await-in-loop
      await input.fill(text);
      // oxlint-disable-next-line no-await-in-loop
      await workbench.quickInput.chooseDescribed(new RegExp(`^${text} `));
    }
    await workbench.editor(/6 shared, 2 different/);
    await workbench.closeEditors();
  });

  step('id, path and nsenter command are copied', async () => {
    const { workbench, tree, host } = stage;
    const copied = async (entry: string, ...path: readonly string[]) => {
      await workbench.setClipboard('');
      // A menu of one of several selected rows is about all of them.
      await tree.select(host.alias, ...path);
      await tree.chooseFromMenu(entry, host.alias, ...path);
      return until(`${entry} has copied`, async () => (await workbench.clipboard()) || undefined);
    };
    await tree.expand(host.alias, 'Network');
    assert.equal(await copied('Copy Id', 'UTS', made.name), `uts:${idOf(made.pid, 'uts')}`);
    assert.equal(await copied('Copy Path', 'UTS', made.name), `/proc/${made.pid}/ns/uts`);
    assert.equal(await copied('Copy Path', 'Network', made.netns), `/run/netns/${made.netns}`);
    const command = await copied('Copy nsenter Command', 'UTS', made.name);
    assert.equal(command, `nsenter --target ${made.pid} --uts`);
  });

  step('a snapshot is exported as JSON', async () => {
    const { workbench, host, editor } = stage;
    await stage.run('Export Snapshot...');
    const file = join(editor.workspace, 'snapshot.json');
    await workbench.quickInput.saveTo(`Export Snapshot of ${host.alias}`, file);
    await workbench.notifications.said(/snapshot was written/i);
    const text = readFileSync(file, 'utf8');
    assert.ok(JSON.stringify(JSON.parse(text)).includes(String(idOf(made.pid, 'uts'))));
    assert.ok(text.includes(made.netns));
    await workbench.notifications.press('Open', /snapshot was written/i);
    await workbench.editor('snapshot.json');
    await workbench.closeEditors();
    await workbench.notifications.clear();
  });

  step('a deep refresh finds what only a file descriptor keeps', async () => {
    const { tree, host, scope } = stage;
    const kept = await keep(scope, 'fd', 'net');
    const { id } = kept.words;
    assert.ok(id !== undefined);
    const found = async () =>
      (await tree.children(host.alias, 'Network')).find((row) => row.description.includes(String(id)));
    assert.equal(await found(), undefined);
    await tree.chooseFromMenu('Refresh (Deep)', host.alias);
    const row = await until('it is found', found);
    assert.match(row.description, /0 processes/);
    await tree.expand(host.alias, 'Network', row.label);
    const holders = await tree.children(host.alias, 'Network', row.label);
    assert.ok(holders.some(({ description }) => description.startsWith('file descriptor')));
  });

  step('a namespace is found by typing and shown in the tree', async () => {
    const { workbench, tree, host } = stage;
    await stage.run('Go to Namespace...');
    const input = await workbench.quickInput.opened('Go to Namespace');
    await input.fill(made.netns);
    await workbench.quickInput.choose(made.netns);
    await tree.selected(host.alias, 'Network', made.netns);
  });
};
