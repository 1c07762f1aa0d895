/** The end of every way to make something that is kept: its name, and from the helper's words to the new row. */
import * as vscode from 'vscode';
import { create, type Created } from '../../helper/verbs.ts';
import type { Host } from '../../host/types.ts';
import type { CreateOptions } from '../../explain/preview.ts';
import type { FeatureContext } from '../context.ts';
import { explainFailure } from '../explain-failure.ts';
import { keepPrompt } from './ask.ts';
import { nameProblem } from './types.ts';

export function askName(title: string, prompt = keepPrompt, value = ''): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title,
    prompt,
    placeHolder: 'web',
    value,
    validateInput: nameProblem,
    ignoreFocusOut: true,
  });
}

/** @param detail everything that will happen, since nothing of it is asked for again */
export async function confirmCreate(host: Host, name: string, detail: string): Promise<boolean> {
  const choice = await vscode.window.showInformationMessage(
    `Create “${name}” on ${host.label}?`,
    { modal: true, detail },
    'Create',
  );
  return choice === 'Create';
}

export async function carryOut(
  { tree, log }: Pick<FeatureContext, 'tree' | 'log'>,
  host: Host,
  options: CreateOptions,
  words: readonly string[],
): Promise<void> {
  const { session, facts } = host;
  if (session === undefined) return;
  const name = options.keep ?? '';
  let created: Created;
  try {
    created = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Creating ${name}`, cancellable: true },
      (_, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort(new Error(`${name} was not created: cancelled.`)));
        return create(session, words, abort.signal);
      },
    );
  } catch (error) {
    const context = {
      verb: 'create',
      new: options.new,
      name,
      ...(options.map === undefined ? {} : { map: options.map }),
    };
    await explainFailure(`“${name}” could not be created`, error, facts, context);
    return;
  }
  log.info(`[${host.label}] Created ${name}: ${created.made.map(({ type, id }) => `${type}:${id}`).join(', ')}`);
  await host.refresh({ deep: false });
  const [first] = created.made;
  if (first === undefined) return;
  const key = `${first.type}:${first.id}` as const;
  if (options.argv !== undefined && host.graph?.namespaces.has(key) === false) {
    void vscode.window.showWarningMessage(`“${name}” has ended already: its program has.`);
  } else await tree.reveal({ kind: 'namespace', host, key });
}
