import * as vscode from 'vscode';
import type { Host } from '../../host/types.ts';
import { commands } from '../../ids.ts';
import { typeNames } from '../../model/words.ts';
import type { Feature } from '../context.ts';
import { explainFailure } from '../explain-failure.ts';
import { pickTarget } from '../pick-target.ts';
import { lookUp, type Target } from '../targets.ts';
import { EnterTerminal } from './helper-terminal.ts';
import { entryOfNamespace, entryOfProcess, type Entry } from './words.ts';

/** Enter: a terminal in a namespace, or in all that a process is in. */
export const activateEnter: Feature = (context) =>
  context.commands.register(commands.enter, async (argument) => {
    const [selected] = context.tree.targetsOf(argument);
    const target = selected ?? (await pickTarget(context, { title: 'Enter', processes: true }));
    if (target === undefined) return;
    const entry = await chooseEntry(target);
    if (entry !== undefined) openTerminal(target.host, entry);
  });

async function chooseEntry(target: Target): Promise<Entry | undefined> {
  const { graph } = target.host;
  const found = lookUp(target.host, target);
  if (graph === undefined || found === undefined) {
    void vscode.window.showInformationMessage('It is not there any more.');
    return undefined;
  }
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
    { title: 'Enter', placeHolder: 'Which namespaces the terminal is to be in' },
  );
  return choice?.entry;
}

function openTerminal(host: Host, entry: Entry): void {
  const { session, facts } = host;
  if (session === undefined) {
    void vscode.window.showInformationMessage(`Connect to ${host.label} first.`);
    return;
  }
  const name = `${entry.name} on ${host.label}`;
  const pty = new EnterTerminal({
    session,
    name,
    where: `In ${entry.where}, on ${host.label}${facts?.user === undefined ? '' : ` as ${facts.user}`}`,
    verb: 'enter',
    words: entry.words,
    onRefused: (error) =>
      explainFailure(`${entry.name} could not be entered`, error, facts, { verb: 'enter', join: entry.types }),
  });
  vscode.window.createTerminal({ name, pty, iconPath: new vscode.ThemeIcon('symbol-namespace') }).show();
}
