/** A root file system of a later Debian, with its debugger. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { output } from './process.ts';
import { isDebianRoot, which } from './requirements.ts';

/** Debian 13 with GDB 16, which speaks the Debug Adapter Protocol; made once, about two minutes. Only to be read. */
export async function debianWithGdb(): Promise<string> {
  const root = join(cacheFolder('debian'), 'trixie-gdb');
  if (existsSync(root)) return root;
  const building = `${root}.${process.pid}`;
  try {
    const debootstrap = which('debootstrap') ?? 'debootstrap';
    await output([debootstrap, '--variant=minbase', '--include=gdb', 'trixie', building], { deadline: 600_000 });
    if (!existsSync(root)) renameSync(building, root);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return root;
}

/** Why there is none; false where it can be made. */
export function debianMissing(): string | false {
  if (!isDebianRoot) return 'needs Debian and root';
  return which('debootstrap') === undefined ? 'needs debootstrap' : false;
}
