import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { commands, debugType } from '../../ids.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { onDemand } from '../on-demand.ts';

/** Debug sessions inside namespaces, by launch configurations and by commands. All of it is loaded with the first. */
export const activateDebug: Feature = (context) => {
  const store = new DisposableStore();
  let loading: Promise<Loaded> | undefined;
  const loaded = (): Promise<Loaded> => (loading ??= load(context, store));
  store.add(
    vscode.debug.registerDebugAdapterDescriptorFactory(debugType, {
      createDebugAdapterDescriptor: async (session) => {
        await context.ready;
        return (await loaded()).sessions.createDebugAdapterDescriptor(session);
      },
    }),
  );
  store.add(
    vscode.debug.registerDebugConfigurationProvider(debugType, {
      provideDebugConfigurations: async () => (await loaded()).provider.provideDebugConfigurations(),
      resolveDebugConfiguration: async (folder, configuration) =>
        (await loaded()).provider.resolveDebugConfiguration(folder, configuration),
      resolveDebugConfigurationWithSubstitutedVariables: async (folder, configuration) => {
        await context.ready;
        return (await loaded()).provider.resolveDebugConfigurationWithSubstitutedVariables(folder, configuration);
      },
    }),
  );
  const ids = [commands.debugIn, commands.attachDebugger, commands.pickTarget, commands.pickProcess];
  store.add(onDemand(ids, async () => (await import('./commands.ts')).activateDebugCommands)(context));
  return store;
};

type Loaded = Awaited<ReturnType<typeof load>>;

async function load(context: FeatureContext, store: DisposableStore) {
  const [{ DebugSessions }, { ConfigurationProvider }] = await Promise.all([
    import('./sessions.ts'),
    import('./provider.ts'),
  ]);
  return { sessions: store.add(new DebugSessions(context)), provider: new ConfigurationProvider(context) };
}
