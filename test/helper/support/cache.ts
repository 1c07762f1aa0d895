import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder outside the repository for what is dear to make again: kernels, compiled test programs. */
export function cacheFolder(name: string): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(base, 'linux-namespaces-test', name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
