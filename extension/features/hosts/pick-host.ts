import * as vscode from 'vscode';
import type { Host } from '../../host/types.ts';
import type { FeatureContext } from '../context.ts';
import { stateIcon, stateWords } from '../host-words.ts';

interface HostItem extends vscode.QuickPickItem {
  readonly host: Host;
}

export interface PickHostOptions {
  readonly title: string;
  /** Which hosts can be chosen. */
  readonly suits: (host: Host) => boolean;
  /** Said when none can be. */
  readonly none: string;
}

/**
 * One of the hosts that suit, without a question where there is only one. The tree's selection comes first. Undefined when the
 * person cancelled or none suits, which has then been said.
 */
export async function pickHost(
  context: Pick<FeatureContext, 'hosts' | 'tree'>,
  options: PickHostOptions,
): Promise<Host | undefined> {
  const suitable = context.hosts.all.filter(options.suits);
  if (suitable.length <= 1) {
    if (suitable[0] === undefined) void vscode.window.showInformationMessage(options.none);
    return suitable[0];
  }
  const selected = context.tree.selectedHost;
  const ordered = suitable.toSorted((a, b) => Number(b === selected) - Number(a === selected));
  const choice = await vscode.window.showQuickPick(ordered.map(hostItem), {
    title: options.title,
    placeHolder: 'Choose a host',
    matchOnDescription: true,
  });
  return choice?.host;
}

/** The connected host that a command is about: its row's, or the one that the person picks. Undefined when there is none, which has then been said. */
export async function connectedHost(
  context: Pick<FeatureContext, 'hosts' | 'tree'>,
  argument: unknown,
  title: string,
): Promise<Host | undefined> {
  const host =
    context.tree.hostOf(argument) ??
    (await pickHost(context, {
      title,
      suits: ({ session }) => session !== undefined,
      none: 'Connect to a host first.',
    }));
  if (host === undefined || host.session !== undefined) return host;
  void vscode.window.showInformationMessage(`Connect to ${host.label} first.`);
  return undefined;
}

export function hostItem(host: Host): HostItem {
  return {
    label: host.label,
    description: stateWords(host),
    iconPath: new vscode.ThemeIcon(stateIcon(host.state).id),
    host,
  };
}
