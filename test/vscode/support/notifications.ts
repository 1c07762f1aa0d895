/** Messages in the corner of the window. */
import type { Locator, Page } from 'playwright-core';
import { until } from './poll.ts';

export class Notifications {
  readonly #page: Page;
  readonly #items: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#items = page.locator('.notifications-toasts .notification-list-item');
  }

  async all(): Promise<readonly string[]> {
    return this.#items.locator('.notification-list-item-message').allInnerTexts();
  }

  /** Waits for a message that says this, and gives it back whole. */
  async said(pattern: RegExp): Promise<string> {
    return until(
      `a message says ${String(pattern)}`,
      async () => (await this.all()).find((text) => pattern.test(text)),
      {
        explain: () => this.all(),
      },
    );
  }

  async buttons(pattern: RegExp): Promise<readonly string[]> {
    await this.said(pattern);
    return this.#item(pattern).locator('.notification-list-item-buttons-container .monaco-button').allInnerTexts();
  }

  async press(button: string, pattern: RegExp): Promise<void> {
    await this.said(pattern);
    const buttons = this.#item(pattern).locator('.notification-list-item-buttons-container .monaco-button');
    await buttons.getByText(button, { exact: true }).click();
  }

  async clear(): Promise<void> {
    await until('no message is left', async () => {
      const first = this.#items.first();
      if ((await this.#items.count()) === 0) return true;
      await first.hover({ timeout: 1000 }).catch(() => undefined);
      await first
        .locator('.codicon-notifications-clear, .codicon-close')
        .first()
        .click({ timeout: 1000 })
        // It may have gone by itself meanwhile.
        .catch(() => undefined);
      return false;
    });
    await this.#page.mouse.move(0, 0);
  }

  #item(pattern: RegExp): Locator {
    return this.#items.filter({ hasText: pattern }).first();
  }
}
