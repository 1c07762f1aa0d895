/**
 * Reads the rows of a list of the workbench. Only the rows in sight are in the document, and the list does not scroll by the
 * browser's means, only by the wheel; it does so at once, so that a whole tree is read in one go.
 */
import type { Locator } from 'playwright-core';
import type { PageElement } from './page-types.ts';
import { matches, type Match } from './poll.ts';

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

// What the page has, for the functions that run there.
declare const WheelEvent: new (type: string, init: object) => object;

/** Every row when `everything`, else those in sight. The list is left where it was. */
export async function readRows(list: Locator, everything: boolean): Promise<readonly Row[]> {
  const rows = await list.evaluate((element: PageElement, all): Row[] => {
    const container = element.querySelector('.monaco-list-rows');
    const target = element.querySelector('.monaco-scrollable-element');
    if (container === null || target === null) return [];
    const top = () => element.getBoundingClientRect().top - container.getBoundingClientRect().top;
    // The workbench reads Chromium's own `wheelDeltaY`, of which 120 move by 50 pixels.
    const wheel = (pixels: number) =>
      target.dispatchEvent(
        new WheelEvent('wheel', { deltaY: pixels, wheelDeltaY: -2.4 * pixels, bubbles: true, cancelable: true }),
      );
    const found = new Map<number, Row>();
    const read = () => {
      for (const row of element.querySelectorAll('.monaco-list-row')) {
        const index = Number(row.getAttribute('data-index'));
        const expanded = row.getAttribute('aria-expanded');
        // A row that is about to go has lost its words already.
        if (row.getAttribute('aria-level') === null) continue;
        found.set(index, {
          index,
          level: Number(row.getAttribute('aria-level')),
          label: row.querySelector('.monaco-icon-label .label-name')?.textContent ?? '',
          description: row.querySelector('.monaco-icon-label .label-description')?.textContent ?? '',
          accessibleLabel: row.getAttribute('aria-label') ?? '',
          expanded: expanded === null ? undefined : expanded === 'true',
          selected: row.classList.contains('selected'),
          focused: row.classList.contains('focused'),
        });
      }
    };
    read();
    if (all) {
      const start = top();
      wheel(-1e7);
      read();
      for (let before = -1; top() !== before && found.size < 100_000;) {
        before = top();
        wheel(element.clientHeight / 2);
        read();
      }
      for (let turn = 0; turn < 10 && Math.abs(top() - start) > 1; turn++) wheel(start - top());
    }
    return [...found.values()];
  }, everything);
  return rows.toSorted((one, other) => one.index - other.index);
}

/** Scrolls until a row is whole in sight, below the parents that stick to the top. False when that is not reached. */
export async function revealRow(list: Locator, row: Row): Promise<boolean> {
  return list.evaluate(
    (element: PageElement, { index, level }) => {
      const height = 22;
      const target = element.querySelector('.monaco-scrollable-element');
      const container = element.querySelector('.monaco-list-rows');
      if (target === null || container === null) return false;
      for (let turn = 0; turn < 20; turn++) {
        const view = element.getBoundingClientRect();
        const y = container.getBoundingClientRect().top + index * height;
        const upper = view.top + Math.min((level - 1) * height, (view.bottom - view.top) / 3);
        const missing = y < upper ? y - upper : Math.max(0, y + height - view.bottom);
        if (Math.abs(missing) < 1) return element.querySelector(`.monaco-list-row[data-index="${index}"]`) !== null;
        const before = container.getBoundingClientRect().top;
        const pixels = missing + Math.sign(missing) * height;
        target.dispatchEvent(
          new WheelEvent('wheel', { deltaY: pixels, wheelDeltaY: -2.4 * pixels, bubbles: true, cancelable: true }),
        );
        // The end of the list: it is as far in sight as it can be.
        if (container.getBoundingClientRect().top === before) {
          return element.querySelector(`.monaco-list-row[data-index="${index}"]`) !== null;
        }
      }
      return false;
    },
    { index: row.index, level: row.level },
  );
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

/** One line per row, for a failure's message. */
export function drawRows(rows: readonly Row[]): string {
  return rows.map((row) => `${'  '.repeat(row.level - 1)}${row.label} (${row.description})`).join('\n');
}
