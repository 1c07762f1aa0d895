/** The helper builds that the extension carries, as `npm run build` left them in `dist/helper`. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fields, RecordError, text, whole } from './checks.ts';

export interface Binary {
  /** As `uname -m` says: `x86_64`. */
  readonly machine: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface Binaries {
  readonly version: string;
  /** Hash of the helper's sources. */
  readonly build: string;
  /** One for each machine that can be served. */
  readonly all: readonly Binary[];
  /** The bytes, checked against size and hash. Rejects for a machine that is not in `all` and for a damaged file. */
  read(machine: string): Promise<Uint8Array>;
}

/** These words become part of file names and command lines on hosts. */
const safe = /^[A-Za-z0-9][A-Za-z0-9._]{0,63}$/;
const hexadecimal = /^[0-9a-f]{64}$/;

/** Reads `manifest.json` in `folder`. Rejects when it is missing or damaged: then the extension was not built whole. */
export async function loadBinaries(folder: string): Promise<Binaries> {
  const manifest = fields(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')), 'manifest.json');
  const version = safeText(manifest['version'], 'version');
  const build = safeText(manifest['build'], 'build');
  const files = new Map<string, string>();
  const all: Binary[] = [];
  for (const [machine, value] of Object.entries(fields(manifest['files'], 'files'))) {
    const entry = fields(value, machine);
    const sha256 = text(entry, 'sha256');
    if (!hexadecimal.test(sha256)) throw new RecordError('sha256 is no hash');
    all.push({ machine: safeText(machine, 'machine'), size: whole(entry, 'size'), sha256 });
    files.set(machine, join(folder, fileName(text(entry, 'file'))));
  }
  return {
    version,
    build,
    all,
    async read(machine) {
      const binary = all.find((each) => each.machine === machine);
      const path = files.get(machine);
      if (binary === undefined || path === undefined) throw new Error(`no helper for ${machine}`);
      const bytes = await readFile(path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      if (bytes.length !== binary.size || sha256 !== binary.sha256) throw new Error(`${path} is damaged`);
      return bytes;
    },
  };
}

function safeText(value: unknown, what: string): string {
  if (typeof value !== 'string' || !safe.test(value)) throw new RecordError(`${what} is not plain text`);
  return value;
}

function fileName(value: string): string {
  if (!/^[\w.-]+$/.test(value)) throw new RecordError('file is no file name');
  return value;
}
