/** A group of tests that share one window: each goes on where the one before stopped, as a person does. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Edition } from '../../../tools/editor.mjs';
import { missing } from '../../helper/support/requirements.ts';
import { Scope } from '../../helper/support/scope.ts';
import { sshdMissing } from '../../ssh/support/sshd.ts';
import { openEditor, type Editor, type EditorOptions } from '../support/editor.ts';
import { extensionId, packageMissing } from '../support/extension.ts';
import { startHost, type TestHost } from '../support/host.ts';
import { limited, patience } from '../support/poll.ts';
import type { Tree } from '../support/tree.ts';
import { drawRows } from '../support/tree-rows.ts';
import type { Workbench } from '../support/workbench.ts';

export const container = 'Namespaces';
const category = 'Linux Namespaces';

export interface Stage {
  readonly edition: Edition;
  /** Ends after the group's last test. */
  readonly scope: Scope;
  readonly editor: Editor;
  readonly workbench: Workbench;
  readonly tree: Tree;
  readonly host: TestHost;
  /** Runs one of the product's commands from the palette. */
  run(title: string): Promise<void>;
}

export type Step = (name: string, body: () => Promise<void>) => void;

/** Tests that go on where the one before stopped. */
export type Play = (stage: Stage, step: Step) => void;

export type StageOptions = Omit<EditorOptions, 'edition' | 'prepare'> & { readonly knownHost?: boolean };

/** The group is skipped, with the reason, where the machine lacks something. */
function reason(): string | false {
  return packageMissing() ?? sshdMissing() ?? missing('root', 'ip', 'unshare');
}

/** Opening a window is the dear part: plays that need the same settings share one, and begin with nothing open in it. */
export function onStage(edition: Edition, options: StageOptions, plays: Readonly<Record<string, Play>>): void {
  describe(Object.keys(plays).join(', '), { skip: reason() }, () => {
    const window = new StageWindow(edition, options);
    before(() => window.open());
    after(() => window.close());
    const performance = new Performance(window, Object.entries(plays));
    for (const [title, steps] of performance.scenes) {
      describe(title, () => {
        for (const step of steps) {
          // A second time takes as long as all that came before it.
          it(step.name, { timeout: 20 * patience }, (t) => performance.perform(step, t));
        }
      });
    }
  });
}

/** A window with its host; another one after it is opened anew. */
class StageWindow implements Stage {
  readonly edition: Edition;
  readonly #options: StageOptions;
  #opened: { readonly scope: Scope; readonly editor: Editor; readonly host: TestHost } | undefined;

  constructor(edition: Edition, options: StageOptions) {
    this.edition = edition;
    this.#options = options;
  }

  get scope(): Scope {
    return this.#now.scope;
  }
  get editor(): Editor {
    return this.#now.editor;
  }
  get workbench(): Workbench {
    return this.editor.workbench;
  }
  get tree(): Tree {
    return this.workbench.tree;
  }
  get host(): TestHost {
    return this.#now.host;
  }

  run(command: string): Promise<void> {
    return this.workbench.run(`${category}: ${command}`);
  }

  async open(): Promise<void> {
    const scope = new Scope();
    try {
      const host = await startHost(scope, 'build7');
      const editor = await openEditor(scope, {
        ...this.#options,
        edition: this.edition,
        prepare: (home) => host.introduce(home, { known: this.#options.knownHost === true }),
      });
      this.#opened = { scope, editor, host };
      await editor.workbench.show(container);
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#opened === undefined) return;
    const { scope, editor } = this.#opened;
    this.#opened = undefined;
    const logs = await editor.logs();
    const errors = editor.windowErrors;
    await scope.close();
    assert.deepEqual(errors, [], 'errors in the window');
    assert.deepEqual(complaints(logs), [], 'errors in the logs');
  }

  get #now() {
    return this.#opened ?? assert.fail('the window did not open');
  }
}

interface ScriptLine {
  readonly name: string;
  readonly body: () => Promise<void>;
}

interface PlayStep {
  readonly name: string;
  readonly play: number;
  readonly index: number;
}

/**
 * The plays of one window, step by step. An editor in a browser is driven by clicks on rows that move, and once in some thousand
 * a click or a tooltip goes astray on a busy machine. So the first failure of a play is told, with its picture, and everything up
 * to that step is played once more in a new window: what fails there fails.
 */
class Performance {
  readonly scenes: readonly (readonly [title: string, steps: readonly PlayStep[]])[];
  readonly #window: StageWindow;
  readonly #plays: readonly Play[];
  #scripts: readonly (readonly ScriptLine[])[];
  readonly #playedAgain = new Set<number>();
  #failed: PlayStep | undefined;

  constructor(window: StageWindow, plays: readonly (readonly [string, Play])[]) {
    this.#window = window;
    this.#plays = plays.map(([, play]) => play);
    this.#scripts = this.#read();
    this.scenes = plays.map(([title], play) => [
      title,
      (this.#scripts[play] ?? []).map(({ name }, index) => ({ name, play, index })),
    ]);
  }

  async perform(step: PlayStep, t: TestContext): Promise<void> {
    if (this.#failed?.play === step.play) {
      t.skip(`goes on where “${this.#failed.name}” should have arrived`);
      return;
    }
    try {
      await this.#play(step);
    } catch (error) {
      const words = await explained(this.#window, step.name, error);
      if (this.#playedAgain.has(step.play) || !(await this.#recovered(step, words, t))) {
        this.#failed = step;
        throw new Error(words, { cause: error });
      }
    }
  }

  /** Reads the plays anew, with what each remembers from step to step forgotten. */
  #read(): readonly (readonly ScriptLine[])[] {
    return this.#plays.map((play) => {
      const script: ScriptLine[] = [];
      play(this.#window, (name, body) => void script.push({ name, body }));
      return script;
    });
  }

  async #play({ play, index }: PlayStep): Promise<void> {
    if (index === 0) await this.#window.workbench.tidy();
    await this.#scripts[play]?.[index]?.body();
  }

  async #recovered(step: PlayStep, words: string, t: TestContext): Promise<boolean> {
    this.#playedAgain.add(step.play);
    t.diagnostic(`failed, and is played again from the first step on: ${words}`);
    // What it complains of is what has just failed.
    await this.#window.close().catch((error: unknown) => t.diagnostic(String(error)));
    this.#scripts = this.#read();
    try {
      await this.#window.open();
      for (const [, steps] of this.scenes.slice(0, step.play + 1)) {
        for (const each of steps) {
          if (each.play === step.play && each.index > step.index) break;
          // oxlint-disable-next-line no-await-in-loop
          await this.#play(each);
        }
      }
      return true;
    } catch (error) {
      t.diagnostic(`failed again: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }
}

/** The failure's message with all that helps to understand it. */
async function explained(stage: Stage, name: string, error: unknown): Promise<string> {
  const parts = [error instanceof Error ? error.message : String(error)];
  try {
    parts.push(await limited(whatIsThere(stage, name), 'no picture', patience));
  } catch {
    // The window has gone; the failure itself says more.
  }
  return parts.join('\n');
}

async function whatIsThere({ edition, workbench, tree, editor }: Stage, name: string): Promise<string> {
  const picture = await workbench.screenshot(`failed ${edition} ${name}`.replaceAll(/[^\w]+/g, '-'));
  const logs = [...(await editor.logs())].filter(
    ([file]) => file.includes(extensionId) || file.endsWith('exthost.log'),
  );
  const said = logs.map(([file, text]) => `${file}:\n${text.slice(-3000)}`);
  return [`Picture: ${picture}`, 'Tree:', drawRows(await tree.rows()), ...said].join('\n');
}

/** Lines of our own log and of the extension hosts' that report an error. */
function complaints(logs: ReadonlyMap<string, string>): readonly string[] {
  return [...logs].flatMap(([file, text]) => {
    const ours = file.includes(extensionId);
    if (!ours && !file.endsWith('exthost.log')) return [];
    return text.split('\n').filter((line) => line.includes('[error]') && (ours || line.includes(extensionId)));
  });
}
