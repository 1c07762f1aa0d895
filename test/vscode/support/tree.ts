/** The tree in the side bar, as a person sees it. */
import { setTimeout as delay } from 'node:timers/promises';
import { errors, type Locator, type Page } from 'playwright-core';
import { openMenu } from './menu.ts';
import type { PageElement } from './page-types.ts';
import { until, type Match } from './poll.ts';
import { childrenOf, drawRows, findRow, readRows, revealRow, type Row } from './tree-rows.ts';

// What the page has, for the functions that run there.
declare function getComputedStyle(
  element: PageElement,
  pseudo?: string,
): { readonly backgroundImage: string; readonly content: string };

export class Tree {
  readonly #page: Page;
  readonly list: Locator;

  /** @param index which of the views of the side bar it is in, from above */
  constructor(page: Page, index = 0) {
    this.#page = page;
    this.list = page.locator('.part.sidebar .customview-tree .monaco-list').nth(index);
  }

  /** All rows that are not folded away. */
  rows(): Promise<readonly Row[]> {
    return readRows(this.list, true);
  }

  rowsInSight(): Promise<readonly Row[]> {
    return readRows(this.list, false);
  }

  /** Rows below the one that the path leads to; the roots for an empty path. */
  async children(...path: readonly Match[]): Promise<readonly Row[]> {
    return childrenOf(await this.rows(), path) ?? [];
  }

  async find(...path: readonly Match[]): Promise<Row | undefined> {
    return findRow(await this.rows(), path);
  }

  /** Waits for a row and scrolls to it. A label is a whole string or a pattern. */
  async row(...path: readonly Match[]): Promise<Row> {
    const row = await until(`the tree has ${path.join(' › ')}`, () => this.find(...path), {
      explain: async () => drawRows(await this.rows()),
    });
    await until(`${row.label} is in sight`, () => revealRow(this.list, row));
    return row;
  }

  /** Waits until what a row says, to the eye or to the ear, is like this. */
  async says(pattern: RegExp, ...path: readonly Match[]): Promise<Row> {
    return until(
      `${path.join(' › ')} says ${String(pattern)}`,
      async () => {
        const row = await this.find(...path);
        if (row === undefined) return undefined;
        return pattern.test(row.description) || pattern.test(row.accessibleLabel) ? row : undefined;
      },
      { explain: async () => this.find(...path) },
    );
  }

  /** Waits until a row is selected: whatever shows a row in the tree takes the focus for it, and from what was begun meanwhile. */
  async selected(...path: readonly Match[]): Promise<void> {
    await until(`${path.join(' › ')} is selected`, async () => (await this.find(...path))?.selected === true, {
      explain: async () => drawRows(await this.rows()),
    });
  }

  async gone(...path: readonly Match[]): Promise<void> {
    await until(`the tree has no ${path.join(' › ')}`, async () => (await this.find(...path)) === undefined, {
      explain: async () => drawRows(await this.rows()),
    });
  }

  /** Unfolds every row of the path, and gives the last back. */
  async expand(...path: readonly Match[]): Promise<Row> {
    return this.#fold(true, path);
  }

  async collapse(...path: readonly Match[]): Promise<Row> {
    return this.#fold(false, path);
  }

  async #fold(expanded: boolean, path: readonly Match[]): Promise<Row> {
    if (expanded && path.length > 1) await this.expand(...path.slice(0, -1));
    return until(`${path.join(' › ')} is ${expanded ? 'unfolded' : 'folded'}`, async () => {
      const row = await this.row(...path);
      if (row.expanded === expanded) return row;
      // A row that just appeared may not know yet that it has children, and one that is being read cannot be folded.
      if (row.expanded !== undefined) await this.#click(path, '.monaco-tl-twistie');
      return undefined;
    });
  }

  async select(...path: readonly Match[]): Promise<void> {
    await this.#click(path, label);
  }

  /** Selects a further row beside the selected one. */
  async selectAlso(...path: readonly Match[]): Promise<void> {
    await this.#click(path, label, { modifiers: ['ControlOrMeta'] });
  }

  /** Presses a button in the row. */
  async press(action: string, ...path: readonly Match[]): Promise<void> {
    await this.#click(path, button(action));
  }

  /** Presses a button in the row unless it has none, or none any more. */
  async pressIfThere(action: string, ...path: readonly Match[]): Promise<boolean> {
    return this.#on(path, async (element) => {
      await element.hover({ timeout: short });
      const found = element.locator(button(action));
      if ((await found.count()) === 0) return false;
      try {
        await found.click({ timeout: 1000 });
        return true;
      } catch (error) {
        if (error instanceof errors.TimeoutError) return false;
        throw error;
      }
    });
  }

  /** Entries of the row's context menu; the menu is closed again. */
  async menu(...path: readonly Match[]): Promise<readonly string[]> {
    const menu = await this.#openMenu(path);
    const entries = await menu.entries();
    await menu.close();
    return entries;
  }

  async chooseFromMenu(entry: string, ...path: readonly Match[]): Promise<void> {
    await (await this.#openMenu(path)).choose(entry);
  }

  async #openMenu(path: readonly Match[]) {
    return openMenu(this.#page, () => this.#click(path, label, { button: 'right' }));
  }

  /** Waits for a tooltip like this: a row that moves under the pointer leaves it to its neighbour. */
  async explains(pattern: RegExp, ...path: readonly Match[]): Promise<string> {
    let words = '';
    return until(
      `the tooltip of ${path.join(' › ')} has ${String(pattern)}`,
      async () => {
        words = await this.tooltip(...path);
        return pattern.test(words) ? words : undefined;
      },
      { explain: () => words },
    );
  }

  async tooltip(...path: readonly Match[]): Promise<string> {
    const hover = this.#hover();
    const words = async (): Promise<string | undefined> => {
      if (!(await hover.isVisible())) return undefined;
      const shown = (await hover.innerText({ timeout: 1000 }).catch(() => '')).trim();
      return shown === '' || shown.startsWith('Loading') ? undefined : shown;
    };
    const text = await until('a tooltip is shown', async () => {
      await this.#on(path, (element) => element.locator(label).hover({ timeout: short }));
      // A row that is drawn anew under a resting pointer shows none: the pointer has to come again.
      return until('it comes', words, { within: 3000 }).catch(() => undefined);
    });
    await this.leave();
    return text;
  }

  /** Takes the pointer away, and with it any tooltip, which may lie over what comes next. */
  async leave(): Promise<void> {
    const { width, height } = this.#page.viewportSize() ?? { width: 2, height: 2 };
    // One that comes up while the pointer leaves hears of that only from the next move; and one whose row was drawn anew stays
    // until something else explains itself, such as the search's icon.
    const places = [[0, 0] as const, [width - 60, height / 2] as const, [24, 140] as const];
    for (let moves = 0; moves === 0 || (moves < 200 && (await this.#hover().isVisible())); moves++) {
      const [x, y] = places[moves % places.length] ?? [0, 0];
      // oxlint-disable-next-line no-await-in-loop
      await this.#page.mouse.move(x, y);
      // oxlint-disable-next-line no-await-in-loop
      if (moves > 0) await delay(100);
    }
    await this.#hover().waitFor({ state: 'hidden' });
  }

  #hover(): Locator {
    return this.#page.locator('.workbench-hover-container .monaco-hover:visible, .workbench-hover:visible').first();
  }

  /** Icons of the rows in sight, and whether there is anything to be seen of each. */
  async icons(): Promise<readonly { readonly label: string; readonly drawn: boolean }[]> {
    return this.list.locator('.monaco-list-row').evaluateAll((rows: readonly PageElement[]) =>
      rows.map((row) => {
        const icon = row.querySelector('.custom-view-tree-node-item-icon');
        const style = icon === null ? undefined : getComputedStyle(icon);
        const glyph = icon === null ? 'none' : getComputedStyle(icon, '::before').content;
        return {
          label: row.querySelector('.label-name')?.textContent ?? '',
          drawn: style !== undefined && (style.backgroundImage.includes('url(') || !/^(none|normal|"")$/.test(glyph)),
        };
      }),
    );
  }

  /** What its decoration shows behind it, empty without one. */
  async badge(...path: readonly Match[]): Promise<string> {
    return this.#on(path, (element) =>
      element.locator('.monaco-icon-label').evaluateAll((labels: readonly PageElement[]) => {
        const drawn = labels.map((each) => getComputedStyle(each, '::after').content);
        return drawn.find((content) => !/^(none|normal|"")$/.test(content))?.replaceAll('"', '') ?? '';
      }),
    );
  }

  /** Waits for that badge: the editor asks for decorations later than for rows. */
  async badged(badge: string, ...path: readonly Match[]): Promise<void> {
    await until(`${path.join(' › ')} has the badge ${badge}`, async () => (await this.badge(...path)) === badge, {
      explain: async () => this.badge(...path),
    });
  }

  /** The whole of its name is in sight, even if not of what stands beside it. */
  async isLegible(...path: readonly Match[]): Promise<boolean> {
    return this.#on(path, async (element) => {
      const [name, row] = [await element.locator('.label-name').boundingBox(), await this.list.boundingBox()];
      return name !== null && row !== null && name.x + name.width <= row.x + row.width;
    });
  }

  /** Text of the tree's own message line. */
  async message(): Promise<string> {
    const message = this.#page.locator('.part.sidebar .tree-explorer-viewlet-tree-view .message');
    return (await message.count()) === 0 ? '' : (await message.first().innerText()).trim();
  }

  /** What is shown instead of a tree without rows. */
  welcome(): Locator {
    return this.#page.locator('.part.sidebar .welcome-view-content');
  }

  /** Buttons in the view's title. */
  titleAction(label: string): Locator {
    return this.#page
      .locator(
        `.part.sidebar .title-actions .action-label[aria-label^="${label}"], .part.sidebar .pane-header .action-label[aria-label^="${label}"]`,
      )
      .first();
  }

  #click(
    path: readonly Match[],
    part: string,
    options: { readonly button?: 'right'; readonly modifiers?: 'ControlOrMeta'[] } = {},
  ): Promise<void> {
    return this.#on(path, async (element) => {
      await element.hover({ timeout: short });
      await element.locator(part).click({ ...options, timeout: short });
    });
  }

  /**
   * Does something with a row. Others come and go above it all the time: a row is found by its place and its words, and if
   * the two do not belong together any more, it is looked for anew.
   */
  async #on<T>(path: readonly Match[], action: (element: Locator) => Promise<T>): Promise<T> {
    let failure: unknown;
    const { value } = await until(
      `something was done with ${path.join(' › ')}`,
      async () => {
        await this.leave();
        const row = await this.row(...path);
        const place = `[data-index="${row.index}"][aria-label=${JSON.stringify(row.accessibleLabel)}]`;
        try {
          return { value: await action(this.list.locator(`.monaco-list-row${place}`)) };
        } catch (error) {
          if (!(error instanceof errors.TimeoutError)) throw error;
          failure = error;
          return undefined;
        }
      },
      { explain: () => String(failure) },
    );
    return value;
  }
}

const label = '.monaco-icon-label';
const button = (action: string): string => `.actions .action-label[aria-label^="${action}"]`;

/** Milliseconds for what is in sight already. */
const short = 10_000;
