import { commands } from '../../ids.ts';
import type { Feature } from '../context.ts';
import { findLeaksOn } from './leak-list.ts';

/** Find Leaks: what is left over on a host, each with who holds it and what can be done about it. */
export const activateLeaks: Feature = (context) =>
  context.commands.register(commands.findLeaks, (argument) => findLeaksOn(context, argument));
