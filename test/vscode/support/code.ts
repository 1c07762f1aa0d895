/** What an editor shows over a text: problems, quick fixes, lenses. */
import type { Page } from 'playwright-core';
import type { PageElement } from './page-types.ts';
import { until } from './poll.ts';
import type { Workbench } from './workbench.ts';

export interface Problem {
  readonly message: string;
  /** `oci/hostname-without-uts` */
  readonly rule: string;
  readonly line: number;
  readonly column: number;
}

export class Code {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens the Problems panel with those of one folder alone: of a long list only what is in sight can be read. */
  async showProblems(workbench: Workbench, folder: string): Promise<void> {
    await workbench.run('View: Focus Problems (Errors, Warnings, Infos)');
    await this.#page.locator('.part.panel input[placeholder^="Filter"]').first().fill(`**/${folder}/**`);
  }

  /** The Problems panel's rows that are of this extension; the panel must be open. */
  async problems(): Promise<readonly Problem[]> {
    return (await this.#rows()).flatMap((text) => {
      const [, message, rule, line, column] =
        /^(.*?)\s*Linux\s+Namespaces\W*([a-z]+\/[\w-]+?)\W*\[Ln\s+(\d+),\s+Col\s+(\d+)\]/s.exec(text) ?? [];
      return message === undefined || rule === undefined
        ? []
        : [{ message, rule, line: Number(line), column: Number(column) }];
    });
  }

  async #rows(): Promise<readonly string[]> {
    return this.#page
      .locator('.markers-panel .monaco-list-row')
      .evaluateAll((all: readonly PageElement[]) => all.map((row) => row.textContent ?? ''));
  }

  async problem(rule: RegExp): Promise<Problem> {
    return until(
      `a problem ${String(rule)} is listed`,
      async () => (await this.problems()).find((one) => rule.test(one.rule)),
      {
        explain: () => this.#rows(),
      },
    );
  }

  async noProblem(rule: RegExp): Promise<void> {
    await until(
      `no problem ${String(rule)} is listed`,
      async () => (await this.problems()).every((one) => !rule.test(one.rule)),
      {
        explain: () => this.#rows(),
      },
    );
  }

  /** How many wavy lines of a kind are under the text in sight. */
  async squiggles(kind: 'error' | 'warning' | 'info' | 'hint'): Promise<number> {
    return this.#page.locator(`.editor-instance .squiggly-${kind}`).count();
  }

  /** Puts the cursor on a place of the active editor, from 1 on. */
  async goTo(line: number, column: number): Promise<void> {
    await this.#page.locator('.editor-group-container.active .editor-instance .view-lines').first().click();
    await this.#page.keyboard.press('Control+g');
    const input = this.#page.locator('.quick-input-widget input').first();
    await input.fill(`:${line}:${column}`);
    await this.#page.keyboard.press('Enter');
  }

  /** Chooses one of what the light bulb at the cursor offers. */
  async quickFix(title: string | RegExp): Promise<void> {
    await this.#page.keyboard.press('ControlOrMeta+.');
    const rows = this.#page.locator('.action-widget .monaco-list-row');
    await rows.filter({ hasText: title }).first().waitFor();
    // By keyboard: in older editions something invisible lies over the list.
    await until('the fix has the focus', async () => {
      if ((await rows.and(this.#page.locator('.focused')).filter({ hasText: title }).count()) > 0) return true;
      await this.#page.keyboard.press('ArrowDown');
      return false;
    });
    await this.#page.keyboard.press('Enter');
  }

  lens(title: string | RegExp) {
    return this.#page.locator('.codelens-decoration a', { hasText: title });
  }
}
