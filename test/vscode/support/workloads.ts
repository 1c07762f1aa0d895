/** Processes in namespaces of their own, with names that a test can look for. */
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../helper/support/marker.ts';
import { hold, type Holding } from '../../helper/support/process.ts';
import type { Scope } from '../../helper/support/scope.ts';

let count = 0;

/**
 * At most 15 bytes, as much as the kernel keeps of a process's name. Digits sort first: beside the population of a suite that
 * runs at the same time, it must not end up behind "Show more".
 */
export function uniqueProcessName(prefix: string): string {
  count += 1;
  return `0${prefix}-${process.pid.toString(36)}${count.toString(36)}`.slice(0, 15);
}

/** Holds new namespaces made by unshare(1) with these options; the process in them has this name until it is released. */
export async function holdNamespaces(scope: Scope, name: string, ...options: readonly string[]): Promise<Holding> {
  const program = join(temporaryFolder(scope), name);
  copyFileSync('/bin/cat', program);
  chmodSync(program, 0o755);
  return hold(scope, ['unshare', ...options, 'sh', '-c', 'echo ready; exec "$1" >/dev/null', 'sh', program]);
}
