import * as vscode from 'vscode';
import type { Host } from '../../host/types.ts';
import { commands } from '../../ids.ts';
import type { CommandId } from '../../ids.ts';
import type { FeatureContext } from '../context.ts';
import { isConnectable, isDisconnectable, rights } from '../host-words.ts';
import { hostItem } from './pick-host.ts';

interface Action extends vscode.QuickPickItem {
  readonly run?: () => unknown;
}

/** The status bar's menu: first the host, then what to do with it. */
export async function manageHosts(context: FeatureContext): Promise<void> {
  const choice = await vscode.window.showQuickPick<Action>(
    [
      ...context.hosts.all.map((host) => ({ ...hostItem(host), run: () => chooseAction(context, host) })),
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      action('Add Host...', 'add', commands.addHost),
      action('Go to Namespace...', 'search', commands.goToNamespace),
      action('Show Log', 'output', commands.showLog),
    ],
    { title: 'Linux Namespaces', placeHolder: 'Choose a host or an action', matchOnDescription: true },
  );
  await choice?.run?.();
}

async function chooseAction(context: FeatureContext, host: Host): Promise<void> {
  const actions: Action[] = [
    {
      label: 'Show in the Hosts View',
      iconPath: new vscode.ThemeIcon('list-tree'),
      run: () => context.tree.reveal({ kind: 'host', host }),
    },
  ];
  if (isConnectable(host)) actions.unshift(action('Connect', 'plug', commands.connect, host));
  if (host.state.kind === 'connected') {
    actions.push(action('Refresh', 'refresh', commands.refresh, host));
    actions.push(action('Refresh (Deep)', 'telescope', commands.refreshDeep, host));
  }
  if (host.graph !== undefined) actions.push(action('Export Snapshot...', 'export', commands.exportSnapshot, host));
  if (host.spec.sudo) actions.push(action('Disable sudo', 'circle-slash', commands.disableSudo, host));
  else if (rights(host) === 'unprivileged') actions.push(action('Enable sudo', 'shield', commands.enableSudo, host));
  if (host.state.kind === 'connecting') {
    actions.unshift(action('Cancel Connecting', 'debug-stop', commands.cancelConnect, host));
  } else if (isDisconnectable(host)) {
    actions.push(action('Disconnect', 'debug-disconnect', commands.disconnect, host));
  }
  actions.push(action('Remove Host', 'trash', commands.removeHost, host));
  const choice = await vscode.window.showQuickPick(actions, { title: host.label, placeHolder: 'Choose an action' });
  await choice?.run?.();
}

function action(label: string, icon: string, command: CommandId, argument?: unknown): Action {
  return {
    label,
    iconPath: new vscode.ThemeIcon(icon),
    run: () => vscode.commands.executeCommand(command, argument),
  };
}
