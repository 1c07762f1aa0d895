import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinPath } from '../../../extension/files/address.ts';
import type { FileClient } from '../../../extension/files/client.ts';
import { forEachOf } from '../../../extension/files/tree.ts';

export const manyFiles = 10_000;

/** Files in 100 folders, from nothing to 8 KiB; and how many bytes that is. */
export function makeManyFiles(folder: string): number {
  let bytes = 0;
  for (let index = 0; index < manyFiles; index++) {
    const inner = join(folder, `folder ${index % 100}`);
    if (index < 100) mkdirSync(inner);
    const content = Buffer.alloc((index * 7919) % 8192, `file ${index}\n`);
    bytes += content.length;
    writeFileSync(join(inner, `file ${index}.txt`), content);
  }
  return bytes;
}

/** Lists and reads all that is in a folder. */
export async function readAll(
  client: FileClient,
  folder: string,
  take?: (path: string, content: Buffer) => void,
): Promise<{ readonly files: number; readonly bytes: number }> {
  let files = 0;
  let bytes = 0;
  const entries = await client.list(folder);
  await forEachOf(entries, async ({ name, kind }) => {
    const path = joinPath(folder, name);
    if (kind === 'folder') {
      const inner = await readAll(client, path, take);
      files += inner.files;
      bytes += inner.bytes;
    } else {
      const { content } = await client.read(path);
      take?.(path, content);
      files += 1;
      bytes += content.length;
    }
  });
  return { files, bytes };
}
