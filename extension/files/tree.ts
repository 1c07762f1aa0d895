/** Whole trees of files, made of what the helper does one at a time. */
import type { FileClient } from './client.ts';
import { FileError, hasErrno } from './errors.ts';
import { joinPath, parentPath } from './address.ts';

/** Requests for entries of one folder on their way at the same time. */
const atOnce = 32;

/** Carries out one thing after another for each item, several at once; after the first failure no more are begun. */
export async function forEachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  let stopped = false;
  const worker = async (): Promise<void> => {
    for (const item of left) {
      if (stopped) return;
      // In order, by each of them.
      // oxlint-disable-next-line no-await-in-loop
      await work(item).catch((error: unknown) => {
        stopped = true;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  const failed = ended.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * A copy of a file, a symbolic link or a folder with all that is in it. What is neither is refused with ENXIO. Of a copy that
 * fails nothing is left. One that is `alike` has the owner, mode, extended attributes and times, too; others are new files.
 */
export async function copyTree(client: FileClient, from: string, to: string, alike = false): Promise<void> {
  refuseNested(from, to);
  const { kind, mode } = await client.status(from, { own: true });
  if (kind === 'link') await client.symlink(to, await client.readLink(from));
  // Writable until what is in it is there.
  else if (kind === 'folder') await client.mkdir(to, mode | 0o700);
  else await client.copyFile(from, to, { overwrite: false });
  try {
    const entries = kind === 'folder' ? await client.list(from) : [];
    await forEachOf(entries, async ({ name }) => copyTree(client, joinPath(from, name), joinPath(to, name), alike));
    if (alike) await client.alike(from, to);
  } catch (error) {
    await removeIfThere(client, to).catch(() => undefined);
    throw error;
  }
}

/** As copyTree, with what was there before in its place again when it fails. */
export async function copyOver(client: FileClient, from: string, to: string): Promise<void> {
  refuseNested(from, to);
  await instead(client, to, async () => copyTree(client, from, to));
}

/** As rename(2), and as mv(1) where that would lead to another mount or replace a folder. What cannot be put there leaves both. */
export async function move(client: FileClient, from: string, to: string, overwrite: boolean): Promise<void> {
  if (from === to) return;
  try {
    await client.rename(from, to, { overwrite });
    return;
  } catch (error) {
    if (!hasErrno(error, 'EXDEV', ...(overwrite ? ['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'] : []))) throw error;
  }
  refuseNested(from, to);
  let isCopied = false;
  const put = async (): Promise<void> => {
    try {
      await client.rename(from, to, { overwrite: false });
    } catch (error) {
      if (!hasErrno(error, 'EXDEV')) throw error;
      await copyTree(client, from, to, true);
      isCopied = true;
    }
  };
  await (overwrite ? instead(client, to, put) : put());
  // Only now: should this fail half way, the copy is what is whole.
  if (isCopied) await client.delete(from, { recursive: true });
}

let replaced = 0;

/** Puts what is at a path aside while `make` makes another there: gone for good once that is done, back again when it fails. */
async function instead(client: FileClient, path: string, make: () => Promise<void>): Promise<void> {
  const aside = joinPath(parentPath(path), `.replaced-${Date.now().toString(36)}-${(replaced += 1)}`);
  try {
    await client.rename(path, aside, { overwrite: false });
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    return make();
  }
  try {
    await make();
  } catch (error) {
    await client.rename(aside, path, { overwrite: false });
    throw error;
  }
  await client.delete(aside, { recursive: true });
}

/** Neither can be in the other: the one would be copied into itself, or go with what it replaces. */
function refuseNested(from: string, to: string): void {
  if (to === from || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) throw new FileError(22, to);
}

export async function removeIfThere(client: FileClient, path: string): Promise<void> {
  try {
    await client.delete(path, { recursive: true });
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}
