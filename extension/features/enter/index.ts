import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import { commands } from '../../ids.ts';
import { commandLine } from '../../model/command-line.ts';
import { displayText } from '../../model/text.ts';
import { typeNames } from '../../model/plain-words.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { explainFailure } from '../explain-failure.ts';
import { targetOf } from '../pick-target.ts';
import { lookUp, type Target } from '../targets.ts';
import { EnterTerminal } from './helper-terminal.ts';
import { entryOfInstance, entryOfNamespace, entryOfProcess, type Entry } from './words.ts';

/** Enter and Run Command in: a terminal in a namespace, or in all that a process is in, with a shell or with one command. */
export const activateEnter: Feature = (context) => {
  const store = new DisposableStore();
  store.add(
    context.commands.register(commands.enter, async (argument) => {
      const place = await choosePlace(context, argument, 'Enter');
      if (place !== undefined) openTerminal(place, { title: place.entry.name, words: ['--shell'] });
    }),
  );
  let last = '';
  store.add(
    context.commands.register(commands.runCommand, async (argument) => {
      const place = await choosePlace(context, argument, 'Run Command in');
      if (place === undefined) return;
      const text = await askCommand(place, last);
      if (text === undefined) return;
      last = text;
      const parsed = commandLine(text);
      if ('argv' in parsed) {
        const title = `${displayText(parsed.argv[0], 30)} in ${place.entry.name}`;
        openTerminal(place, { title, words: ['--', ...parsed.argv] });
      }
    }),
  );
  return store;
};

/** Where a terminal is to be. */
interface Place {
  readonly host: Host;
  readonly entry: Entry;
}

async function choosePlace(context: FeatureContext, argument: unknown, title: string): Promise<Place | undefined> {
  const target = await targetOf(context, { title, processes: true }, argument);
  const entry = target && (await chooseEntry(target, title));
  return target && entry && { host: target.host, entry };
}

function askCommand({ entry, host }: Place, last: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: `Run Command in ${entry.name} on ${host.label}`,
    prompt: 'Run as it is, by no shell: quotes only keep words together.',
    placeHolder: 'ip -brief address',
    value: last,
    validateInput: (text) => {
      const parsed = commandLine(text);
      return 'problem' in parsed ? parsed.problem : undefined;
    },
    ignoreFocusOut: true,
  });
}

async function chooseEntry(target: Target, title: string): Promise<Entry | undefined> {
  const { graph } = target.host;
  const found = lookUp(target.host, target);
  if (graph === undefined || found === undefined) {
    void vscode.window.showInformationMessage('It is not there any more.');
    return undefined;
  }
  if (found.kind === 'workload') return entryOfInstance(graph, found.workload);
  if (found.kind === 'process') {
    const entry = entryOfProcess(graph, found.process);
    if (entry === undefined) {
      void vscode.window.showInformationMessage(
        found.process.namespaces === undefined
          ? 'The namespaces of this process may not be seen by this user, so they cannot be entered either.'
          : 'This process is in the host’s own namespaces: there is nothing to enter.',
      );
    }
    return entry;
  }
  if (found.kind !== 'namespace') return undefined;
  const { namespace } = found;
  const leader = namespace.leader === undefined ? undefined : graph.processes.get(namespace.leader);
  const whole = leader && entryOfProcess(graph, leader);
  const alone = entryOfNamespace(graph, namespace);
  if (whole === undefined || whole.types.length < 2) return alone;
  const choice = await vscode.window.showQuickPick(
    [
      {
        label: `All of ${whole.name}`,
        description: whole.types.map((type) => typeNames[type]).join(', '),
        entry: whole,
      },
      { label: `Only this ${typeNames[namespace.type]} namespace`, description: namespace.key, entry: alone },
    ],
    // A row that is being shown after it was made takes the focus, and would take this away with it.
    { title, placeHolder: 'Which namespaces the terminal is to be in', ignoreFocusOut: true },
  );
  return choice?.entry;
}

function openTerminal(
  { host, entry }: Place,
  run: { readonly title: string; readonly words: readonly string[] },
): void {
  const { session, facts } = host;
  if (session === undefined) {
    void vscode.window.showInformationMessage(`Connect to ${host.label} first.`);
    return;
  }
  const name = `${run.title} on ${host.label}`;
  const pty = new EnterTerminal({
    session,
    name,
    where: `In ${entry.where}, on ${host.label}${facts?.user === undefined ? '' : ` as ${facts.user}`}`,
    verb: 'enter',
    words: [...entry.words, ...run.words],
    onRefused: (error) =>
      explainFailure(`${entry.name} could not be entered`, error, facts, { verb: 'enter', join: entry.types }),
  });
  vscode.window.createTerminal({ name, pty, iconPath: new vscode.ThemeIcon('symbol-namespace') }).show();
}
