/** The tree in the side bar, as a person sees it. Rows outside the visible part are not in the document: they are scrolled to. */
import type { Locator, Page } from 'playwright-core';
import { openMenu } from './menu.ts';
import type { PageElement } from './page-types.ts';
import { matches, until, type Match } from './poll.ts';

// What the page has, for the functions that run there.
declare const WheelEvent: new (type: string, init: { deltaY: number; bubbles: boolean; cancelable: boolean }) => object;
declare function getComputedStyle(element: PageElement): { readonly top: string; readonly transform: string };

export interface Row {
  /** Position among all rows that are not folded away. */
  readonly index: number;
  /** 1 for the roots. */
  readonly level: number;
  readonly label: string;
  readonly description: string;
  /** What a screen reader says. */
  readonly accessibleLabel: string;
  /** Undefined for a row without children. */
  readonly expanded: boolean | undefined;
  readonly selected: boolean;
  readonly focused: boolean;
}

const rowHeight = 22;

export class Tree {
  readonly #page: Page;
  readonly list: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.list = page.locator('.part.sidebar .customview-tree .monaco-list').first();
  }

  /** The rows in the document: the visible ones and a few beyond. */
  async visibleRows(): Promise<readonly Row[]> {
    const rows = await this.list.locator('.monaco-list-row').evaluateAll((elements: readonly PageElement[]) =>
      elements.map((element) => ({
        index: Number(element.getAttribute('data-index')),
        level: Number(element.getAttribute('aria-level')),
        label: element.querySelector('.monaco-icon-label .label-name')?.textContent ?? '',
        description: element.querySelector('.monaco-icon-label .label-description')?.textContent ?? '',
        accessibleLabel: element.getAttribute('aria-label') ?? '',
        expanded: element.getAttribute('aria-expanded') ?? undefined,
        selected: element.classList.contains('selected'),
        focused: element.classList.contains('focused'),
      })),
    );
    return rows
      .map((row) => ({ ...row, expanded: row.expanded === undefined ? undefined : row.expanded === 'true' }))
      .toSorted((one, other) => one.index - other.index);
  }

  /** All rows, by scrolling from the top to the end. Rows that come or go meanwhile may be missing or twice. */
  async rows(): Promise<readonly Row[]> {
    const found = new Map<number, Row>();
    await this.#scroll(-1e6);
    for (;;) {
      // Scrolling and reading take turns.
      // oxlint-disable-next-line no-await-in-loop
      const rows = await this.visibleRows();
      for (const row of rows) found.set(row.index, row);
      // oxlint-disable-next-line no-await-in-loop
      if (!(await this.#scroll(await this.#pageHeight()))) break;
    }
    return [...found.values()].toSorted((one, other) => one.index - other.index);
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
      explain: async () => (await this.rows()).map(describe),
    });
    await this.#reveal(row);
    return row;
  }

  async gone(...path: readonly Match[]): Promise<void> {
    await until(`the tree has no ${path.join(' › ')}`, async () => (await this.find(...path)) === undefined, {
      explain: async () => (await this.rows()).map(describe),
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
      if (row.expanded !== undefined) await this.#element(row).locator('.monaco-tl-twistie').click();
      return undefined;
    });
  }

  async select(...path: readonly Match[]): Promise<void> {
    const row = await this.row(...path);
    await this.#element(row).locator('.monaco-icon-label').click();
  }

  /** Selects a further row beside the selected one. */
  async selectAlso(...path: readonly Match[]): Promise<void> {
    const row = await this.row(...path);
    await this.#element(row)
      .locator('.monaco-icon-label')
      .click({ modifiers: ['ControlOrMeta'] });
  }

  /** Presses a button in the row. */
  async press(action: string, ...path: readonly Match[]): Promise<void> {
    const row = await this.row(...path);
    const element = this.#element(row);
    await element.hover();
    await element.locator(`.actions .action-label[aria-label^="${action}"]`).click();
  }

  async actions(...path: readonly Match[]): Promise<readonly string[]> {
    const row = await this.row(...path);
    const element = this.#element(row);
    await element.hover();
    const labels = element.locator('.actions .action-label');
    return labels.evaluateAll((actions: readonly PageElement[]) =>
      actions.map((action) => action.getAttribute('aria-label') ?? ''),
    );
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
    const row = await this.row(...path);
    return openMenu(this.#page, () => this.#element(row).locator('.monaco-icon-label').click({ button: 'right' }));
  }

  async tooltip(...path: readonly Match[]): Promise<string> {
    const row = await this.row(...path);
    // From somewhere else: a pointer that rests on the row already opens nothing.
    await this.#page.mouse.move(0, 0);
    await this.#element(row).locator('.monaco-icon-label').hover();
    const hover = this.#page
      .locator('.workbench-hover-container .monaco-hover:visible, .workbench-hover:visible')
      .first();
    const text = await until('a tooltip is shown', async () => {
      if (!(await hover.isVisible())) return undefined;
      const shown = await hover.innerText();
      return shown.trim() === '' || shown.trim().startsWith('Loading') ? undefined : shown;
    });
    await this.#page.mouse.move(0, 0);
    await hover.waitFor({ state: 'hidden' });
    return text;
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

  #element(row: Row): Locator {
    return this.list.locator(`.monaco-list-row[data-index="${row.index}"]`);
  }

  async #pageHeight(): Promise<number> {
    const box = await this.list.boundingBox();
    return Math.max(rowHeight, (box?.height ?? 0) - 2 * rowHeight);
  }

  /** Brings a row fully into sight, not under the sticky parents at the top. */
  async #reveal(row: Row): Promise<void> {
    await until(`row ${row.index} is in sight`, async () => {
      const list = await this.list.boundingBox();
      const box = await this.#box(row);
      if (list === null) return false;
      if (box === undefined) {
        const first = (await this.visibleRows())[0];
        await this.#scroll((row.index - (first?.index ?? 0)) * rowHeight - list.height / 2);
        return false;
      }
      const sticky = Math.min(list.height / 3, (row.level - 1) * rowHeight);
      const above = list.y + sticky - box.y;
      const below = box.y + box.height - (list.y + list.height);
      if (above <= 1 && below <= 1) return true;
      return !(await this.#scroll(above > 1 ? -above - rowHeight : below + rowHeight));
    });
  }

  async #box(row: Row) {
    const element = this.#element(row);
    return (await element.count()) === 0 ? undefined : ((await element.boundingBox()) ?? undefined);
  }

  /** Scrolls by pixels. False when the list was at its end already. */
  async #scroll(pixels: number): Promise<boolean> {
    const before = await this.#top();
    // The wheel's way through the document is the only one that the list listens to.
    await this.list.evaluate((list: PageElement, deltaY) => {
      const target = list.querySelector('.monaco-scrollable-element') ?? list;
      target.dispatchEvent(new WheelEvent('wheel', { deltaY, bubbles: true, cancelable: true }));
    }, pixels);
    return (await this.#top()) !== before;
  }

  async #top(): Promise<string> {
    return this.list.locator('.monaco-list-rows').evaluate((rows: PageElement) => {
      const { top, transform } = getComputedStyle(rows);
      return `${top} ${transform}`;
    });
  }
}

export function childrenOf(rows: readonly Row[], path: readonly Match[]): readonly Row[] | undefined {
  if (path.length === 0) return rows.filter((row) => row.level === 1);
  const parent = findRow(rows, path);
  if (parent === undefined) return undefined;
  const after = rows.filter((row) => row.index > parent.index);
  const end = after.findIndex((row) => row.level <= parent.level);
  return (end === -1 ? after : after.slice(0, end)).filter((row) => row.level === parent.level + 1);
}

export function findRow(rows: readonly Row[], path: readonly Match[]): Row | undefined {
  const [last, ...rest] = path.toReversed();
  if (last === undefined) return undefined;
  const candidates = rest.length === 0 ? rows.filter((row) => row.level === 1) : childrenOf(rows, rest.toReversed());
  return candidates?.find((row) => matches(row.label, last));
}

function describe(row: Row): string {
  return `${'  '.repeat(row.level - 1)}${row.label} (${row.description})`;
}
