import type { Declared } from '../declared.ts';
import type { Rule } from '../rule.ts';

/** What only a connected host shows, of every dialect. */
export const hostRules: readonly Rule<Declared>[] = [];
