import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from './scope.ts';

/**
 * Marks everything that this test process makes, so that what it leaves behind can be told from the work of others on the
 * same machine: it is in the environment of every process started here and in every name that is made up here.
 */
export const marker = `nst${process.pid.toString(36)}${randomBytes(3).toString('hex')}`;
export const markerVariable = 'LINUX_NAMESPACES_TEST';
process.env[markerVariable] = marker;

let counter = 0;

/** A name that nothing else on the machine has; short enough for a network interface and `ip netns`. */
export function uniqueName(): string {
  counter++;
  return `${marker}-${counter}`;
}

/** An empty folder of its own, readable for every user, removed with the scope. */
export function temporaryFolder(scope: Scope, mode = 0o755): string {
  const folder = mkdtempSync(join(tmpdir(), `${marker}-`));
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, mode);
  return folder;
}
