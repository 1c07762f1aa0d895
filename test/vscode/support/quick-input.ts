/** Pickers and input boxes at the top of the window. */
import { errors, type Locator, type Page } from 'playwright-core';
import type { PageElement } from './page-types.ts';
import { matches, until, type Match } from './poll.ts';

export interface QuickItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

export class QuickInput {
  readonly #page: Page;
  readonly #widget: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#widget = page.locator('.quick-input-widget');
  }

  /** Waits for one, and gives its text field. With `about`, for one whose title, message or placeholder says that. */
  async opened(about?: Match): Promise<Locator> {
    const input = this.#widget.locator('.quick-input-box input').first();
    await until(
      about === undefined ? 'a picker is open' : `a picker about ${String(about)} is open`,
      async () => {
        if (!(await this.#widget.isVisible())) return false;
        if (about === undefined) return true;
        const words = await this.words();
        return typeof about === 'string' ? words.includes(about) : about.test(words);
      },
      { explain: async () => ((await this.#widget.isVisible()) ? this.words() : 'none') },
    );
    return input;
  }

  get visible(): Promise<boolean> {
    return this.#widget.isVisible();
  }

  /** Title, message, and placeholder. */
  async words(): Promise<string> {
    return this.#widget.evaluate((widget: PageElement) =>
      [
        widget.querySelector('.quick-input-title')?.textContent,
        widget.querySelector('.quick-input-description')?.textContent,
        widget.querySelector('.quick-input-message')?.textContent,
        widget.querySelector('.quick-input-box input')?.getAttribute('placeholder'),
      ]
        .filter((text) => text)
        .join('\n'),
    );
  }

  /** Whether what is typed is shown as dots. */
  async hidesText(): Promise<boolean> {
    return (await this.#widget.locator('.quick-input-box input').first().getAttribute('type')) === 'password';
  }

  async items(): Promise<readonly QuickItem[]> {
    return this.#widget.locator('.quick-input-list .monaco-list-row').evaluateAll((rows: readonly PageElement[]) =>
      rows.map((row) => ({
        label:
          row.querySelector('.quick-input-list-rows > .quick-input-list-row .label-name')?.textContent?.trim() ?? '',
        description: row.querySelector('.label-description')?.textContent?.trim() ?? '',
        detail: row.querySelector('.quick-input-list-label-meta')?.textContent?.trim() ?? '',
      })),
    );
  }

  /** Picks an item, of the picker that is open. */
  choose(label: Match): Promise<void> {
    return this.#choose(`the picker has ${String(label)}`, (item) => matches(item.label, label));
  }

  chooseDescribed(description: Match): Promise<void> {
    return this.#choose(`the picker has ${String(description)}`, (item) => matches(item.description, description));
  }

  async #choose(what: string, wanted: (item: QuickItem) => boolean): Promise<void> {
    await until(
      what,
      async () => {
        const rows = this.#widget.locator('.quick-input-list .monaco-list-row');
        const index = (await this.items()).findIndex(wanted);
        if (index === -1) return false;
        // The list may be filtered again between the two: then the row is another, and the next round looks again.
        return clicked(rows.nth(index).locator('.label-name').first());
      },
      { explain: () => this.items() },
    );
  }

  /** Ticks or unticks an item of a picker for several. */
  async toggle(label: Match): Promise<void> {
    await this.choose(label);
  }

  async type(text: string): Promise<void> {
    const input = await this.opened();
    await input.fill(text);
  }

  async accept(): Promise<void> {
    await this.#page.keyboard.press('Enter');
  }

  /** Types into the picker about something, and accepts. */
  async answer(about: Match, text: string): Promise<void> {
    const input = await this.opened(about);
    await input.fill(text);
    await input.press('Enter');
  }

  async cancel(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.#widget.waitFor({ state: 'hidden' });
  }

  async closed(): Promise<void> {
    await this.#widget.waitFor({ state: 'hidden' });
  }
}

async function clicked(target: Locator): Promise<boolean> {
  try {
    await target.click({ timeout: 5000 });
    return true;
  } catch (error) {
    if (error instanceof errors.TimeoutError) return false;
    throw error;
  }
}
