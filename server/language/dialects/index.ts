import type { Dialect } from '../dialect.ts';
import { compose } from './compose/index.ts';

/** The first that recognises a document reads it. */
export const dialects: readonly Dialect[] = [compose];
