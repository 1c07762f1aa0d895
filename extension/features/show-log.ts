import { commands } from '../ids.ts';
import type { Feature } from './context.ts';

export const activateLog: Feature = (context) => context.commands.register(commands.showLog, () => context.log.show());
