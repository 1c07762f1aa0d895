/** What all that is exported has in common. */
import { homedir } from 'node:os';
import * as vscode from 'vscode';

/** Where a save dialog begins. */
export function startFolder(): vscode.Uri {
  return vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
}

/** @param what the beginning of a sentence, `The snapshot` */
export async function offerToOpen(what: string, target: vscode.Uri): Promise<void> {
  const open = 'Open';
  const choice = await vscode.window.showInformationMessage(`${what} was written to ${target.fsPath}.`, open);
  if (choice === open) await vscode.window.showTextDocument(target);
}
