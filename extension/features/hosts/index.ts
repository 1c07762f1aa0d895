import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import { commands } from '../../ids.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { rights } from '../host-words.ts';
import { addHost, setThisMachineShown } from './add-host.ts';
import { manageHosts } from './manage-hosts.ts';
import { pickHost } from './pick-host.ts';

/** Add, remove and manage hosts; with and without sudo. */
export const activateHosts: Feature = (context) => {
  const store = new DisposableStore();
  store.add(context.commands.register(commands.addHost, () => addHost(context)));
  store.add(context.commands.register(commands.manageHosts, () => manageHosts(context)));
  store.add(
    context.commands.register(commands.removeHost, async (argument) => {
      const host =
        context.tree.hostOf(argument) ??
        (await pickHost(context, { title: 'Remove Host', suits: () => true, none: 'No host has been added yet.' }));
      if (host !== undefined) await removeHost(context, host);
    }),
  );
  store.add(context.commands.register(commands.enableSudo, (argument) => changeSudo(context, argument, true)));
  store.add(context.commands.register(commands.disableSudo, (argument) => changeSudo(context, argument, false)));
  return store;
};

async function removeHost(context: FeatureContext, host: Host): Promise<void> {
  if (host.spec.kind === 'local') await setThisMachineShown(false);
  else await context.hosts.remove(host.id);
  void offerUndo(context, host);
}

/** Nothing on the host is lost by removing it, so undoing takes the place of a question beforehand. */
async function offerUndo(context: FeatureContext, host: Host): Promise<void> {
  const undo = 'Undo';
  const choice = await vscode.window.showInformationMessage(`${host.label} was removed from the Hosts view.`, undo);
  if (choice !== undo) return;
  if (host.spec.kind === 'local') await setThisMachineShown(true);
  else await context.hosts.add(host.spec);
}

async function changeSudo(context: FeatureContext, argument: unknown, sudo: boolean): Promise<void> {
  const host =
    context.tree.hostOf(argument) ??
    (await pickHost(context, {
      title: sudo ? 'Enable sudo' : 'Disable sudo',
      suits: (candidate) => rights(candidate) === (sudo ? 'unprivileged' : 'sudo'),
      none: sudo ? 'Every host is used with all rights already.' : 'No host is used with sudo.',
    }));
  if (host === undefined) return;
  const reconnect = host.state.kind === 'connected' || host.graph !== undefined;
  const changed = await context.hosts.add({ ...host.spec, sudo });
  // The rights of a running helper cannot change: they are those it was started with.
  if (reconnect) changed.disconnect();
  await context.connector.connect(changed);
}
