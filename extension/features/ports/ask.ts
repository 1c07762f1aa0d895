/** What the person has to choose for a forward. */
import * as vscode from 'vscode';
import type { Host } from '../../host/types.ts';
import { parsePlace, type Place, type SocketRow } from '../../model/sockets.ts';
import { displayText } from '../../model/text.ts';
import type { Namespace } from '../../model/types.ts';
import type { FeatureContext } from '../context.ts';
import { targetOf } from '../pick-target.ts';
import { lookUp } from '../targets.ts';
import type { LocalAddress } from './forward.ts';
import { isExposed, parseLocal } from './kept.ts';
import { listen } from './listen.ts';

const title = 'Forward Port';
const reverseTitle = 'Forward Local Port into Namespace';

/** As `askForward`, for a place where something is to listen within. */
export async function askReverse(
  context: FeatureContext,
  argument: unknown,
): Promise<(Wanted & { readonly local: LocalAddress }) | undefined> {
  const network = await networkOf(context, argument, reverseTitle);
  if (network === undefined) return undefined;
  const { host, namespace } = network;
  if (host.session === undefined || namespace === undefined) {
    sayMissing(host);
    return undefined;
  }
  const local = await askAddress(
    `${reverseTitle} on ${host.label}`,
    'Where connections are to go on this side: a port of 127.0.0.1, or ADDRESS:PORT.',
    '3000',
  );
  if (local === undefined) return undefined;
  const text = await vscode.window.showInputBox({
    title: `${reverseTitle} on ${host.label}`,
    prompt: `Where ${displayText(namespace.name.text)} is to find it: a port of 127.0.0.1, tcp:ADDRESS:PORT or unix:@NAME.`,
    value: String(local.port),
    validateInput: (value) => (isInward(placeOf(value)) ? undefined : 'This is no such address.'),
    ignoreFocusOut: true,
  });
  const place = text === undefined ? undefined : placeOf(text);
  return place && { host, namespace, place, local };
}

/** What `listen` takes. */
function isInward(place: Place | undefined): boolean {
  return place?.kind === 'tcp' || (place?.kind === 'unix' && place.path.startsWith('@'));
}

async function askAddress(heading: string, prompt: string, placeHolder: string): Promise<LocalAddress | undefined> {
  const text = await vscode.window.showInputBox({
    title: heading,
    prompt,
    placeHolder,
    validateInput: (value) =>
      (parseLocal(value)?.port ?? 0) === 0 ? 'This is neither a port nor an address and a port.' : undefined,
    ignoreFocusOut: true,
  });
  return text === undefined ? undefined : parseLocal(text);
}

function sayMissing(host: Host): void {
  void vscode.window.showInformationMessage(
    host.session === undefined ? `Connect to ${host.label} first.` : 'The net namespace is not there any more.',
  );
}

export interface Wanted {
  readonly host: Host;
  readonly namespace: Namespace;
  readonly place: Place;
}

/** Undefined when the person cancelled, or there is nothing to forward to, which has then been said. */
export async function askForward(context: FeatureContext, argument: unknown): Promise<Wanted | undefined> {
  const network = await networkOf(context, argument, title);
  if (network === undefined) return undefined;
  const { host, namespace } = network;
  if (host.session === undefined || namespace === undefined) {
    sayMissing(host);
    return undefined;
  }
  const row = context.tree.listeningOf(argument)?.row;
  if (row !== undefined && row.place === undefined) {
    void vscode.window.showInformationMessage(row.details.join(' '));
    return undefined;
  }
  const place = row?.place ?? (await pickPlace(host, namespace));
  return place && { host, namespace, place };
}

/** The net namespace that a row or a pick of the person means; of a process, the one that it is in. */
async function networkOf(
  context: FeatureContext,
  argument: unknown,
  heading: string,
): Promise<{ readonly host: Host; readonly namespace: Namespace | undefined } | undefined> {
  const listening = context.tree.listeningOf(argument);
  if (listening !== undefined) {
    return { host: listening.host, namespace: listening.host.graph?.namespaces.get(listening.key) };
  }
  const chosen = await targetOf(context, { title: heading, processes: false, type: 'net' }, argument);
  if (chosen === undefined) return undefined;
  const { host } = chosen;
  const found = lookUp(host, chosen);
  if (found?.kind === 'namespace' && found.namespace.type === 'net') return { host, namespace: found.namespace };
  if (found?.kind === 'process') {
    const key = found.process.namespaces?.net;
    return { host, namespace: key === undefined ? undefined : host.graph?.namespaces.get(key) };
  }
  if (found?.kind === 'workload') {
    return { host, namespace: [...found.workload.namespaceList].find(({ type }) => type === 'net') };
  }
  void vscode.window.showInformationMessage('Choose a net namespace, or what is in one.');
  return undefined;
}

interface SocketItem extends vscode.QuickPickItem {
  readonly row?: SocketRow;
}

async function pickPlace(host: Host, namespace: Namespace): Promise<Place | undefined> {
  const rows = listen(host, namespace.key).then((found): SocketItem[] => [
    ...found
      .filter(({ place }) => place !== undefined)
      .map((row) => ({ label: row.label, description: row.owner, row })),
    { label: 'Another Address...', alwaysShow: true },
  ]);
  const choice = await vscode.window.showQuickPick(rows, {
    title: `${title} of ${displayText(namespace.name.text)} on ${host.label}`,
    placeHolder: 'Which of the sockets that listen there',
    matchOnDescription: true,
  });
  if (choice === undefined) return undefined;
  return choice.row === undefined ? typePlace() : choice.row.place;
}

async function typePlace(): Promise<Place | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt:
      'An address as it is inside: a port of 127.0.0.1, tcp:ADDRESS:PORT, udp:ADDRESS:PORT, unix:/PATH or unix:@NAME.',
    placeHolder: 'tcp:127.0.0.1:8080',
    validateInput: (value) => (placeOf(value) === undefined ? 'This is no such address.' : undefined),
    ignoreFocusOut: true,
  });
  return text === undefined ? undefined : placeOf(text);
}

function placeOf(text: string): Place | undefined {
  const trimmed = text.trim();
  return parsePlace(/^\d+$/.test(trimmed) ? `tcp:127.0.0.1:${trimmed}` : trimmed);
}

/** Undefined when the person cancelled. */
export async function askLocal(before: LocalAddress): Promise<LocalAddress | undefined> {
  const text = await vscode.window.showInputBox({
    title: 'Change Local Address',
    prompt: 'A port of 127.0.0.1, 0 for any that is free; or ADDRESS:PORT, where other machines are to use it, too.',
    value: before.host === '127.0.0.1' ? String(before.port) : `${before.host}:${before.port}`,
    validateInput: (value) => {
      const local = parseLocal(value);
      if (local === undefined) return 'This is neither a port nor an address and a port.';
      if (!isExposed(local)) return undefined;
      return {
        message: 'Whoever can reach this address can use the forward.',
        severity: vscode.InputBoxValidationSeverity.Warning,
      };
    },
    ignoreFocusOut: true,
  });
  return text === undefined ? undefined : parseLocal(text);
}
