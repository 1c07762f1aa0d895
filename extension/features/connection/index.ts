import { DisposableStore } from '../../disposable.ts';
import { commands } from '../../ids.ts';
import type { Feature } from '../context.ts';
import { isConnectable, isDisconnectable } from '../host-words.ts';
import { pickHost } from '../hosts/pick-host.ts';

/** Connect, Reconnect, Cancel Connecting, Disconnect. */
export const activateConnection: Feature = (context) => {
  const store = new DisposableStore();
  const connect = async (argument: unknown): Promise<void> => {
    const host =
      context.tree.hostOf(argument) ??
      (await pickHost(context, { title: 'Connect', suits: isConnectable, none: 'Every host is connected.' }));
    if (host === undefined) return;
    await context.connector.connect(host);
  };
  store.add(context.commands.register(commands.connect, connect));
  store.add(context.commands.register(commands.reconnect, connect));
  store.add(
    context.commands.register(commands.cancelConnect, (argument) => {
      const host = context.tree.hostOf(argument);
      if (host !== undefined) context.connector.cancel(host);
    }),
  );
  store.add(
    context.commands.register(commands.disconnect, async (argument) => {
      const host =
        context.tree.hostOf(argument) ??
        (await pickHost(context, { title: 'Disconnect', suits: isDisconnectable, none: 'No host is connected.' }));
      host?.disconnect();
    }),
  );
  return store;
};
