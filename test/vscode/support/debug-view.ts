/** The editor's debugger, as a person uses it. */
import type { PageElement } from './page-types.ts';
import { until } from './poll.ts';
import type { Workbench } from './workbench.ts';

export class Debugging {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** In the active editor. */
  async toggleBreakpoint(line: number): Promise<void> {
    const { page } = this.#workbench;
    const before = await this.#breakpoints();
    await page.locator('.editor-group-container.active .editor-instance .view-lines').first().click();
    await page.keyboard.press('Control+g');
    await page.locator('.quick-input-widget input').first().fill(`:${line}`);
    await page.keyboard.press('Enter');
    await until(`the cursor is on line ${line}`, async () =>
      (await page.locator('.statusbar').innerText()).includes(`Ln ${line},`),
    );
    await page.keyboard.press('F9');
    await until(`line ${line} has a breakpoint, or none any more`, async () => (await this.#breakpoints()) !== before);
  }

  #breakpoints(): Promise<number> {
    return this.#workbench.page.locator('.glyph-margin-widgets [class*="codicon-debug-breakpoint"]').count();
  }

  /** The line of the top frame is shown, and it is this one. */
  async stoppedAt(line: number): Promise<void> {
    const { page } = this.#workbench;
    const rows = page.locator('.debug-call-stack .monaco-list-row .stack-frame');
    await until(
      `the program has stopped at line ${line}`,
      async () => (await rows.locator('.line-number').allInnerTexts())[0]?.startsWith(`${line}`) === true,
      { explain: () => this.said() },
    );
    await page.locator('.debug-top-stack-frame-line').first().waitFor();
  }

  /** All that the Variables view shows, once it shows this one. */
  async variable(name: string, value: string): Promise<void> {
    const rows = this.#workbench.page.locator('.debug-variables .monaco-list-row');
    const shown = (): Promise<readonly string[]> =>
      rows.evaluateAll((all: readonly PageElement[]) => all.map((row) => row.textContent ?? ''));
    await until(
      `${name} is ${value}`,
      async () => {
        if ((await shown()).some((row) => new RegExp(`^${name} ?[:=] ?${value}`).test(row.trim()))) return true;
        // Not every adapter says which of its scopes is the one of locals, which the editor would unfold.
        const folded = rows
          .filter({ hasText: /^Locals?$/ })
          .and(this.#workbench.page.locator('[aria-expanded="false"]'));
        if ((await folded.count()) > 0) await folded.first().locator('.monaco-tl-twistie').click();
        return until('it is there', async () => (await shown()).length > 2, { within: 2000 })
          .catch(() => false)
          .then(() => false);
      },
      { explain: shown },
    );
  }

  /** A button of the debug toolbar by the beginning of its name. */
  async press(action: string): Promise<void> {
    await this.#workbench.page.locator(`.debug-toolbar .action-label[aria-label^="${action}"]`).first().click();
  }

  /** What the console answers. */
  async evaluate(expression: string): Promise<string> {
    const { page } = this.#workbench;
    await this.showConsole();
    await page.locator('.repl-input-wrapper .view-lines').first().click();
    await page.keyboard.type(expression);
    await page.keyboard.press('Enter');
    const results = page.locator('.repl .evaluation-result .value');
    await until(`${expression} has a value`, async () => (await results.count()) > 0);
    return results.last().innerText();
  }

  async showConsole(): Promise<void> {
    await this.#workbench.run('Debug Console: Focus on Debug Console View');
    await this.#workbench.page.locator('.repl').first().waitFor();
  }

  /** Lines of the debug console, as far as it is shown. */
  async said(): Promise<readonly string[]> {
    return this.#workbench.page.locator('.repl .monaco-list-row').allInnerTexts();
  }

  /** Waits for a line of the debug console. */
  async says(words: RegExp): Promise<void> {
    await this.showConsole();
    await until(
      `the debug console says ${String(words)}`,
      async () => (await this.said()).some((line) => words.test(line)),
      { explain: () => this.said() },
    );
  }

  async ended(): Promise<void> {
    await this.#workbench.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  }
}
