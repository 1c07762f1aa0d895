/** A folder that nobody trusts, and that tries to bring hosts of its own. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Play, StageOptions } from './stage.ts';

export const untrustedFolder: StageOptions = {
  askTrust: true,
  knownHost: true,
  workspaceSettings: {
    'linuxNamespaces.hosts': [{ target: 'root@evil.example' }],
    'linuxNamespaces.showThisMachine': true,
    'linuxNamespaces.connectThisMachine': true,
    'linuxNamespaces.groupBy': 'owner',
  },
  settings: {
    'linuxNamespaces.showThisMachine': false,
    'linuxNamespaces.hosts': [{ target: 'build7' }],
    'security.workspace.trust.startupPrompt': 'never',
  },
};

export const untrusted: Play = (stage, step) => {
  step('the view works, by the person’s settings alone', async () => {
    const { workbench, tree, host } = stage;
    await workbench.page.locator('.statusbar-item[id="status.workspaceTrust"]').waitFor();
    await tree.row(host.alias);
    assert.deepEqual(
      (await tree.children()).map(({ label }) => label),
      [host.alias],
    );
    await tree.expand(host.alias);
    await tree.row(host.alias, 'Network');
  });

  step('nothing is created from what the folder brings', async () => {
    const { workbench, editor } = stage;
    writeFileSync(join(editor.workspace, 'config.json'), '{}');
    await workbench.openFile(join(editor.workspace, 'config.json'));
    await stage.run('Create from OCI Bundle...');
    await workbench.quickInput.opened('The config.json of the bundle');
    await workbench.quickInput.choose('config.json');
    await workbench.notifications.said(/^A bundle runs programs: trust this folder/);
    await workbench.notifications.clear();
  });
};
