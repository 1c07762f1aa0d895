import type { Page } from 'playwright-core';
import type { PageElement } from './page-types.ts';
import { until } from './poll.ts';

export interface Menu {
  entries(): Promise<readonly string[]>;
  choose(entry: string): Promise<void>;
  close(): Promise<void>;
}

/** Runs what opens a menu, and waits for it. */
export async function openMenu(page: Page, open: () => Promise<void>): Promise<Menu> {
  // Menus live in a shadow root, which Playwright's selectors look into.
  const menu = page.locator('.monaco-menu');
  await open();
  await menu.first().waitFor();
  const items = menu.locator('.action-item:not(.disabled) .action-menu-item');
  return {
    entries: () =>
      items.evaluateAll((all: readonly PageElement[]) =>
        all.map((item) => item.getAttribute('aria-label') ?? item.textContent ?? ''),
      ),
    async choose(entry) {
      const item = menu.locator('.action-item').filter({ has: page.locator(`.action-label[aria-label="${entry}"]`) });
      await until(`the menu has ${entry}`, async () => (await item.count()) > 0, {
        explain: () => items.allInnerTexts(),
      });
      await item.first().hover();
      await item.first().click();
      await menu.first().waitFor({ state: 'hidden' });
    },
    async close() {
      await page.keyboard.press('Escape');
      await menu.first().waitFor({ state: 'hidden' });
    },
  };
}
