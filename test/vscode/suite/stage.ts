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

/** The group is skipped, with the reason, where the machine lacks something. */
function reason(): string | false {
  return packageMissing() ?? sshdMissing() ?? missing('root', 'ip', 'unshare');
}

export function onStage(
  title: string,
  edition: Edition,
  options: Omit<EditorOptions, 'edition' | 'prepare'> & { readonly knownHost?: boolean },
  play: (stage: Stage, step: Step) => void,
): void {
  describe(title, { skip: reason() }, () => {
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
      open = { editor, host };
    });
    after(async () => {
      const logs = await open?.editor.logs();
      const errors = open?.editor.windowErrors ?? [];
      await scope.close();
      assert.deepEqual(errors, [], 'errors in the window');
      if (logs !== undefined) assert.deepEqual(complaints(logs), [], 'errors in the logs');
    });
    let failed: string | undefined;
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
          await limited(describeFailure(stage, name, error), 'no picture', patience).catch(() => undefined);
          throw error;
        }
      });
    });
  });
}

async function describeFailure(
  { edition, workbench, tree, editor }: Stage,
  name: string,
  error: unknown,
): Promise<void> {
  if (!(error instanceof Error)) return;
  try {
    const picture = await workbench.screenshot(`failed ${edition} ${name}`.replaceAll(/[^\w]+/g, '-'));
    const said = [...(await editor.logs())]
      .filter(([file]) => file.includes(extensionId))
      .map(([, text]) => text.slice(-3000));
    error.message += `\nPicture: ${picture}\nTree:\n${drawRows(await tree.rows())}\nLog:\n${said.join('\n')}`;
  } catch {
    // The window has gone; the first error says more.
  }
}

/** Lines of our own log and of the extension hosts' that report an error. */
function complaints(logs: ReadonlyMap<string, string>): readonly string[] {
  return [...logs].flatMap(([file, text]) => {
    const ours = file.includes(extensionId);
    if (!ours && !file.endsWith('exthost.log')) return [];
    return text.split('\n').filter((line) => line.includes('[error]') && (ours || line.includes(extensionId)));
  });
}
