import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import type { Feature } from './context.ts';
import { pickHost } from './hosts/pick-host.ts';
import { snapshotFileName } from './snapshot-file-name.ts';

/** Writes everything that is known of a host into a JSON file. */
export const activateExportSnapshot: Feature = (context) =>
  context.commands.register(commands.exportSnapshot, async (argument) => {
    const host =
      context.tree.hostOf(argument) ??
      (await pickHost(context, {
        title: 'Export Snapshot',
        suits: ({ graph }) => graph !== undefined,
        none: 'Connect to a host first: there is nothing to export yet.',
      }));
    const graph = host?.graph;
    if (host === undefined) return;
    if (graph === undefined) {
      void vscode.window.showInformationMessage(`Connect to ${host.label} first: there is nothing to export yet.`);
      return;
    }
    const { exportText } = await import('../model/snapshot-export.ts');
    // Taken before the dialog, so that the file shows what the person saw when asking for it.
    const text = exportText(graph);
    const target = await vscode.window.showSaveDialog({
      title: `Export Snapshot of ${host.label}`,
      defaultUri: vscode.Uri.joinPath(folder(), snapshotFileName(host.label, graph.time)),
      filters: { JSON: ['json'] },
    });
    if (target === undefined) return;
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
    void offerToOpen(target);
  });

async function offerToOpen(target: vscode.Uri): Promise<void> {
  const open = 'Open';
  const choice = await vscode.window.showInformationMessage(`The snapshot was written to ${target.fsPath}.`, open);
  if (choice === open) await vscode.window.showTextDocument(target);
}

function folder(): vscode.Uri {
  return vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
}
