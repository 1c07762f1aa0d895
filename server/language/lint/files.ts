import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import type { Skipped } from '../report/located.ts';

export const largestFile = 16 * 1024 * 1024;
/** Enough to know a file by, and all of most. */
const headSize = 64 * 1024;
/** What is nobody's own source. */
const skippedFolders = new Set(['.git', '.hg', '.svn', 'node_modules']);

export interface FoundFile {
  readonly path: string;
  /** It was named, not found in a folder. */
  readonly named: boolean;
}

/** Files beneath the paths in a stable order. Links inside of folders are not followed: they may lead back. */
export function* findFiles(paths: readonly string[], skip: (skipped: Skipped) => void): Iterable<FoundFile> {
  // Folders wait on a stack of their own: trees may be deep.
  const waiting: FoundFile[] = paths.map((path) => ({ path, named: true })).toReversed();
  for (;;) {
    const next = waiting.pop();
    if (next === undefined) return;
    let folder = !next.named;
    if (next.named) {
      try {
        folder = statSync(next.path).isDirectory();
      } catch (error) {
        skip({ file: next.path, reason: reasonOf(error), failed: true });
        continue;
      }
      if (!folder) {
        yield next;
        continue;
      }
    }
    let entries;
    try {
      entries = readdirSync(next.path, { withFileTypes: true });
    } catch (error) {
      skip({ file: next.path, reason: reasonOf(error), failed: true });
      continue;
    }
    const base = next.path.endsWith('/') ? next.path : `${next.path}/`;
    const folders: FoundFile[] = [];
    for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
      if (entry.isFile()) yield { path: base + entry.name, named: false };
      else if (entry.isDirectory() && !skippedFolders.has(entry.name))
        folders.push({ path: base + entry.name, named: false });
    }
    waiting.push(...folders.toReversed());
  }
}

/**
 * The text of a file that `wanted` knows by its name and beginning. Undefined for others; they are no further business.
 */
export function readSource(
  { path, named }: FoundFile,
  wanted: (text: string) => boolean,
): { readonly text: string } | Skipped | undefined {
  let file: number | undefined;
  try {
    // Opening a FIFO must not wait for its writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(file);
    const skipped = (reason: string): Skipped | undefined =>
      named || wanted('') ? { file: path, reason, failed: false } : undefined;
    if (!status.isFile()) return skipped('This is no regular file.');
    if (status.size > largestFile) return skipped('The file is larger than 16 MB.');
    const head = readUpTo(file, Math.min(status.size, headSize), 0);
    if (head.includes(0)) return skipped('This is a binary file.');
    if (!wanted(lenient.decode(head))) {
      return named ? { file: path, reason: 'The file is of no kind that is checked.', failed: false } : undefined;
    }
    const rest = status.size <= headSize ? undefined : readUpTo(file, status.size - headSize, headSize);
    const bytes = rest === undefined ? head : Buffer.concat([head, rest]);
    if (rest?.includes(0) === true) return skipped('This is a binary file.');
    try {
      return { text: strict.decode(bytes) };
    } catch {
      return { file: path, reason: 'The file is not in UTF-8.', failed: false };
    }
  } catch (error) {
    return { file: path, reason: reasonOf(error), failed: true };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const lenient = new TextDecoder('utf-8');
const strict = new TextDecoder('utf-8', { fatal: true });

/** Less where the file ends before. */
function readUpTo(file: number, size: number, position: number): Buffer {
  const target = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const read = readSync(file, target, length, size - length, position + length);
    if (read === 0) break;
    length += read;
  }
  return target.subarray(0, length);
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'There is no such file.',
    EACCES: 'The file may not be read.',
    EPERM: 'The file may not be read.',
    ELOOP: 'The links lead round in a circle.',
    ENXIO: 'This is no regular file.',
  };
  return Object.hasOwn(words, code) ? (words[code] ?? '') : `The file cannot be read: ${code || String(error)}.`;
}
