/** Open Folder, Upload, Download and Compare File. */
import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { formatFileAddress, parentPath, parseFileAddress } from '../../files/address.ts';
import { commands } from '../../ids.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { choosePlace, describeUri, fileArgument, fileUri } from './place.ts';
import type { FilePlace } from './place.ts';
import { download, upload } from './transfer.ts';

export const activateFileCommands: Feature = (context) => {
  const store = new DisposableStore();
  store.add(context.commands.register(commands.openFolder, async (argument) => openFolder(context, argument)));
  store.add(context.commands.register(commands.upload, async (argument) => chooseUpload(context, argument)));
  store.add(
    context.commands.register(commands.download, async (argument, selected) =>
      chooseDownload(context, argument, selected),
    ),
  );
  store.add(context.commands.register(commands.compareFile, async (argument) => compareFile(context, argument)));
  return store;
};

/** A path that the person gives; undefined when they give none. */
async function askPath(place: FilePlace, title: string, value: string): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title: `${title} ${place.name} on ${place.host.label}`,
    prompt: 'Path as it is inside.',
    value,
    valueSelection: [value.length, value.length],
    validateInput: (given) => (given.startsWith('/') ? undefined : 'A path begins with a slash.'),
    ignoreFocusOut: true,
  });
  if (text === undefined) return undefined;
  // The same file has one address.
  const names: string[] = [];
  for (const name of text.split('/').filter((each) => each !== '' && each !== '.')) {
    if (name === '..') names.pop();
    else names.push(name);
  }
  return `/${names.join('/')}`;
}

async function openFolder(context: FeatureContext, argument: unknown): Promise<void> {
  const place = await choosePlace(context, argument, 'Open Folder of Namespace');
  if (place === undefined) return;
  const path = await askPath(place, 'Open Folder of', '/');
  if (path === undefined) return;
  const uri = fileUri(place, path);
  const { type } = await vscode.workspace.fs.stat(uri);
  if ((type & vscode.FileType.Directory) === 0) {
    await vscode.window.showTextDocument(uri);
    return;
  }
  const known = vscode.workspace.workspaceFolders ?? [];
  // A first folder reloads the window, so an empty window becomes the folder's; beside others a new window leaves them alone.
  const add = 'Add to Workspace';
  const window = 'Open in New Window';
  const choice =
    known.length === 0
      ? 'Open'
      : await vscode.window.showQuickPick([window, add], {
          title: `Open ${path} of ${place.name}`,
          placeHolder: 'Where the folder is to be opened',
          ignoreFocusOut: true,
        });
  if (choice === undefined) return;
  if (choice === add) {
    const name = `${path === '/' ? '' : `${path} of `}${place.name} (${place.host.label})`;
    vscode.workspace.updateWorkspaceFolders(known.length, 0, { uri, name });
    await vscode.commands.executeCommand('workbench.view.explorer');
    return;
  }
  await vscode.commands.executeCommand('vscode.openFolder', uri, { forceNewWindow: choice === window });
}

/** The folder to upload to. */
async function chooseUpload(context: FeatureContext, argument: unknown): Promise<void> {
  const target = await remoteFolder(context, argument);
  if (target === undefined) return;
  const kind = await vscode.window.showQuickPick(['Files…', 'Folders…'], {
    title: `Upload to ${describeUri(context, target)}`,
    placeHolder: 'What to upload',
  });
  if (kind === undefined) return;
  const files = kind === 'Files…';
  const chosen = await vscode.window.showOpenDialog({
    title: `Upload to ${describeUri(context, target)}`,
    openLabel: 'Upload',
    canSelectFiles: files,
    canSelectFolders: !files,
    canSelectMany: true,
  });
  if (chosen !== undefined && chosen.length > 0) await upload(chosen, target, describeUri(context, target));
}

async function remoteFolder(context: FeatureContext, argument: unknown): Promise<vscode.Uri | undefined> {
  const uri = fileArgument(argument);
  if (uri === undefined) {
    const place = await choosePlace(context, argument, 'Upload');
    const path = place && (await askPath(place, 'Upload to', '/'));
    return place && path !== undefined ? fileUri(place, path) : undefined;
  }
  const { type } = await vscode.workspace.fs.stat(uri);
  return (type & vscode.FileType.Directory) === 0 ? vscode.Uri.joinPath(uri, '..') : uri;
}

async function chooseDownload(context: FeatureContext, argument: unknown, selected: unknown): Promise<void> {
  const sources = await remoteSources(context, argument, selected);
  const [first] = sources;
  if (first === undefined) return;
  const folders = await vscode.window.showOpenDialog({
    title: `Download ${sources.length === 1 ? describeUri(context, first) : `${sources.length} items`} to`,
    openLabel: 'Download Here',
    canSelectFiles: false,
    canSelectFolders: true,
  });
  const [folder] = folders ?? [];
  if (folder !== undefined) await download(sources, folder, describeUri(context, first));
}

async function remoteSources(
  context: FeatureContext,
  argument: unknown,
  selected: unknown,
): Promise<readonly vscode.Uri[]> {
  const uri = fileArgument(argument);
  if (uri !== undefined) {
    const several = Array.isArray(selected) ? selected.flatMap((each) => fileArgument(each) ?? []) : [];
    return several.length > 0 ? several : [uri];
  }
  const place = await choosePlace(context, argument, 'Download');
  const path = place && (await askPath(place, 'Download from', '/etc'));
  return place && path !== undefined ? [fileUri(place, path)] : [];
}

/** The same path in another namespace, of whichever host. */
async function compareFile(context: FeatureContext, argument: unknown): Promise<void> {
  let uri = fileArgument(argument);
  if (uri === undefined) {
    const place = await choosePlace(context, argument, 'Compare File (1/2)');
    const path = place && (await askPath(place, 'Compare File of', '/etc/hosts'));
    if (!place || path === undefined) return;
    uri = fileUri(place, path);
  }
  const address = parseFileAddress(uri);
  const other = address && (await choosePlace(context, undefined, 'Compare File With'));
  if (!other) return;
  const right = uri.with(formatFileAddress({ host: other.host.id, target: other.target, path: address.path }));
  const name = address.path.slice(parentPath(address.path).length).replace(/^\//, '');
  const title = `${name}: ${describeUri(context, uri)} ↔ ${describeUri(context, right)}`;
  await vscode.commands.executeCommand('vscode.diff', uri, right, title, { preview: true });
}
