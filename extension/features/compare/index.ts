import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { commands } from '../../ids.ts';
import { compare } from '../../model/compare.ts';
import type { Subject } from '../../model/compare.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { pickTarget } from '../pick-target.ts';
import { lookUp } from '../targets.ts';
import type { Target } from '../targets.ts';

/** Compare Two, Compare Selected, Compare With: what two namespaces or processes share, as a diff. */
export const activateCompare: Feature = (context) => {
  const store = new DisposableStore();
  store.add(
    context.commands.register(commands.compare, async () => {
      const first = await pickTarget(context, { title: 'Compare Two (1/2)', processes: true });
      if (first !== undefined) await compareWith(context, first, 'Compare Two (2/2)');
    }),
  );
  store.add(
    context.commands.register(commands.compareWith, async (argument) => {
      const [first] = context.tree.targetsOf(argument);
      if (first !== undefined) await compareWith(context, first, 'Compare With');
    }),
  );
  store.add(
    context.commands.register(commands.compareSelected, async (argument, selected) => {
      const [first, second, ...others] = context.tree.targetsOf(argument, selected);
      if (first === undefined || second === undefined || others.length > 0) {
        void vscode.window.showInformationMessage('Select two namespaces or processes to compare.');
      } else await showComparison(context, first, second);
    }),
  );
  return store;
};

async function compareWith(context: FeatureContext, first: Target, title: string): Promise<void> {
  const second = await pickTarget(context, { title, processes: true, host: first.host, except: first });
  if (second !== undefined) await showComparison(context, first, second);
}

async function showComparison({ documents }: FeatureContext, first: Target, second: Target): Promise<void> {
  const { host, ...left } = first;
  const { host: other, ...right } = second;
  if (host !== other) {
    void vscode.window.showInformationMessage(
      'Choose two of the same host: numbers of different hosts can be equal, but the namespaces never are.',
    );
    return;
  }
  const subjects = [subjectOf(first), subjectOf(second)] as const;
  if (host.graph === undefined || subjects[0] === undefined || subjects[1] === undefined) {
    void vscode.window.showInformationMessage('One of the two is not there any more.');
    return;
  }
  const { titles, shared, different, unknown } = compare(host.graph, subjects[0], subjects[1]);
  const counts = [
    `${shared.length} shared`,
    `${different.length} different`,
    ...(unknown.length === 0 ? [] : [`${unknown.length} not known`]),
  ];
  await vscode.commands.executeCommand(
    'vscode.diff',
    documents.uri(host, left, right),
    documents.uri(host, right, left),
    `${titles[0]} ↔ ${titles[1]}: ${counts.join(', ')}`,
    { preview: true } satisfies vscode.TextDocumentShowOptions,
  );
}

function subjectOf({ host, ...reference }: Target): Subject | undefined {
  const found = lookUp(host, reference);
  return found?.kind === 'namespace' || found?.kind === 'process' ? found : undefined;
}
