import type { Dialect } from '../dialect.ts';
import { kubernetes } from './kubernetes/index.ts';

/** The first that recognises a document reads it. */
export const dialects: readonly Dialect[] = [kubernetes];
