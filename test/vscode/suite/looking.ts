/** Finding one's way in the tree of a connected host: filters and groupings. */
import assert from 'node:assert/strict';
import { ipNetns } from '../../helper/support/namespaces.ts';
import { until } from '../support/poll.ts';
import { holdNamespaces, uniqueProcessName } from '../support/workloads.ts';
import { typeLabels } from './first-use.ts';
import type { Play, Stage } from './stage.ts';

export const looking: Play = (stage, step) => {
  const { edition } = stage;
  const names = { netns: '', process: '', user: '' };

  /** Labels below a row, without notes. */
  const labels = async (...path: readonly (string | RegExp)[]) =>
    (await stage.tree.children(...path)).map(({ label }) => label);

  step('a host of the settings connects when it is unfolded', async () => {
    const { tree, host, scope } = stage;
    names.netns = (await ipNetns(scope)).name;
    names.process = uniqueProcessName('looked');
    names.user = uniqueProcessName('owner');
    await holdNamespaces(scope, names.process, '--uts', '--ipc', '--net');
    await holdNamespaces(scope, names.user, '--user', '--map-root-user', '--uts', '--pid', '--fork', '--kill-child');
    await tree.expand(host.alias);
    await tree.row(host.alias, 'Network');
  });

  step('a text filter follows the typing, leaves what has the text, and says that it is there', async () => {
    const { workbench, tree, host } = stage;
    await stage.run('Filter...');
    const input = await workbench.quickInput.opened('Filter Namespaces');
    await input.fill(names.process);
    await until('only what has the text is left', async () => {
      const types = await tree.children(host.alias);
      return types.find(({ label }) => label === 'UTS')?.description === '1';
    });
    await workbench.quickInput.accept();
    await workbench.quickInput.closed();
    await tree.expand(host.alias, 'UTS');
    assert.deepEqual(await labels(host.alias, 'UTS'), [names.process]);
    // It shares the others with the host, and there it is the only process that is left.
    await tree.expand(host.alias, 'Mount', 'host');
    assert.deepEqual(await labels(host.alias, 'Mount', 'host'), ['Mounts', names.process]);
    assert.match(await tree.message(), new RegExp(names.process));
    await workbench.screenshot(`${edition}-filter`);
  });

  step('what passes the filter appears while it is on, and what does not stays away', async () => {
    const { tree, host, scope } = stage;
    const twin = await holdNamespaces(scope, `${names.process.slice(0, 12)}-b`, '--uts');
    const other = await holdNamespaces(scope, uniqueProcessName('other'), '--uts');
    await stage.run('Filter...');
    await stage.workbench.quickInput.answer('Filter Namespaces', names.process.slice(0, 12));
    await until('both are shown', async () => (await labels(host.alias, 'UTS')).length === 2);
    await twin.release();
    await until('one is left', async () => (await labels(host.alias, 'UTS')).join() === names.process);
    await other.release();
    assert.notEqual(await tree.message(), '');
  });

  step('a filter that nothing passes says so, and one press clears it', async () => {
    const { workbench, tree, host } = stage;
    await stage.run('Filter...');
    await workbench.quickInput.answer('Filter Namespaces', 'nothing-is-called-this');
    await tree.row(host.alias, 'Nothing passes the filter');
    await tree.select(host.alias, 'Nothing passes the filter');
    await tree.row(host.alias, 'Mount');
    assert.equal(await tree.message(), '');
  });

  step('a filter by type shows the chosen types', async () => {
    const { workbench, tree, host } = stage;
    await stage.run('Filter by Type...');
    await workbench.quickInput.opened('Filter by Type');
    for (const type of typeLabels.filter((label) => label !== 'Network' && label !== 'User')) {
      // One click after the other.
      // oxlint-disable-next-line no-await-in-loop
      await workbench.quickInput.toggle(type, false);
    }
    await workbench.quickInput.accept();
    await until('two types are left', async () => {
      const types = (await labels(host.alias)).filter((label) => typeLabels.includes(label));
      return types.join() === 'Network,User';
    });
    await stage.run('Clear Filter');
    await tree.row(host.alias, 'Mount');
  });

  step('the host’s own namespaces can be hidden and shown again', async () => {
    const { tree, host } = stage;
    await tree.expand(host.alias, 'Network');
    await tree.row(host.alias, 'Network', 'host');
    await stage.run("Hide the Host's Own Namespaces");
    await tree.gone(host.alias, 'Network', 'host');
    await tree.row(host.alias, 'Network', names.netns);
    await stage.run("Show the Host's Own Namespaces");
    await tree.row(host.alias, 'Network', 'host');
  });

  step('grouped by owner, a user namespace has what it owns below it', async () => {
    const { workbench, tree, host } = stage;
    await groupBy(stage, 'Owner');
    await tree.expand(host.alias, 'host');
    await tree.expand(host.alias, 'host', names.user);
    const owned = await tree.row(host.alias, 'host', names.user, names.user);
    assert.match(owned.description, /^(uts|pid) · \d+/);
    await tree.row(host.alias, 'host', names.netns);
    await workbench.screenshot(`${edition}-owner`);
  });

  step('grouped by workload, a process tree has its namespaces below it', async () => {
    const { workbench, tree, host } = stage;
    await groupBy(stage, 'Workload');
    await tree.expand(host.alias, names.process);
    const row = await tree.row(host.alias, names.process);
    assert.match(row.accessibleLabel, /process tree, 1 process, 3 namespaces/);
    const kinds = (await tree.children(host.alias, names.process)).map(({ description }) => description.split(' ')[0]);
    assert.deepEqual(kinds, ['uts', 'ipc', 'net']);
    await workbench.screenshot(`${edition}-workload`);
    await groupBy(stage, 'Type');
    await tree.row(host.alias, 'Mount');
  });
};

/** On a busy machine the palette may take the focus back from the picker that it opened, which closes it. */
async function groupBy(stage: Stage, grouping: string): Promise<void> {
  const { quickInput } = stage.workbench;
  await until(`it is grouped by ${grouping}`, async () => {
    await stage.run('Group By...');
    const opened = until('the picker', async () => (await quickInput.words()).includes('Group Namespaces By'), {
      within: 5000,
    });
    if (!(await opened.catch(() => false))) return false;
    await quickInput.choose(grouping);
    return true;
  });
}
