/** Pickers and input boxes at the top of the window. */
import { errors, type Locator, type Page } from 'playwright-core';
import type { PageElement } from './page-types.ts';
import { matches, until, type Match } from './poll.ts';

export interface QuickItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly accessibleLabel: string;
  /** In a picker for several. */
  readonly checked: boolean;
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

  /** False when none is open, or the one that was has closed meanwhile. */
  async takes(text: string): Promise<boolean> {
    const input = this.#widget.locator('.quick-input-box input').first();
    try {
      await input.fill(text, { timeout: 1000 });
      return (await this.visible) && (await input.inputValue({ timeout: 1000 })) === text;
    } catch (error) {
      if (error instanceof errors.TimeoutError) return false;
      throw error;
    }
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
        accessibleLabel: row.getAttribute('aria-label') ?? '',
        checked: row.getAttribute('aria-checked') === 'true',
      })),
    );
  }

  /** A list that is being filtered draws other items into the same rows, also between a look at them and a click. */
  async settled(): Promise<readonly QuickItem[]> {
    let last = '';
    return until(
      'the list rests',
      async () => {
        const items = await this.items();
        const before = last;
        last = JSON.stringify(items);
        return last === before && items;
      },
      { every: 200 },
    );
  }

  /** Picks an item of the picker that is open, which closes it or leads to the next question. */
  choose(label: Match): Promise<void> {
    return this.#choose(`an item called ${String(label)} was chosen`, (item) => matches(item.label, label));
  }

  chooseDescribed(description: Match): Promise<void> {
    return this.#choose(`an item described as ${String(description)} was chosen`, (item) =>
      matches(item.description, description),
    );
  }

  /** Ticks or unticks an item of a picker for several. */
  async toggle(label: string, checked: boolean): Promise<void> {
    await until(`${label} is ${checked ? 'ticked' : 'not ticked'}`, async () => {
      const item = (await this.items()).find((each) => each.label === label);
      if (item === undefined) return false;
      if (item.checked !== checked) await this.#click(item);
      return item.checked === checked;
    });
  }

  /** Clicks on an item of a picker for several, whatever comes of it. */
  async press(label: string): Promise<void> {
    await until(`${label} is pressed`, async () => {
      const item = (await this.items()).find((each) => each.label === label);
      return item !== undefined && this.#click(item);
    });
  }

  /** What the empty box says. */
  async placeholder(): Promise<string> {
    return (await this.#widget.locator('.quick-input-box input').first().getAttribute('placeholder')) ?? '';
  }

  async #choose(what: string, wanted: (item: QuickItem) => boolean): Promise<void> {
    const before = await this.words();
    const gone = async () => !(await this.#widget.isVisible()) || (await this.words()) !== before;
    let clicked = false;
    await until(
      what,
      async () => {
        if (await gone()) {
          // It closes, too, when something else takes the focus: nothing was chosen then.
          if (!clicked) throw new Error(`The picker closed before ${what}`);
          return true;
        }
        const item = (await this.settled()).find(wanted);
        if (item === undefined || !(await this.#click(item))) return false;
        clicked = true;
        // A list that is filtered at that moment swallows the click.
        return until('the picker has taken the choice', gone, { within: 3000 }).catch(() => false);
      },
      { explain: () => this.items() },
    );
  }

  /** False when it was gone before the click. */
  async #click(item: QuickItem): Promise<boolean> {
    const row = this.#widget.locator(`.monaco-list-row[aria-label=${JSON.stringify(item.accessibleLabel)}]`).first();
    try {
      await row.locator('.label-name').first().click({ timeout: 5000 });
      return true;
    } catch (error) {
      if (error instanceof errors.TimeoutError) return false;
      throw error;
    }
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

  /** Types over the file that a dialog proposes. It proposes one a moment after it has opened, over whatever was typed before. */
  async saveTo(about: Match, file: string): Promise<void> {
    const input = await this.opened(about);
    await until('a file is proposed', async () => (await input.inputValue()).includes('.'));
    await input.fill(file);
    await until('the file is the one that was typed', async () => (await input.inputValue()) === file);
    await input.press('Enter');
  }

  /** Presses the Back button of a question that has one before it. */
  async back(): Promise<void> {
    await this.#widget.locator('.quick-input-left-action-bar .action-label').first().click();
  }

  async cancel(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.#widget.waitFor({ state: 'hidden' });
  }

  async closed(): Promise<void> {
    await this.#widget.waitFor({ state: 'hidden' });
  }
}
