import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import type { Feature } from './context.ts';
import { pickHost } from './hosts/pick-host.ts';
import { offerToOpen, startFolder } from './save-file.ts';
import { hostFileName } from './host-file-name.ts';

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
      defaultUri: vscode.Uri.joinPath(startFolder(), hostFileName(host.label, graph.time, 'json')),
      filters: { JSON: ['json'] },
    });
    if (target === undefined) return;
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
    void offerToOpen('The snapshot', target);
  });
