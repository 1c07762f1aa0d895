import { DisposableStore } from '../../disposable.ts';
import { commands, settings, type CommandId } from '../../ids.ts';
import { userValue } from '../../user-settings.ts';
import type { Feature } from '../context.ts';
import type { Ports } from './ports.ts';

const ids = [
  commands.forwardPort,
  commands.reversePort,
  commands.refreshListening,
  commands.openForward,
  commands.copyForward,
  commands.changeForward,
  commands.keepForward,
  commands.forgetForward,
  commands.stopForward,
] as const satisfies readonly CommandId[];

export type PortsCommand = (typeof ids)[number];

/** Forwarded ports. All of it is loaded with the first command, or for a forward that the settings keep. */
export const activatePorts: Feature = (context) => {
  const store = new DisposableStore();
  let loading: Promise<Ports> | undefined;
  const load = async (): Promise<Ports> => {
    const module = await import('./ports.ts');
    return store.add(new module.Ports(context));
  };
  for (const id of ids) {
    store.add(
      context.commands.register(id, async (argument) => {
        const ports = await (loading ??= load());
        await ports.run(id, argument);
      }),
    );
  }
  const begin = async (): Promise<void> => {
    await context.ready;
    const kept = userValue(settings.forwards);
    if (Array.isArray(kept) && kept.length > 0) await (loading ??= load());
  };
  begin().catch((error: unknown) => context.log.error(`Kept forwards: ${String(error)}`));
  return store;
};
