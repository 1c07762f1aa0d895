import type { Dialect } from '../dialect.ts';
import { systemd } from './systemd.ts';

/** The first that recognises a document reads it. */
export const dialects: readonly Dialect[] = [systemd];
