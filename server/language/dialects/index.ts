import type { Dialect } from '../dialect.ts';
import { compose } from './compose/index.ts';
import { devcontainer } from './devcontainer.ts';
import { kubernetes } from './kubernetes/index.ts';
import { oci } from './oci/index.ts';
import { shell } from './shell.ts';
import { systemd } from './systemd.ts';

/** The first that recognises a document reads it. */
export const dialects: readonly Dialect[] = [devcontainer, oci, compose, kubernetes, systemd, shell];
