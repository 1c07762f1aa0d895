import { commands } from '../../ids.ts';
import type { Feature } from '../context.ts';

/** Create from OCI Bundle: a container of what a config.json says, by a runtime of the host or by the helper. */
export const activateBundle: Feature = (context) =>
  context.commands.register(commands.createFromBundle, async (argument) => {
    const { createFromBundle } = await import('./create-from-bundle.ts');
    await createFromBundle(context, argument);
  });
