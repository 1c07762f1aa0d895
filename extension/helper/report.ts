/** What `host-script.ts` says, as data, and in words for people. Pure. */
import { folderCount } from './host-script.ts';
import { plain } from './lines.ts';

export type Mark =
  | { readonly word: 'host'; readonly uid: string; readonly system: string; readonly machine: string }
  | { readonly word: 'at'; readonly folder: number; readonly path: string }
  | { readonly word: 'no'; readonly folder: number; readonly reason: string; readonly detail: string }
  | { readonly word: 'want' | 'run'; readonly folder: number }
  | { readonly word: 'unsupported' | 'none' | 'ready' };

/** Undefined for a line that is not the script's. Text in a mark is the host's and not made safe yet. */
export function parseMark(line: string, marker: string): Mark | undefined {
  // A login script may have printed something without a line's end.
  const start = line.indexOf(marker);
  if (start === -1) return undefined;
  const [word = '', ...rest] = line
    .slice(start + marker.length)
    .trim()
    .split(' ');
  const folder = Number(rest[0]);
  const known = Number.isInteger(folder) && folder >= 1 && folder <= folderCount;
  switch (word) {
    case 'host':
      return { word, uid: rest[0] ?? '', system: rest[1] ?? '', machine: rest.slice(2).join(' ') };
    case 'at':
      return known ? { word, folder, path: rest.slice(1).join(' ') } : undefined;
    case 'no':
      if (!known) return undefined;
      return { word, folder, reason: rest[1] ?? '', detail: rest.slice(2).join(' ') };
    case 'want':
    case 'run':
      return known ? { word, folder } : undefined;
    case 'unsupported':
    case 'none':
    case 'ready':
      return { word };
    default:
      return undefined;
  }
}

/** Names of the folders as a person knows them, for those that have no path on this host. */
const folderNames = ['$XDG_CACHE_HOME or ~/.cache', '$XDG_RUNTIME_DIR', '/tmp'];

export function folderName(folder: number, path: string | undefined): string {
  return path === undefined || path === '' ? (folderNames[folder - 1] ?? `folder ${folder}`) : plain(path);
}

/** Why a folder would not do, to be read after its name and a colon. `size` in bytes, undefined where unknown. */
export function explainFolder(reason: string, detail: string, size: number | undefined): string {
  const said = plain(detail);
  switch (reason) {
    case 'unset':
      return 'it is not set';
    case 'missing':
      return said === '' ? 'it is missing and cannot be made' : `it cannot be made (${said})`;
    case 'symlink':
      return 'it is a symbolic link, so somebody else could choose where it leads';
    case 'parent':
      return 'the folder that it is in can be changed by others';
    case 'owner':
      return 'it belongs to another user';
    case 'mode':
      return 'others may write to it';
    case 'unwritable':
      return 'it may not be written to, or its file system is read-only';
    case 'short':
      return explainShort(said, size);
    case 'hash':
      return 'what was written there is not what was sent';
    case 'noexec':
      return 'programs may not be run there (the file system is mounted noexec)';
    case 'run':
      return explainRun(said);
    case 'build':
      return `what was written there answers as another helper (${said})`;
    case 'rename':
      return `the new helper could not be renamed (${withoutNumber(said)})`;
    default:
      return plain(`${reason} ${said}`);
  }
}

/** Detail: bytes that were written, then what the writer said. */
function explainShort(detail: string, size: number | undefined): string {
  const [written, said] = split(detail);
  const amount = `only ${written} of ${size ?? 'all'} bytes could be written`;
  if (/no space|quota/i.test(said)) return `the disk is full (${amount})`;
  if (/permission denied|read-only/i.test(said)) return `it may not be written to (${said})`;
  return said === '' ? amount : `${amount} (${said})`;
}

/** Detail: exit status, then what was said. */
function explainRun(detail: string): string {
  const [status, said] = split(detail);
  // 126 is what a shell gives for a file that it may not execute.
  if (status === '126') return `programs may not be run there (${said})`;
  return `the helper does not run there (exit status ${status}${said === '' ? '' : `: ${said}`})`;
}

function withoutNumber(detail: string): string {
  return split(detail)[1];
}

function split(detail: string): readonly [string, string] {
  const blank = detail.indexOf(' ');
  return blank === -1 ? [detail, ''] : [detail.slice(0, blank), detail.slice(blank + 1)];
}
