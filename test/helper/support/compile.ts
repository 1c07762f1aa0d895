import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache.ts';
import { output } from './process.ts';

/**
 * Compiles one of the test programs in C once per state of its source and returns the executable's path. Static, so that it
 * also runs in a chroot or a container, and starts faster than anything dynamic.
 * @param url `import.meta.url` based location of the source
 */
export async function compile(url: URL): Promise<string> {
  const source = fileURLToPath(url);
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const folder = cacheFolder('programs');
  const executable = join(folder, `${basename(source, '.c')}-${hash}`);
  if (existsSync(executable)) return executable;
  mkdirSync(folder, { recursive: true });
  const draft = `${executable}.${process.pid}`;
  await output(['gcc', '-O2', '-Wall', '-Wextra', '-Werror', '-static', '-pthread', '-o', draft, source]);
  chmodSync(draft, 0o755);
  renameSync(draft, executable);
  return executable;
}

/** Keeps namespaces in every way there is, see the head of its source. */
export async function keepProgram(): Promise<string> {
  return compile(new URL('keep.c', import.meta.url));
}

/** Changes while a test looks on, see the head of its source. */
export async function changeProgram(): Promise<string> {
  return compile(new URL('change.c', import.meta.url));
}

/** Processes that a scan must not stumble over, see the head of its source. */
export async function oddProgram(): Promise<string> {
  return compile(new URL('odd.c', import.meta.url));
}

/** Steps that the kernel refuses, see the head of its source. */
export async function refuseProgram(): Promise<string> {
  return compile(new URL('refuse.c', import.meta.url));
}

/** Runs a command as on an older kernel, see the head of its source. */
export async function oldProgram(): Promise<string> {
  return compile(new URL('old.c', import.meta.url));
}

/** Kills a process between two of its steps, see the head of its source. */
export async function betweenProgram(): Promise<string> {
  return compile(new URL('between.c', import.meta.url));
}
