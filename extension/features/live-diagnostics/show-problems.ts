import * as vscode from 'vscode';
import type { Host } from '../../host/types.ts';
import { commands } from '../../ids.ts';
import type { Severity } from '../../../server/language/protocol.ts';
import type { Finding } from '../../model/findings/types.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { connectedHost } from '../hosts/pick-host.ts';
import type { Target } from '../targets.ts';
import { partialWords } from '../tree/items/host-item.ts';
import { joined } from '../tree/items/spec.ts';
import { totals } from './finding-store.ts';

const title = 'Show Problems';

const icons: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  information: 'info',
  hint: 'lightbulb',
};

/** Show Problems: what was found on a host or about a row, what helps, and what can be done about it from here. */
export const activateShowProblems: Feature = (context) =>
  context.commands.register(commands.showProblems, async (argument) => {
    const target = context.tree.targetsOf(argument)[0];
    const host = target?.host ?? (await connectedHost(context, argument, title));
    if (host === undefined) return;
    const { findings } = context;
    const found = target === undefined || target.kind === 'host' ? findings.all(host) : findings.of(host, target);
    if (found.length === 0) {
      const words = [`${host.label}: No problem was found, as far as it was looked at.`, partialWords(host)];
      void vscode.window.showInformationMessage(joined(words, ' '));
      return;
    }
    const finding = await choose(host, found);
    if (finding !== undefined) await act(context, host, finding);
  });

async function choose({ label, graph }: Host, found: readonly Finding[]): Promise<Finding | undefined> {
  const choice = await vscode.window.showQuickPick(
    found.map((finding) => ({
      label: `$(${icons[finding.severity]}) ${targetWords(finding, graph)}`,
      description: finding.message,
      detail: finding.remedy,
      finding,
    })),
    {
      title: `${title} on ${label}`,
      placeHolder: totals(found),
      matchOnDescription: true,
      matchOnDetail: true,
    },
  );
  return choice?.finding;
}

function targetWords({ target, id }: Finding, graph: Host['graph']): string {
  switch (target.kind) {
    case 'namespace':
      return target.key;
    case 'process':
      return `${graph?.processes.get(target.pid)?.comm ?? 'process'} (pid ${target.pid})`;
    case 'workload':
      return graph?.workloads.get(target.id)?.name ?? target.id;
    case 'host':
    default:
      return id.slice('live/'.length).replaceAll('-', ' ');
  }
}

async function act(context: FeatureContext, host: Host, finding: Finding): Promise<void> {
  const { documents, tree } = context;
  const target: Target = { ...finding.target, host };
  const actions: readonly (vscode.QuickPickItem & { readonly run: () => Thenable<unknown> })[] = [
    ...(finding.action === 'findLeaks'
      ? [
          {
            label: 'Find Leaks...',
            description: 'what keeps it, and how to stop that',
            run: () => vscode.commands.executeCommand(commands.findLeaks, host),
          },
        ]
      : []),
    {
      label: 'Show Details',
      description: 'at the line in question',
      run: async () => {
        const document = await vscode.workspace.openTextDocument(documents.uri(host, finding.target));
        const { placeOf } = await import('./place.ts');
        const { line, from, to } = placeOf(document.getText(), finding.at);
        await vscode.window.showTextDocument(document, { selection: new vscode.Range(line, from, line, to) });
      },
    },
    {
      label: 'Go to the Row',
      run: async () => {
        if (await tree.reveal(target)) return;
        void vscode.window.showInformationMessage(
          'It is not in the view: it has gone, or the filter or the grouping hides it.',
        );
      },
    },
    {
      label: 'Read the Manual',
      description: finding.link,
      run: () => vscode.env.openExternal(vscode.Uri.parse(finding.link)),
    },
  ];
  const choice = await vscode.window.showQuickPick(actions, { title: finding.message, placeHolder: finding.remedy });
  await choice?.run();
}
