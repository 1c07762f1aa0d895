/** A connect that is given up, or cut, leaves nothing on the host: no process, no half file. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Binaries } from '../../extension/helper/binaries.ts';
import { openSession } from '../../extension/helper/open.ts';
import type { Transport } from '../../extension/transport/transport.ts';
import {
  deployMissing,
  helperName,
  helpers,
  namesIn,
  newHost,
  opening,
  processesOf,
  type Host,
} from './deploy-support.ts';
import { run, until } from './support/processes.ts';

const parts = (host: Host): string[] => namesIn(host.cache).filter((name) => name.endsWith('.part'));

function isServer(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('sshd');
  } catch {
    return false;
  }
}

/** Sends a part of the helper and no more, as over a slow line. */
async function slowHelpers(): Promise<Binaries> {
  const binaries = await helpers();
  return { ...binaries, read: async (machine) => (await binaries.read(machine)).subarray(0, 30_000) };
}

describe('cancelling', { skip: deployMissing('/bin/bash') }, () => {
  let host: Host;
  let transport: Transport;

  before(async () => {
    host = await newHost({ shell: '/bin/bash' });
  });
  after(() => host[Symbol.asyncDispose]());
  beforeEach(async () => {
    rmSync(host.cache, { recursive: true, force: true });
    rmSync(join(host.user.home, '.bashrc'), { force: true });
    transport = await host.connect();
  });

  /** The connection stands, and nothing of ours is on its other side. */
  async function nothingLeft(): Promise<void> {
    await until('no process is left', () => !processesOf(host.user.uid).some((line) => /serve|sh -c/.test(line)));
    assert.deepEqual(parts(host), []);
    const { options } = await opening();
    const session = await openSession(transport, options);
    await session.request('version', []);
    transport.dispose();
    await until('no process is left', () => processesOf(host.user.uid).length === 0);
  }

  test('before it begins', async () => {
    const { options } = await opening({ signal: AbortSignal.abort() });
    await assert.rejects(openSession(transport, options), { code: 'cancelled' });
    await nothingLeft();
  });

  for (const stage of ['Looking for the helper', 'Uploading the helper', 'Starting the helper']) {
    test(`at the stage “${stage}”`, async () => {
      const control = new AbortController();
      const onStage = (now: string): void => {
        if (now === stage) control.abort();
      };
      const { options } = await opening({ signal: control.signal, onStage });
      await assert.rejects(openSession(transport, options), { code: 'cancelled' });
      await nothingLeft();
    });
  }

  test('while the channel is being opened', async () => {
    const control = new AbortController();
    const { options } = await opening({ signal: control.signal });
    const cancelled = assert.rejects(openSession(transport, options), { code: 'cancelled' });
    setImmediate(() => control.abort());
    await cancelled;
    await nothingLeft();
  });

  test('in the middle of the upload', async () => {
    const control = new AbortController();
    const { options } = await opening({ signal: control.signal, binaries: await slowHelpers() });
    const cancelled = assert.rejects(openSession(transport, options), { code: 'cancelled' });
    await until('a part is there', () => parts(host).length === 1);
    control.abort();
    await cancelled;
    await nothingLeft();
  });

  test('while a login script hangs', async () => {
    const fifo = join(host.user.home, 'fifo');
    await run('mkfifo', ['-m', '666', fifo]);
    writeFileSync(join(host.user.home, '.bashrc'), `read line <${fifo}\n`);
    const control = new AbortController();
    const { options } = await opening({ signal: control.signal });
    const cancelled = assert.rejects(openSession(transport, options), { code: 'cancelled' });
    await until('the script hangs', () => processesOf(host.user.uid).some((line) => line.includes('bash -c')));
    control.abort();
    await cancelled;
    rmSync(join(host.user.home, '.bashrc'));
    rmSync(fifo);
    await nothingLeft();
  });

  test('a session that stands is not ended by the signal that it was opened with', async () => {
    const control = new AbortController();
    const { options } = await opening({ signal: control.signal });
    const session = await openSession(transport, options);
    control.abort();
    await session.request('version', []);
    session.dispose();
    await nothingLeft();
  });
});

describe('a cut', { skip: deployMissing() }, () => {
  test('in the middle of the upload', async () => {
    await using host = await newHost();
    const transport = await host.connect();
    const { options } = await opening({ binaries: await slowHelpers() });
    const lost = assert.rejects(openSession(transport, options), { code: 'lost' });
    await until('a part is there', () => parts(host).length === 1);
    // The server's processes alone: those that it started live on, as they do when a line is cut.
    for (const pid of host.server.connections()) if (isServer(pid)) process.kill(pid, 'SIGKILL');
    await lost;
    await until('no process is left', () => processesOf(host.user.uid).length === 0);
    assert.deepEqual(namesIn(host.cache), []);
    transport.dispose();
  });

  test('of an open session rejects what is under way and is told once', async () => {
    await using host = await newHost();
    const transport = await host.connect();
    const { options } = await opening();
    const session = await openSession(transport, options);
    const closes: unknown[] = [];
    session.onClose((error) => closes.push(error));
    // The scan cannot have ended before its process is killed: the server is stopped first.
    const helper = processesOf(host.user.uid).find((line) => line.endsWith('serve'));
    assert.ok(helper?.includes(await helperName()));
    await run('pkill', ['-STOP', '-u', host.user.name, 'nshelper']);
    const scanning = assert.rejects(session.request('scan', []), { code: 'lost' });
    host.server.dropConnections();
    await scanning;
    await assert.rejects(session.request('scan', []), { code: 'lost' });
    assert.equal(closes.length, 1);
    transport.dispose();
  });

  test('a helper that is killed on the host', async () => {
    await using host = await newHost();
    const transport = await host.connect();
    const { options } = await opening();
    const session = await openSession(transport, options);
    const closed = new Promise<unknown>((resolve) => session.onClose(resolve));
    await run('pkill', ['-KILL', '-u', host.user.name, 'nshelper']);
    await assert.rejects(session.request('scan', []), { code: 'helper', message: /signal KILL|status 137/ });
    assert.equal(await closed.then((error) => error instanceof Error), true);
    transport.dispose();
  });
});
