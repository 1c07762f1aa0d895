/** A window of VS Code, driven as a person does. Everything waits for a condition with a deadline, nothing for a time. */
import { basename } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { statusBarItem } from '../../../extension/ids.ts';
import { extensionId } from './extension.ts';
import { Notifications } from './notifications.ts';
import type { PageElement } from './page-types.ts';
import { matches, until, type Match } from './poll.ts';
import { QuickInput } from './quick-input.ts';
import { Tree } from './tree.ts';

export const artifacts = join(dirname(dirname(fileURLToPath(import.meta.url))), 'artifacts');

// What the page has, for the functions that run there.
declare const navigator: {
  readonly clipboard: { readText(): Promise<string>; writeText(text: string): Promise<void> };
};

export interface StatusItem {
  readonly text: string;
  readonly accessibleLabel: string;
}

export class Workbench {
  readonly page: Page;
  readonly tree: Tree;
  readonly quickInput: QuickInput;
  readonly notifications: Notifications;

  constructor(page: Page) {
    this.page = page;
    this.tree = new Tree(page);
    this.quickInput = new QuickInput(page);
    this.notifications = new Notifications(page);
  }

  async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor();
    await this.page.locator('.activitybar .action-item').first().waitFor();
  }

  /** Shows a view container by its name in the activity bar. */
  async show(container: string): Promise<void> {
    const item = this.page.locator(`.activitybar .action-item:has(.action-label[aria-label^="${container}"])`).first();
    await until(`${container} is shown`, async () => {
      if ((await item.getAttribute('aria-expanded')) === 'true' || (await this.#isChecked(item))) return true;
      await item.locator('.action-label').click();
      return this.#isChecked(item);
    });
  }

  async #isChecked(item: Locator): Promise<boolean> {
    return item.evaluate((element: PageElement) => element.classList.contains('checked'));
  }

  /** Runs a command by its title with category, `Linux Namespaces: Add Host...`, as the palette shows it. */
  async run(command: string): Promise<void> {
    await this.#typeIntoPalette(command);
    await this.quickInput.choose(command);
  }

  /**
   * A key pressed while the focus moves from one part of the window to another is heard by none; and a palette that is seen may be
   * the one of the last command, about to close.
   */
  async #typeIntoPalette(text: string): Promise<void> {
    const { quickInput, page } = this;
    await until(`the palette takes ${text}`, async () => {
      if (!(await quickInput.visible)) {
        await page.keyboard.press('F1');
        await until('it opens', () => quickInput.visible, { within: 2000 }).catch(() => false);
      }
      return quickInput.takes(`>${text}`);
    });
  }

  /** By its path on the machine that the editor's server runs on; needs no search, for which the server may lack the program. */
  async openFile(path: string): Promise<void> {
    await this.run('File: Open File...');
    const name = basename(path);
    const isOpen = async () => (await this.#tabNames('.tab.active')).includes(name);
    // While the box lists a folder it takes no Enter, and puts that folder's path in the place of what was typed.
    await until(`the file ${name} is open`, async () => {
      if (await this.quickInput.visible) await this.quickInput.answer('Open File', path);
      return until('it opens', isOpen, { within: 3000 }).catch(() => false);
    });
  }

  /** Titles of the commands that the palette offers for a text. */
  async offered(text: string): Promise<readonly string[]> {
    await this.#typeIntoPalette(text);
    const labels = await until('the palette has found something', async () => {
      const found = await this.quickInput.settled();
      return found.length > 0 && found.map((item) => item.label);
    });
    await this.quickInput.cancel();
    return labels;
  }

  /** A modal dialog's words. */
  async dialog(): Promise<string> {
    const box = this.page.locator('.monaco-dialog-box');
    await box.waitFor();
    return (await box.locator('.dialog-message-row').innerText()).trim();
  }

  async dialogButtons(): Promise<readonly string[]> {
    return this.page.locator('.monaco-dialog-box .dialog-buttons .monaco-button').allInnerTexts();
  }

  async pressInDialog(button: string): Promise<void> {
    const box = this.page.locator('.monaco-dialog-box');
    await box.locator('.dialog-buttons .monaco-button').getByText(button, { exact: true }).click();
    await box.waitFor({ state: 'hidden' });
  }

  /** `id` is the extension's id and the item's own. */
  async statusItem(id: string): Promise<StatusItem | undefined> {
    const item = this.page.locator(`.statusbar-item[id="${id}"]`);
    if ((await item.count()) === 0) return undefined;
    const label = item.locator('.statusbar-item-label');
    return {
      text: (await item.innerText()).trim(),
      accessibleLabel: (await label.getAttribute('aria-label')) ?? (await item.getAttribute('aria-label')) ?? '',
    };
  }

  ourStatusItem(): Promise<StatusItem | undefined> {
    return this.statusItem(`${extensionId}.${statusBarItem}`);
  }

  /** Names of the open editors in the active group. */
  async editors(): Promise<readonly string[]> {
    return this.#tabNames('.tab');
  }

  /** Waits until the active editor's name is this one. */
  async editor(name: Match): Promise<string> {
    return until(
      `the editor ${String(name)} is open`,
      async () => (await this.#tabNames('.tab.active')).find((text) => matches(text, name)),
      { explain: () => this.editors() },
    );
  }

  async #tabNames(tabs: string): Promise<readonly string[]> {
    return this.page
      .locator(`.editor-group-container.active .tabs-container ${tabs}`)
      .evaluateAll((all: readonly PageElement[]) =>
        // Newer editions write the end of the name into an element of its own.
        all.map((tab) =>
          ['.label-name', '.label-suffix'].map((part) => tab.querySelector(part)?.textContent ?? '').join(''),
        ),
      );
  }

  /** The whole text of the active editor, also what is scrolled away. In a diff editor the right side, or the left. */
  async editorText(side: 'right' | 'left' = 'right'): Promise<string> {
    const group = this.page.locator('.editor-group-container.active .editor-instance');
    const diff = group.locator(`.monaco-diff-editor .editor.${side === 'right' ? 'modified' : 'original'}`);
    const area = (await diff.count()) > 0 ? diff.first() : group.locator('.monaco-editor').first();
    await area
      .locator('.view-lines')
      .first()
      .click({ position: { x: 4, y: 4 } });
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.setClipboard('');
    await this.page.keyboard.press('ControlOrMeta+c');
    return until('the text is on the clipboard', async () => (await this.clipboard()) || undefined);
  }

  async closeEditors(): Promise<void> {
    await this.run('View: Close All Editors');
    await until('no editor is open', async () => (await this.page.locator('.tabs-container .tab').count()) === 0);
  }

  /** Closes whatever is open: pickers, menus, messages, editors, the panel. */
  async tidy(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.quickInput.closed();
    await this.notifications.clear();
    if (await this.page.locator('.tabs-container .tab').first().isVisible()) await this.closeEditors();
  }

  async clipboard(): Promise<string> {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  async setClipboard(text: string): Promise<void> {
    await this.page.evaluate((value) => navigator.clipboard.writeText(value), text);
  }

  /** `className` is what the window has in themes of this kind: `vs`, `vs-dark`, `hc-black`, `hc-light`. */
  async chooseTheme(label: string, className: string): Promise<void> {
    await this.run('Preferences: Color Theme');
    await this.quickInput.type(label);
    await this.quickInput.choose(label);
    await this.page.locator(`.monaco-workbench.${className}`).waitFor();
  }

  /** Pulls the side bar's edge until it has about this width in pixels. */
  async resizeSideBar(width: number): Promise<void> {
    const sideBar = this.page.locator('.part.sidebar');
    await until(`the side bar is ${width} pixels wide`, async () => {
      const box = await sideBar.boundingBox();
      if (box === null) throw new Error('there is no side bar');
      if (Math.abs(box.width - width) <= 2) return true;
      const x = box.x + box.width;
      const y = box.y + box.height / 2;
      await this.page.mouse.move(x, y);
      await this.page.mouse.down();
      await this.page.mouse.move(x - box.width + width, y, { steps: 5 });
      await this.page.mouse.up();
      return false;
    });
  }

  /** Saves a picture of the window as an artefact, once nothing moves any more. */
  async screenshot(name: string): Promise<string> {
    await mkdir(artifacts, { recursive: true });
    const path = join(artifacts, `${name}.png`);
    await this.tree.leave();
    const { width, height } = this.page.viewportSize() ?? { width: 0, height: 0 };
    // Where nothing explains itself when a pointer rests on it.
    await this.page.mouse.move(width - 60, height / 2);
    await this.page.screenshot({ path, animations: 'disabled', caret: 'hide' });
    return path;
  }
}
