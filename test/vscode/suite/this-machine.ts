/** The machine that the extension runs on, without SSH; and all by keyboard. */
import assert from 'node:assert/strict';
import { until } from '../support/poll.ts';
import { container, type Play } from './stage.ts';

const label = 'This machine';

export const thisMachine: Play = (stage, step) => {
  const { edition } = stage;

  step('it connects by itself when the view is shown', async () => {
    const { tree } = stage;
    await tree.row(label, 'Network');
    await tree.says(/^as root · Linux /, label);
  });

  step('everything can be reached by keyboard', async () => {
    const { workbench, tree } = stage;
    const { keyboard } = workbench.page;
    await workbench.run(`${container}: Focus on Hosts View`);
    const focused = async () => (await tree.rows()).find((row) => row.focused);
    const downTo = async (wanted: string) => {
      for (let row = await focused(); row?.label !== wanted; row = await focused()) {
        const before = row?.index;
        // One row after the other, as a person does who listens to each.
        // oxlint-disable-next-line no-await-in-loop
        await keyboard.press('ArrowDown');
        // oxlint-disable-next-line no-await-in-loop
        await until('the next row is focused', async () => (await focused())?.index !== before);
      }
    };
    await keyboard.press('Home');
    await until('the first row is focused', async () => (await focused())?.index === 0);
    await downTo('Network');
    await keyboard.press('ArrowRight');
    await until('Network is unfolded', async () => (await focused())?.expanded === true);
    await tree.row(label, 'Network', 'host');
    await downTo('host');
    await keyboard.press('Shift+F10');
    const menu = workbench.page.locator('.monaco-menu');
    await menu.first().waitFor();
    await until('Copy Id is focused', async () => {
      if ((await menu.locator('.action-item.focused').allInnerTexts()).join('').trim() === 'Copy Id') return true;
      await keyboard.press('ArrowDown');
      return false;
    });
    await workbench.setClipboard('');
    await keyboard.press('Enter');
    assert.match(await until('the id is copied', async () => (await workbench.clipboard()) || undefined), /^net:\d+$/);
    await keyboard.press('ArrowLeft');
    await keyboard.press('ArrowLeft');
    await until('Network is folded', async () => (await tree.find(label, 'Network'))?.expanded === false);
  });

  step('the palette offers what can be done without the tree, and nothing that needs a row', async () => {
    const { workbench } = stage;
    // By name: the list draws only as many as it has room for.
    const isOffered = async (title: string): Promise<boolean> =>
      (await workbench.offered(title)).includes(`Linux Namespaces: ${title}`);
    for (const title of ['Add Host...', 'Compare Two...', 'Export Snapshot...', 'Forward Port...', 'Debug in...']) {
      // oxlint-disable-next-line no-await-in-loop
      assert.ok(await isOffered(title), title);
    }
    for (const title of ['Cancel Connecting', 'Compare Selected', 'Compare With...', 'Reconnect', 'Show More']) {
      // oxlint-disable-next-line no-await-in-loop
      assert.ok(!(await isOffered(title)), title);
    }
  });

  step('the log opens in the output panel', async () => {
    const { workbench } = stage;
    await stage.run('Show Log');
    const lines = workbench.page.locator('.part.panel .view-lines');
    await until('the log says that the host is connected', async () =>
      (await lines.allInnerTexts()).join('').replaceAll('\u00a0', ' ').includes('Connected'),
    );
    await workbench.run('View: Toggle Panel Visibility');
  });

  step('the walkthrough has its four steps', async () => {
    const { workbench } = stage;
    await workbench.run('Welcome: Open Walkthrough...');
    await workbench.quickInput.opened();
    await workbench.quickInput.choose(/namespaces/i);
    const steps = workbench.page.locator('.getting-started-step');
    await until('four steps are shown', async () => (await steps.count()) === 4);
    await workbench.screenshot(`${edition}-walkthrough`);
    await workbench.closeEditors();
  });
};
