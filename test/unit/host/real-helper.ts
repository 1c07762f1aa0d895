/** The helper as it was built, for tests of `host/` with nothing faked. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseRecord } from '../../../extension/helper/records.ts';

const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const file = `nshelper-linux-${machine}`;
const helper = fileURLToPath(new URL(`../../../dist/helper/${file}`, import.meta.url));

/** Why nothing real can be tested here; undefined where it can. */
export function helperMissing(): string | undefined {
  if (process.platform !== 'linux') return 'this machine does not run Linux';
  if (!existsSync(helper)) return 'the helper is not built (npm run build)';
  return process.getuid?.() === 0 ? undefined : 'making namespaces needs root here';
}

/** A copy with its manifest, as `npm run build` leaves them: the original may be built anew meanwhile. */
export async function publishHelper(folder: string): Promise<void> {
  const copy = join(folder, file);
  await copyFile(helper, copy);
  const [line = ''] = execFileSync(copy, ['version'], { encoding: 'utf8' }).split('\n');
  const record = parseRecord(line);
  assert.ok(record !== undefined && 'helper' in record);
  const bytes = await readFile(copy);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { version, build } = record.helper;
  const manifest = { version, build, files: { [machine]: { file, size: bytes.length, sha256 } } };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

/** Processes that run a helper from beneath a folder. */
export function helperPids(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        // Not by its file: `serve` goes on from a copy in memory.
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(folder);
      } catch {
        return false;
      }
    });
}
