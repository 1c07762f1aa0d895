import { commands } from '../../ids.ts';
import type { Feature } from '../context.ts';

/** Find Leaks: what is left over on a host, each with who holds it and what can be done about it. */
export const activateLeaks: Feature = (context) =>
  context.commands.register(commands.findLeaks, async (argument) => {
    const { findLeaksOn } = await import('./leak-list.ts');
    await findLeaksOn(context, argument);
  });
