import type { Dialect } from '../dialect.ts';

/** The first that recognises a document reads it. */
export const dialects: readonly Dialect[] = [];
