/** The helper is put on hosts and started there: real sshd, real accounts, real file systems. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { machine } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { openSession } from '../../extension/helper/open.ts';
import type { HelperRecord } from '../../extension/helper/protocol.ts';
import { facts, ping, scan, watch } from '../../extension/helper/verbs.ts';
import {
  checkSession,
  deployMissing,
  helperName,
  helpers,
  modeAndOwner,
  namesIn,
  newHost,
  opening,
  processesOf,
  useOnce,
  type Host,
} from './deploy-support.ts';
import { until } from './support/processes.ts';

const found = ['Looking for the helper', 'Starting the helper'];
const uploaded = ['Looking for the helper', 'Uploading the helper', 'Starting the helper'];

describe('into the cache folder', { skip: deployMissing() }, () => {
  let host: Host;
  let name: string;
  let file: string;

  before(async () => {
    host = await newHost();
    name = await helperName();
    file = join(host.cache, name);
  });
  after(() => host[Symbol.asyncDispose]());
  beforeEach(() => rmSync(dirname(host.cache), { recursive: true, force: true }));

  /** Makes what is in the folder belong to the account. */
  function own(...paths: readonly string[]): void {
    for (const path of [dirname(host.cache), host.cache, ...paths]) chownSync(path, host.user.uid, host.user.uid);
  }

  function makeFolder(): void {
    mkdirSync(host.cache, { recursive: true });
    chmodSync(host.cache, 0o700);
    own();
  }

  test('the first time it is uploaded, from then on it is found', async () => {
    assert.deepEqual(await useOnce(host), uploaded);
    assert.deepEqual(namesIn(host.cache), [name]);
    assert.equal(modeAndOwner(host.cache), `700 ${host.user.uid}`);
    assert.equal(modeAndOwner(file), `700 ${host.user.uid}`);
    const { ino } = statSync(file);
    assert.deepEqual(await useOnce(host), found);
    assert.equal(statSync(file).ino, ino);
  });

  test('it answers requests and ends with the session', async () => {
    const { options } = await opening();
    const transport = await host.connect();
    const session = await openSession(transport, options);
    let processes = 0;
    const end = await scan(session, { deep: false, onRecord: (record) => (processes += Number('process' in record)) });
    assert.equal(end.processes, processes);
    assert.ok(processesOf(host.user.uid).some((line) => line.endsWith('serve')));
    session.dispose();
    await until('the helper has ended', () => !processesOf(host.user.uid).some((line) => line.endsWith('serve')));
    transport.dispose();
  });

  test('all its verbs are understood, side by side, and a watch that is given up ends on the host', async () => {
    const { options } = await opening();
    const transport = await host.connect();
    const session = await openSession(transport, options);
    const control = new AbortController();
    const batches: (readonly HelperRecord[])[] = [];
    const watching = watch(session, {
      interval: 100,
      budget: 100,
      onBatch: (records) => batches.push(records),
      signal: control.signal,
    });
    const ended = assert.rejects(watching, { name: 'AbortError' });
    const records: HelperRecord[] = [];
    const [about, end] = await Promise.all([
      facts(session),
      scan(session, { deep: true, onRecord: (record) => records.push(record) }),
      until('the watch has ticked twice', () => batches.length >= 2),
    ]);
    assert.equal(about.uid, host.user.uid);
    assert.equal(about.user, host.user.name);
    assert.ok((end.namespaces ?? 0) >= 8);
    for (const each of [records, batches[0] ?? []]) {
      assert.ok(each[0] !== undefined && 'snapshot' in each[0]);
      // The account sees its own processes' namespaces at least.
      assert.ok(each.some((record) => 'process' in record && record.process.ns !== undefined));
    }
    for (const batch of batches) {
      const last = batch.at(-1);
      assert.ok(last !== undefined && 'tick' in last);
    }
    const helpersRunning = (): number => processesOf(host.user.uid).filter((line) => line.endsWith('serve')).length;
    assert.ok(helpersRunning() > 1);
    control.abort();
    await ended;
    await until('only the server is left', () => helpersRunning() === 1);
    await ping(session);
    transport.dispose();
  });

  test('other versions are removed, other files are not', async () => {
    makeFolder();
    const old = join(host.cache, `nshelper-0.0.9-0123456789abcdef-${machine()}`);
    const foreign = ['nshelper-0.0.9-0123456789abcdef-riscv64', 'notes', 'nshelper-0.0.9'];
    for (const each of [old, ...foreign.map((other) => join(host.cache, other))]) {
      writeFileSync(each, 'x', { mode: 0o700 });
      own(each);
    }
    assert.deepEqual(await useOnce(host), uploaded);
    assert.deepEqual(namesIn(host.cache), [name, ...foreign].toSorted());
  });

  test('a half of it under its final name is replaced', async () => {
    makeFolder();
    const bytes = await (await helpers()).read(machine());
    writeFileSync(file, bytes.subarray(0, bytes.length / 2), { mode: 0o700 });
    own(file);
    assert.deepEqual(await useOnce(host), uploaded);
    assert.deepEqual(readFileSync(file), Buffer.from(bytes));
  });

  test('a part that was left behind is removed, one that may be under way is not', async () => {
    makeFolder();
    const [stale, fresh] = [`${file}.0123456789ab.part`, `${file}.ba9876543210.part`];
    for (const part of [stale, fresh]) writeFileSync(part, 'half');
    own(stale, fresh);
    const hoursAgo = Date.now() / 1000 - 7200;
    utimesSync(stale, hoursAgo, hoursAgo);
    assert.deepEqual(await useOnce(host), uploaded);
    assert.deepEqual(namesIn(host.cache), [name, `${name}.ba9876543210.part`]);
  });

  for (const [what, text] of [
    ['ends at once', 'exit 3'],
    ['is another build', `echo '{"helper":{"version":"0.1.0","protocol":1,"arch":"x86_64","build":"other"}}'; cat`],
    ['says nothing that we know', 'echo hello; exit 0'],
  ] as const) {
    test(`a file of the right name and size that ${what} is replaced`, async () => {
      makeFolder();
      const binaries = await helpers();
      const size = binaries.all.find((each) => each.machine === machine())?.size ?? 0;
      writeFileSync(file, `#!/bin/sh\n${text}\n`.padEnd(size, '#'), { mode: 0o700 });
      own(file);
      assert.deepEqual(await useOnce(host), ['Looking for the helper', 'Starting the helper', ...uploaded.slice(1)]);
      assert.deepEqual(readFileSync(file), Buffer.from(await binaries.read(machine())));
    });
  }

  test('a file that others may write to, or that is another account’s, or a link, is not run', async () => {
    assert.deepEqual(await useOnce(host), uploaded);
    const copy = join(host.user.home, 'copy');
    copyFileSync(file, copy);
    chownSync(copy, host.user.uid, host.user.uid);
    const spoil: (() => void)[] = [
      () => chmodSync(file, 0o770),
      () => chmodSync(file, 0o702),
      () => {
        // Executable for the account all the same.
        chownSync(file, host.user.uid + 1, host.user.uid);
        chmodSync(file, 0o755);
      },
      () => {
        rmSync(file);
        symlinkSync(copy, file);
      },
    ];
    for (const each of spoil) {
      each();
      // One case after the other, in one folder.
      // oxlint-disable-next-line no-await-in-loop
      assert.deepEqual(await useOnce(host), uploaded, each.toString());
      assert.equal(modeAndOwner(file), `700 ${host.user.uid}`);
      assert.ok(statSync(file).isFile());
    }
  });

  test('several at once all succeed and leave one file', async () => {
    const binaries = await helpers();
    const transports = await Promise.all(Array.from({ length: 6 }, () => host.connect()));
    const sessions = await Promise.all(
      transports.map(async (transport) => openSession(transport, (await opening()).options)),
    );
    await Promise.all(sessions.map((session) => checkSession(session, binaries)));
    assert.deepEqual(namesIn(host.cache), [name]);
    for (const transport of transports) transport.dispose();
  });

  test('several on one connection, too', async () => {
    const transport = await host.connect();
    const { options } = await opening();
    const sessions = await Promise.all(Array.from({ length: 4 }, () => openSession(transport, options)));
    await Promise.all(sessions.map((session) => checkSession(session, options.binaries)));
    assert.deepEqual(namesIn(host.cache), [name]);
    transport.dispose();
    await until('no process is left', () => processesOf(host.user.uid).length === 0);
  });

  test('a helper that is removed while it runs goes on running', async () => {
    const { options } = await opening();
    const transport = await host.connect();
    const session = await openSession(transport, options);
    const later = { ...options.binaries, build: 'fedcba9876543210' };
    // The other version's bytes are ours, so its file never gets its place; ours is what another version would remove.
    await assert.rejects(openSession(transport, { ...options, binaries: later }));
    rmSync(file);
    await checkSession(session, options.binaries);
    transport.dispose();
  });
});

async function filesBelow(folder: string, host: Host): Promise<string[]> {
  const lines = await host.asUser(`find ${folder} ${host.user.home} -name 'nshelper*' 2>/dev/null`);
  return lines.split('\n').filter((line) => line !== '');
}

async function deployedWith(environment: (home: string) => string): Promise<{ names: string[]; home: string }> {
  const folder = join('/tmp', `lns-${process.pid}-${Math.random().toString(36).slice(2)}`);
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  await using host = await newHost({ sshd: { config: [`SetEnv ${environment(folder)}`] } });
  try {
    assert.deepEqual(await useOnce(host), uploaded);
    assert.deepEqual(await useOnce(host), found);
    return { names: await filesBelow(folder, host), home: folder };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('where the environment says', { skip: deployMissing() }, () => {
  test('$XDG_CACHE_HOME, when it is absolute', async () => {
    // The folder above may be written to by everyone, so the one between is the account's own.
    const { names, home } = await deployedWith((folder) => `XDG_CACHE_HOME=${folder}/cache`);
    assert.deepEqual(names, [`${home}/cache/linux-namespaces/${await helperName()}`]);
    const relative = await deployedWith(() => 'XDG_CACHE_HOME=cache');
    assert.match(relative.names.join(), /^\/home\/[\w-]+\/\.cache\/linux-namespaces\/nshelper/);
  });

  test('a home with blanks, quotes and other letters', async () => {
    const { names, home } = await deployedWith((folder) => `"HOME=${folder}/a b's $(touch x) * ü"`);
    assert.deepEqual(names, [`${home}/a b's $(touch x) * ü/.cache/linux-namespaces/${await helperName()}`]);
  });
});
