/** Connections that end: by the server, by a cut, by the person, and one that must not begin. */
import assert from 'node:assert/strict';
import type { Edition } from '../../../tools/editor.mjs';
import { ipNetns } from '../../helper/support/namespaces.ts';
import { until } from '../support/poll.ts';
import { container, onStage } from './stage.ts';

export function losing(edition: Edition): void {
  const settings = {
    'linuxNamespaces.showThisMachine': false,
    'linuxNamespaces.hosts': [{ target: 'build7' }],
  };
  onStage('a connection that ends', edition, { settings, knownHost: true }, (stage, step) => {
    step('a known host connects without a question', async () => {
      const { workbench, tree, host } = stage;
      await workbench.show(container);
      const row = await tree.row(host.alias);
      assert.match(row.description, /not connected/);
      assert.match(row.accessibleLabel, /not connected/);
      await tree.press('Connect', host.alias);
      await tree.row(host.alias, 'Network');
      assert.equal(await workbench.page.locator('.monaco-dialog-box').count(), 0);
      await tree.expand(host.alias, 'Network');
      await tree.select(host.alias, 'Network', 'host');
    });

    step('a cut mends itself', async () => {
      const { tree, host, scope } = stage;
      host.cut();
      const { name } = await ipNetns(scope);
      await tree.row(host.alias, 'Network', name);
      assert.match((await tree.row(host.alias)).description, /Linux/);
    });

    step('when the server ends, the tree stays, stale, with the reason', async () => {
      const { tree, host, workbench } = stage;
      await host.stop();
      const row = await until('the row says that the connection is lost', async () => {
        const found = await tree.find(host.alias);
        return found?.description.includes('connection lost') === true && found;
      });
      assert.match(row.accessibleLabel, /connection lost, stale/);
      const [reason] = await tree.children(host.alias);
      assert.match(reason?.accessibleLabel ?? '', /connection|closed|ended/i);
      const kept = await tree.row(host.alias, 'Network', 'host');
      assert.match(kept.accessibleLabel, /, stale$/);
      assert.equal(kept.selected, true);
      const status = await workbench.ourStatusItem();
      assert.match(status?.accessibleLabel ?? '', /connection lost/);
      await workbench.screenshot(`${edition}-stale`);
      const tooltip = await tree.tooltip(host.alias, 'Network', 'host');
      assert.match(tooltip, /network namespace/);
      assert.doesNotMatch(tooltip, /%2F|%20/);
    });

    step('when the server is back, the host comes back with what happened meanwhile', async () => {
      const { tree, host, scope } = stage;
      const { name } = await ipNetns(scope);
      await host.start();
      const connected = async () => (await tree.find(host.alias))?.description.includes('Linux') === true;
      const offered = await until('the host is connected again, or Reconnect is offered', async () =>
        (await connected()) ? 'nothing' : (await tree.actions(host.alias)).find((action) => action === 'Reconnect'),
      );
      // By itself it tries again with growing pauses; a person need not wait for them.
      if (offered === 'Reconnect') {
        // Unless it has come back meanwhile.
        await tree
          .press('Reconnect', host.alias)
          .catch(async (error: unknown) => assert.ok(await connected(), String(error)));
      }
      await until('the host is connected again', connected);
      await tree.row(host.alias, 'Network', name);
      const kept = await tree.row(host.alias, 'Network', 'host');
      assert.doesNotMatch(kept.accessibleLabel, /stale/);
      assert.equal(kept.selected, true);
    });

    step('polling stops while nobody looks, and begins again', async () => {
      const { workbench, tree, host, scope } = stage;
      await until('the helper watches', () => host.helpers().working.length > 0);
      await workbench.show('Explorer');
      await until('the helper rests', () => {
        const { serving, working } = host.helpers();
        return serving.length === 1 && working.length === 0;
      });
      const { name } = await ipNetns(scope);
      await workbench.show(container);
      await until('the helper watches again', () => host.helpers().working.length > 0);
      await tree.row(host.alias, 'Network', name);
    });

    step('disconnecting leaves no helper on the host', async () => {
      const { tree, host } = stage;
      await tree.chooseFromMenu('Disconnect', host.alias);
      await until('the row says so', async () => (await tree.find(host.alias))?.description === 'not connected');
      await until('no helper runs', () => {
        const { serving, working } = host.helpers();
        return serving.length + working.length === 0;
      });
    });

    step('a changed host key is refused with both fingerprints, before any credential is sent', async () => {
      const { workbench, tree, host } = stage;
      const known = host.hostKey.fingerprint;
      await host.stop();
      await host.start({ newHostKey: true });
      await tree.press('Connect', host.alias);
      const words = await workbench.notifications.said(/host key/i);
      assert.ok(words.includes(known), words);
      assert.ok(words.includes(host.hostKey.fingerprint), words);
      assert.match(words, /known_hosts.*\b1\b/s);
      assert.doesNotMatch(host.log(), /userauth-request|Postponed|Accepted/);
      await until('the row says so', async () =>
        (await tree.find(host.alias))?.accessibleLabel.includes('connecting failed'),
      );
      await workbench.screenshot(`${edition}-changed-key`);
      await workbench.notifications.press('Open known_hosts', /host key/i);
      await workbench.editor('known_hosts');
      await workbench.closeEditors();
      await workbench.notifications.clear();
    });

    step('a removed host goes, and its removal can be undone', async () => {
      const { workbench, tree, host } = stage;
      await tree.chooseFromMenu('Remove Host...', host.alias);
      await tree.gone(host.alias);
      await workbench.notifications.press('Undo', /removed/);
      await tree.row(host.alias);
      await tree.chooseFromMenu('Remove Host...', host.alias);
      await tree.gone(host.alias);
      await tree.welcome().waitFor();
    });
  });
}
