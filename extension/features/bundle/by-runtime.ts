/** A bundle handed to runc or crun: the container lives in a terminal, and goes with it. */
import * as vscode from 'vscode';
import type { Host } from '../../host/types.ts';
import { HelperError } from '../../helper/session.ts';
import { displayText } from '../../model/text.ts';
import type { FeatureContext } from '../context.ts';
import { askName } from '../create/carry-out.ts';
import { EnterTerminal } from '../enter/helper-terminal.ts';
import { explainFailure } from '../explain-failure.ts';
import { hostCommand, outputOf } from '../host-command.ts';
import { runtimeCommand, runtimeWords, type Place, type Way } from './offer.ts';

const largest = 100_000;

export async function runByRuntime(
  { log }: Pick<FeatureContext, 'log'>,
  host: Host,
  { name: runtime, path }: Extract<Way, { kind: 'runtime' }>,
  config: unknown,
  place: Place,
  title: string,
): Promise<void> {
  const { session, facts } = host;
  const id = await askName(title, `The container’s id for ${runtime}.`);
  if (id === undefined || session === undefined || facts === undefined) return;
  const command = runtimeCommand(path, place.folder, id);
  const words = hostCommand(facts, command);
  if (words === undefined) throw new Error(`Nothing can be run on ${host.label}: it does not tell its own namespaces.`);
  const run = async (...argv: readonly string[]): Promise<string> => outputOf(session, facts, [path, ...argv], largest);
  if (await exists(run, id)) {
    void vscode.window.showWarningMessage(`${runtime} has a container “${id}” on ${host.label} already.`);
    return;
  }
  const choice = await vscode.window.showInformationMessage(
    `Run “${id}” with ${runtime} on ${host.label}?`,
    { modal: true, detail: runtimeWords(command, config, place, facts.user ?? 'The user') },
    'Run',
  );
  if (choice !== 'Run') return;
  const name = `${id} on ${host.label}`;
  const pty = new EnterTerminal({
    session,
    name,
    where: `${runtime} runs ${displayText(place.folder)} as ${id} on ${host.label}. Closing this terminal ends it.`,
    verb: 'enter',
    words,
    onRefused: (error) => explainFailure(`“${id}” could not be run`, error, facts, { verb: 'enter' }),
    // The hang-up alone can be ignored by what runs in it, and leaves what the runtime has noted of it.
    onLeft: () => {
      run('delete', '--force', '--', id).then(
        () => log.info(`[${host.label}] ${runtime}: ${id} was deleted with its terminal`),
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          log.error(`[${host.label}] ${runtime} delete ${id}: ${message}`);
          void vscode.window.showErrorMessage(`“${id}” may still run on ${host.label}: ${displayText(message)}`);
        },
      );
    },
  });
  vscode.window.createTerminal({ name, pty, iconPath: new vscode.ThemeIcon('package') }).show();
}

/** Where it is there, its end would not be this terminal's business. */
async function exists(run: (...argv: readonly string[]) => Promise<string>, id: string): Promise<boolean> {
  try {
    await run('state', '--', id);
    return true;
  } catch (error) {
    if (error instanceof HelperError) throw error;
    return false;
  }
}
