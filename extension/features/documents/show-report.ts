import * as vscode from 'vscode';

/** Markdown as the editor shows it, or its text where the editor's own Markdown extension is disabled. */
export async function showReport(uri: vscode.Uri, options: { readonly preserveFocus: boolean }): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  try {
    await vscode.commands.executeCommand('markdown.showPreview', document.uri);
  } catch {
    await vscode.window.showTextDocument(document, { preview: true, ...options });
  }
}
