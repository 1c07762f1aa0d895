/** Which config.json is meant, and what is in it. */
import * as vscode from 'vscode';
import { HelperError } from '../../helper/session.ts';
import type { Host } from '../../host/types.ts';
import { displayText } from '../../model/text.ts';
import { count } from '../../model/plain-words.ts';
import { ConnectionError } from '../../transport/errors.ts';
import { outputOf } from '../host-command.ts';
import { jsonProblem } from './json-place.ts';

/** A file that the editor can read, or one on a host. */
export type Source =
  { readonly kind: 'file'; readonly uri: vscode.Uri } | { readonly kind: 'host'; readonly folder: string };

/** Bytes; the specification has no limit, and real ones have some ten thousand. */
const largest = 4_000_000;
const offered = 50;

function isConfig(uri: vscode.Uri): boolean {
  return uri.path.endsWith('/config.json');
}

/** @param argument what a menu gives: the file's address. Undefined when the person cancelled. */
export async function chooseSource(argument: unknown, host: Host, title: string): Promise<Source | undefined> {
  if (argument instanceof vscode.Uri) return { kind: 'file', uri: argument };
  const active = vscode.window.activeTextEditor?.document.uri;
  const found = await findConfigs();
  const first = active !== undefined && isConfig(active) ? [active] : [];
  const files = [...first, ...found.filter((uri) => uri.toString() !== active?.toString())];
  const byPath = { label: 'Absolute Path...', description: `a bundle that is on ${host.label}`, uri: undefined };
  const items = files.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), description: '', uri }));
  const choice =
    items.length === 0
      ? byPath
      : await vscode.window.showQuickPick([...items, byPath], {
          title,
          placeHolder: 'The config.json of the bundle',
          ignoreFocusOut: true,
        });
  if (choice === undefined) return undefined;
  if (choice.uri !== undefined) return { kind: 'file', uri: choice.uri };
  const folder = await askFolder(title, `The bundle’s folder on ${host.label}, which has its config.json.`);
  return folder === undefined ? undefined : { kind: 'host', folder };
}

/** Nothing where the editor cannot search: its search is a program of its own, which may be missing. */
async function findConfigs(): Promise<readonly vscode.Uri[]> {
  try {
    return await vscode.workspace.findFiles('**/config.json', '**/node_modules/**', offered);
  } catch {
    return [];
  }
}

/** Without slashes at its end; undefined when the person cancelled. */
export async function askFolder(title: string, prompt: string): Promise<string | undefined> {
  const folder = await vscode.window.showInputBox({
    title,
    prompt,
    placeHolder: '/srv/bundle',
    validateInput: (text) => {
      if (!text.startsWith('/') || text.includes('\0')) return 'An absolute path is needed.';
      return text.length > 3000 ? 'At most 3,000 characters.' : undefined;
    },
    ignoreFocusOut: true,
  });
  return folder?.replace(/\/config\.json$/, '').replace(/(?<=.)\/+$/, '');
}

/** What the file says. Undefined when it cannot be read or is not JSON, which has then been said. */
export async function readConfig(source: Source, host: Host): Promise<{ readonly config: unknown } | undefined> {
  const name = source.kind === 'file' ? vscode.workspace.asRelativePath(source.uri) : `${source.folder}/config.json`;
  let text: string;
  try {
    text = await readText(source, host);
  } catch (error) {
    if (error instanceof HelperError || error instanceof ConnectionError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(`${displayText(name)} cannot be read: ${displayText(message)}`);
    return undefined;
  }
  const problem = jsonProblem(text);
  if (problem === undefined) {
    const config: unknown = JSON.parse(text);
    return { config };
  }
  const { line, column } = problem;
  const message = `${displayText(name)} is not JSON: line ${line}, column ${column} cannot be read.`;
  const show = 'Go to Line';
  const choice = await vscode.window.showErrorMessage(message, ...(source.kind === 'file' ? [show] : []));
  if (choice === show && source.kind === 'file') {
    const position = new vscode.Position(line - 1, column - 1);
    await vscode.window.showTextDocument(source.uri, { selection: new vscode.Range(position, position) });
  }
  return undefined;
}

async function readText(source: Source, host: Host): Promise<string> {
  if (source.kind === 'file') {
    // What is being written counts, as in the editor itself.
    const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === source.uri.toString());
    if (open?.isDirty === true && !(await open.save())) throw new Error('The file could not be saved.');
    const { size } = await vscode.workspace.fs.stat(source.uri);
    if (size > largest) throw new Error(`The file has ${count(size, 'byte')}: it is too large for a config.json.`);
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(source.uri));
  }
  const { session, facts } = host;
  if (session === undefined || facts === undefined) throw new Error(`Connect to ${host.label} first.`);
  return outputOf(session, facts, ['cat', `${source.folder}/config.json`], largest);
}
