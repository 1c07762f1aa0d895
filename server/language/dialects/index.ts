import type { Dialect } from '../dialect.ts';
import { devcontainer } from './devcontainer.ts';
import { oci } from './oci/index.ts';

/** The first that recognises a document reads it. */
export const dialects: readonly Dialect[] = [oci, devcontainer];
