/** A group of tests that share one window: each goes on where the one before stopped, as a person does. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
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
    const scope = new Scope();
    let open: { readonly editor: Editor; readonly host: TestHost } | undefined;
    const opened = () => open ?? assert.fail('the window did not open');
    const stage: Stage = {
      edition,
      scope,
      get editor() {
        return opened().editor;
      },
      get workbench() {
        return opened().editor.workbench;
      },
      get tree() {
        return opened().editor.workbench.tree;
      },
      get host() {
        return opened().host;
      },
      run: (command) => opened().editor.workbench.run(`${category}: ${command}`),
    };
    before(async () => {
      const host = await startHost(scope, 'build7');
      const editor = await openEditor(scope, {
        ...options,
        edition,
        prepare: (home) => host.introduce(home, { known: options.knownHost === true }),
      });
      await editor.workbench.show(container);
      open = { editor, host };
    });
    after(async () => {
      const logs = await open?.editor.logs();
      const errors = open?.editor.windowErrors ?? [];
      await scope.close();
      assert.deepEqual(errors, [], 'errors in the window');
      if (logs !== undefined) assert.deepEqual(complaints(logs), [], 'errors in the logs');
    });
    for (const [title, play] of Object.entries(plays)) {
      describe(title, () => perform(stage, play));
    }
  });
}

function perform(stage: Stage, play: Play): void {
  let failed: string | undefined;
  before(() => stage.workbench.tidy());
  play(stage, (name, body) => {
    it(name, { timeout: 5 * patience }, async (t) => {
      if (failed !== undefined) {
        t.skip(`goes on where “${failed}” should have arrived`);
        return;
      }
      try {
        await body();
      } catch (error) {
        failed = name;
        throw new Error(await explained(stage, name, error), { cause: error });
      }
    });
  });
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
