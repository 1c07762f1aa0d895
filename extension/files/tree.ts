/** Whole trees of files, made of what the helper does one at a time. */
import type { FileClient } from './client.ts';
import { FileError } from './errors.ts';
import { joinPath } from './address.ts';

/** Requests for entries of one folder on their way at the same time. */
const atOnce = 32;

/** Carries out one thing after another for each item, several at once; the first failure ends it. */
export async function forEachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    // In order, by each of them.
    // oxlint-disable-next-line no-await-in-loop
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

/** A copy of a file, a symbolic link or a folder with all that is in it. What is neither is refused with ENXIO. */
export async function copyTree(client: FileClient, from: string, to: string): Promise<void> {
  if (to === from || to.startsWith(`${from}/`)) throw new FileError(22, to);
  const { kind, mode } = await client.status(from, { own: true });
  if (kind === 'link') {
    await client.symlink(to, await client.readLink(from));
  } else if (kind === 'folder') {
    // Writable until what is in it is there.
    await client.mkdir(to, mode | 0o700);
    const entries = await client.list(from);
    await forEachOf(entries, async ({ name }) => copyTree(client, joinPath(from, name), joinPath(to, name)));
  } else {
    await client.copyFile(from, to, { overwrite: false });
  }
}

/** As rename(2), and as mv(1) where that would lead to another mount or replace a folder. */
export async function move(client: FileClient, from: string, to: string, overwrite: boolean): Promise<void> {
  try {
    await client.rename(from, to, { overwrite });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (overwrite && ['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'].includes(error.errno)) {
      await client.delete(to, { recursive: true });
      await move(client, from, to, false);
    } else if (error.errno === 'EXDEV') {
      if (overwrite) await removeIfThere(client, to);
      await copyTree(client, from, to);
      await client.delete(from, { recursive: true });
    } else throw error;
  }
}

export async function removeIfThere(client: FileClient, path: string): Promise<void> {
  try {
    await client.delete(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof FileError && error.errno === 'ENOENT')) throw error;
  }
}
