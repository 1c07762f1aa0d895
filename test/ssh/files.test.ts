/** Files of a target over a real sshd: many, large, and when the connection ends. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FileClient } from '../../extension/files/client.ts';
import { ConnectionError } from '../../extension/transport/errors.ts';
import { marker } from '../helper/support/marker.ts';
import { missing } from '../helper/support/requirements.ts';
import { hostOverSsh, type HostOverSsh } from '../unit/host/over-ssh.ts';
import { helperMissing } from '../unit/host/real-helper.ts';
import { makeManyFiles, manyFiles, readAll } from './support/many-files.ts';
import { sshdMissing } from './support/sshd.ts';

const skip = helperMissing() ?? sshdMissing() ?? missing('root');

/** Calls `cut` on the way, and goes on. */
async function* endless(cut: () => void): AsyncGenerator<Uint8Array> {
  for (let part = 0; ; part++) {
    if (part === 2) cut();
    yield Buffer.alloc(100_000, 'new');
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('files over SSH', { skip }, () => {
  let over: HostOverSsh;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), `${marker}-files-`));
    over = await hostOverSsh('root');
    await over.host.connect();
  });

  after(async () => {
    await over[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function open(): Promise<FileClient> {
    const session = over.host.session ?? assert.fail('not connected');
    return FileClient.open(session.openStream(['file', `--target=pid:${process.pid}`, '--records=3']));
  }

  it('10,000 files are listed and read as they are', async () => {
    const client = await open();
    const bytes = makeManyFiles(folder);
    const read = await readAll(client, folder, (path, content) => assert.ok(content.equals(readFileSync(path)), path));
    assert.deepEqual(read, { files: manyFiles, bytes });
    client.dispose();
  });

  it('a large file goes there and comes back', async () => {
    const client = await open();
    const path = join(folder, 'large');
    const bytes = randomBytes(20_000_001);
    await client.write(path, bytes, { create: true, overwrite: false });
    assert.ok(readFileSync(path).equals(bytes));
    assert.ok((await client.read(path)).content.equals(bytes));
    client.dispose();
  });

  it('what is being saved when the connection ends is not there in part', async () => {
    const client = await open();
    const path = join(folder, 'saved');
    writeFileSync(path, 'old');
    const saving = client.write(
      path,
      endless(() => over.host.disconnect()),
      { create: false, overwrite: true },
    );
    await assert.rejects(saving, (error) => error instanceof ConnectionError || error instanceof Error);
    assert.equal(readFileSync(path, 'utf8'), 'old');
    await assert.rejects(client.status(path));
  });
});
