/** Connections that end: by the server, by a cut, by the person, and one that must not begin. */
import assert from 'node:assert/strict';
import { ipNetns } from '../../helper/support/namespaces.ts';
import { until } from '../support/poll.ts';
import { container, type Play } from './stage.ts';

export const losing: Play = (stage, step) => {
  const { edition } = stage;

  step('a known host connects without a question', async () => {
    const { workbench, tree, host } = stage;
    await tree.says(/^not connected$/, host.alias);
    await tree.says(/^Host build7, not connected/, host.alias);
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
    await tree.says(/Linux/, host.alias);
  });

  step('when the server ends, the tree stays, stale, with the reason', async () => {
    const { tree, host, workbench } = stage;
    await host.stop();
    await tree.says(/connection lost, stale/, host.alias);
    await tree.row(host.alias, /connection|closed|ended/i);
    await tree.says(/, stale$/, host.alias, 'Network', 'host');
    assert.equal((await tree.row(host.alias, 'Network', 'host')).selected, true);
    await until('the status bar says so', async () =>
      (await workbench.ourStatusItem())?.accessibleLabel.includes('connection lost'),
    );
    await workbench.screenshot(`${edition}-stale`);
    const tooltip = await tree.explains(/network namespace/, host.alias, 'Network', 'host');
    assert.doesNotMatch(tooltip, /%2F|%20/);
  });

  step('when the server is back, the host comes back with what happened meanwhile', async () => {
    const { tree, host, scope } = stage;
    const { name } = await ipNetns(scope);
    await host.start();
    await until('the host is connected again', async () => {
      if ((await tree.find(host.alias))?.description.includes('Linux') === true) return true;
      // By itself it tries again with growing pauses; a person need not wait for them.
      await tree.pressIfThere('Reconnect', host.alias);
      return false;
    });
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
    await tree.says(/^not connected$/, host.alias);
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
    await tree.says(/connecting failed/, host.alias);
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
};
