import * as vscode from 'vscode';
import type { FilePlace } from '../transport/errors.ts';

/** Shows a line of a file on this machine. */
export async function openPlace({ file, line }: FilePlace): Promise<void> {
  const position = new vscode.Position(Math.max(0, line - 1), 0);
  try {
    await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(position, position) });
  } catch (error) {
    void vscode.window.showErrorMessage(
      `${file} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
