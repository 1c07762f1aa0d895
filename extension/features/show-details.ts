import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import type { Feature } from './context.ts';
import { targetOf } from './pick-target.ts';

/** Everything that is known, as a read-only document. */
export const activateShowDetails: Feature = (context) =>
  context.commands.register(commands.showDetails, async (argument, selected) => {
    const chosen = await targetOf(context, { title: 'Show Details', processes: true }, argument, selected);
    if (chosen === undefined) return;
    const { host, ...reference } = chosen;
    const document = await vscode.workspace.openTextDocument(context.documents.uri(host, reference));
    await vscode.window.showTextDocument(document, { preview: true });
  });
