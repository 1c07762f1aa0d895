/** How it looks: pictures for people to judge, in every kind of theme and in a narrow side bar. What can be checked is that nothing is lost. */
import assert from 'node:assert/strict';
import { hold, holdScript } from '../../helper/support/process.ts';
import { until } from '../support/poll.ts';
import { holdNamespaces } from '../support/workloads.ts';
import type { Play } from './stage.ts';

/** Theme -> the class that the window has in it. The names have been the same since 1.76. */
const themes = [
  ['Light Modern', 'vs', 'light'],
  ['Dark High Contrast', 'hc-black', 'dark-high-contrast'],
  ['Light High Contrast', 'hc-light', 'light-high-contrast'],
  ['Dark Modern', 'vs-dark', 'dark'],
] as const;

/** Names as `ip netns` gives them, in a mount namespace of their own: others on this machine may use the same. */
const netns = `mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip netns add blue && ip netns add green && ${holdScript}`;

export const looks: Play = (stage, step) => {
  const { edition } = stage;

  step('a host with a few workloads, in every kind of theme', async () => {
    const { workbench, tree, host, scope } = stage;
    await hold(scope, ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', netns]);
    await holdNamespaces(scope, 'nginx', '--net', '--uts', '--ipc', '--cgroup');
    await holdNamespaces(scope, 'postgres', '--user', '--map-root-user', '--net', '--ipc');
    await workbench.page.setViewportSize({ width: 1000, height: 720 });
    await workbench.resizeSideBar(420);
    await tree.expand(host.alias, 'Network');
    await tree.select(host.alias, 'Network', 'blue');
    await workbench.run('Notifications: Clear All Notifications');
    for (const [theme, className, name] of themes) {
      // One picture after the other.
      // oxlint-disable-next-line no-await-in-loop
      await workbench.chooseTheme(theme, className);
      // oxlint-disable-next-line no-await-in-loop
      await workbench.screenshot(`${edition}-${name}`);
    }
  });

  step('the icons of the eight types are there in the high-contrast themes too', async () => {
    const { workbench, tree } = stage;
    for (const [theme, className] of themes) {
      // oxlint-disable-next-line no-await-in-loop
      await workbench.chooseTheme(theme, className);
      // oxlint-disable-next-line no-await-in-loop
      const icons = await tree.icons();
      assert.ok(icons.length > 8);
      assert.deepEqual(
        icons.filter(({ drawn }) => !drawn).map(({ label }) => label),
        [],
        theme,
      );
    }
  });

  step('grouped by owner and by workload', async () => {
    const { workbench, tree, host } = stage;
    for (const [grouping, path] of [
      ['Owner', [host.alias, 'host', 'postgres']],
      ['Workload', [host.alias, 'nginx']],
      ['Type', [host.alias, 'Network']],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      await stage.run('Group By...');
      // oxlint-disable-next-line no-await-in-loop
      await workbench.quickInput.opened('Group Namespaces By');
      // oxlint-disable-next-line no-await-in-loop
      await workbench.quickInput.choose(grouping);
      // oxlint-disable-next-line no-await-in-loop
      await tree.expand(...path);
      // oxlint-disable-next-line no-await-in-loop
      if (grouping !== 'Type') await workbench.screenshot(`${edition}-by-${grouping.toLowerCase()}`);
    }
  });

  step('in a narrow side bar the names are still there', async () => {
    const { workbench, tree, host } = stage;
    await workbench.resizeSideBar(180);
    await tree.row(host.alias, 'Network', 'blue');
    await until('the name can be read', () => tree.isLegible(host.alias, 'Network', 'blue'));
    await workbench.screenshot(`${edition}-narrow`);
  });
};
