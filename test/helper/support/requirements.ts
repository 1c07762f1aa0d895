import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Absolute path of a program, undefined where it is missing. Debian keeps `ip` and `runc` in sbin, which an ordinary user's PATH lacks. */
export function which(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export const isRoot = process.getuid?.() === 0;

export const isDebianRoot = isRoot && existsSync('/etc/debian_version');

/** For a test's `skip` option: false when all is there, else the reason. `root` stands for being root. */
export function missing(...needs: readonly string[]): string | false {
  const absent = ['linux', ...needs].filter((need) => {
    if (need === 'linux') return process.platform !== 'linux';
    return need === 'root' ? !isRoot : which(need) === undefined;
  });
  return absent.length === 0 ? false : `needs ${absent.join(', ')}`;
}
