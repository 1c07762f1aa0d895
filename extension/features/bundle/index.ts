import { commands } from '../../ids.ts';
import type { Feature } from '../context.ts';
import { createFromBundle } from './create-from-bundle.ts';

/** Create from OCI Bundle: a container of what a config.json says, by a runtime of the host or by the helper. */
export const activateBundle: Feature = (context) =>
  context.commands.register(commands.createFromBundle, (argument) => createFromBundle(context, argument));
