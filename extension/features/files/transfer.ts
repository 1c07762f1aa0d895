/** Files and folders between the editor's machine and a namespace, with progress, until the person cancels. */
import * as vscode from 'vscode';
import { forEachOf } from '../../files/tree.ts';
import { count } from '../../model/plain-words.ts';

interface Item {
  readonly from: vscode.Uri;
  readonly to: vscode.Uri;
  readonly size: number;
}

interface Plan {
  readonly folders: vscode.Uri[];
  readonly files: Item[];
  /** What is neither a file nor a folder, and links that lead nowhere or round in a circle. */
  readonly left: vscode.Uri[];
}

/** Folders below one another, beyond which links are taken to lead round in a circle. */
const deepest = 60;

export async function upload(sources: readonly vscode.Uri[], folder: vscode.Uri, where: string): Promise<void> {
  await transfer(sources, folder, `Uploading to ${where}`);
}

export async function download(sources: readonly vscode.Uri[], folder: vscode.Uri, what: string): Promise<void> {
  await transfer(sources, folder, `Downloading ${what}`);
}

async function transfer(sources: readonly vscode.Uri[], folder: vscode.Uri, title: string): Promise<void> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  await vscode.window.withProgress(options, async (progress, token) => {
    progress.report({ message: 'looking what there is' });
    const plan: Plan = { folders: [], files: [], left: [] };
    for (const source of sources) {
      // One after another, so that the folders come before what is in them.
      // oxlint-disable-next-line no-await-in-loop
      await gather(source, vscode.Uri.joinPath(folder, lastName(source)), plan, token, 0);
    }
    if (token.isCancellationRequested || !(await mayReplace(plan))) return;
    for (const each of plan.folders) {
      if (token.isCancellationRequested) return;
      // The outer one before the inner one.
      // oxlint-disable-next-line no-await-in-loop
      await vscode.workspace.fs.createDirectory(each);
    }
    const total = plan.files.reduce((sum, { size }) => sum + size + 1, 0);
    let done = 0;
    await forEachOf(plan.files, async ({ from, to, size }) => {
      if (token.isCancellationRequested) return;
      await vscode.workspace.fs.writeFile(to, await vscode.workspace.fs.readFile(from));
      done += 1;
      progress.report({
        increment: ((size + 1) / total) * 100,
        message: `${done} of ${count(plan.files.length, 'file')}`,
      });
    });
    tell(plan, done, token.isCancellationRequested);
  });
}

function tell({ files, left }: Plan, done: number, cancelled: boolean): void {
  if (cancelled) {
    void vscode.window.showInformationMessage(`Cancelled: ${done} of ${count(files.length, 'file')} were transferred.`);
  } else if (left.length > 0) {
    const [first] = left;
    const rest = left.length > 1 ? ` and ${left.length - 1} more` : '';
    void vscode.window.showWarningMessage(
      `${count(done, 'file')} transferred. Left out, being neither files nor folders: ${first?.path}${rest}.`,
    );
  }
}

async function gather(
  from: vscode.Uri,
  to: vscode.Uri,
  plan: Plan,
  token: vscode.CancellationToken,
  depth: number,
): Promise<void> {
  if (token.isCancellationRequested) return;
  const { type, size } = await vscode.workspace.fs.stat(from);
  if ((type & vscode.FileType.File) !== 0) {
    plan.files.push({ from, to, size });
  } else if ((type & vscode.FileType.Directory) !== 0 && depth < deepest) {
    plan.folders.push(to);
    const entries = await vscode.workspace.fs.readDirectory(from);
    await forEachOf(entries, async ([name]) =>
      gather(vscode.Uri.joinPath(from, name), vscode.Uri.joinPath(to, name), plan, token, depth + 1),
    );
  } else {
    plan.left.push(from);
  }
}

/** Nothing is overwritten without a word. */
async function mayReplace({ files }: Plan): Promise<boolean> {
  const there: vscode.Uri[] = [];
  await forEachOf(files, async ({ to }) => {
    if (await exists(to)) there.push(to);
  });
  if (there.length === 0) return true;
  const replace = 'Replace';
  const choice = await vscode.window.showWarningMessage(
    `${count(there.length, 'file')} of these names ${there.length === 1 ? 'is' : 'are'} there already.`,
    {
      modal: true,
      detail: there
        .slice(0, 10)
        .map(({ path }) => path)
        .join('\n'),
    },
    replace,
  );
  return choice === replace;
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

function lastName({ path, authority }: vscode.Uri): string {
  const name = path.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return name === '' ? authority : name.replaceAll(':', '-');
}
