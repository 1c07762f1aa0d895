/** Folders that will not do, and hosts that will not. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { openSession } from '../../extension/helper/open.ts';
import { ConnectionError } from '../../extension/transport/errors.ts';
import { deployMissing, helperName, helpers, namesIn, newHost, opening, useOnce, type Host } from './deploy-support.ts';
import { temporaryFolder } from './support/folder.ts';
import { run } from './support/processes.ts';

/** An account that is neither root nor the test's. */
const nobody = 65_534;

async function refusal(host: Host): Promise<ConnectionError> {
  const error: unknown = await useOnce(host).catch((reason: unknown) => reason);
  assert.ok(error instanceof ConnectionError, String(error));
  assert.match(error.remedy, /\w+ .*[.]$/);
  return error;
}

describe('folders', { skip: deployMissing() }, () => {
  let host: Host;
  let name: string;
  /** `~/.cache` and the folder of last resort. */
  let cache: string;
  let last: string;

  before(async () => {
    host = await newHost();
    name = await helperName();
    cache = dirname(host.cache);
    last = `/tmp/linux-namespaces-${host.user.uid}`;
  });
  after(() => host[Symbol.asyncDispose]());
  beforeEach(async () => {
    // Not mounted in most tests.
    await run('umount', [cache], { check: false });
    rmSync(cache, { recursive: true, force: true });
    rmSync(last, { recursive: true, force: true });
    mkdirSync(cache);
    chownSync(cache, host.user.uid, host.user.uid);
  });

  async function mount(options: string): Promise<void> {
    await run('mount', ['-t', 'tmpfs', '-o', options, 'linux-namespaces-test', cache]);
    chownSync(cache, host.user.uid, host.user.uid);
  }

  /** Somebody else has taken the folder of last resort. */
  function takeLast(): void {
    mkdirSync(last);
    chmodSync(last, 0o777);
    chownSync(last, nobody, nobody);
  }

  test('one where programs may not run: the next is taken', async () => {
    await mount('noexec,mode=0755');
    await useOnce(host);
    assert.deepEqual(namesIn(host.cache), []);
    assert.deepEqual(namesIn(last), [name]);
    await run('umount', [cache]);
  });

  test('one that was made noexec after the helper was put there', async () => {
    await mount('mode=0755');
    await useOnce(host);
    assert.deepEqual(namesIn(host.cache), [name]);
    await run('mount', ['-o', 'remount,noexec', cache]);
    await useOnce(host);
    assert.deepEqual(namesIn(last), [name]);
    await run('umount', [cache]);
  });

  test('one on a full disk: the next is taken and nothing half is left', async () => {
    await mount('size=64k,mode=0755');
    await useOnce(host);
    assert.deepEqual(namesIn(host.cache), []);
    assert.deepEqual(namesIn(last), [name]);
    await run('umount', [cache]);
  });

  test('one on a disk that has no room for a single byte', async () => {
    await mount('size=16k,mode=0755');
    await run('dd', ['if=/dev/zero', `of=${join(cache, 'fill')}`], { check: false });
    await useOnce(host);
    assert.deepEqual(namesIn(last), [name]);
    await run('umount', [cache]);
  });

  test('one that is read-only', async () => {
    await mount('mode=0755');
    await useOnce(host);
    rmSync(join(host.cache, name));
    await run('mount', ['-o', 'remount,ro', cache]);
    await useOnce(host);
    assert.deepEqual(namesIn(last), [name]);
    await run('umount', [cache]);
  });

  test('one that may not be written to', async () => {
    chownSync(cache, 0, 0);
    await useOnce(host);
    assert.deepEqual(namesIn(cache), []);
    assert.deepEqual(namesIn(last), [name]);
  });

  test('one whose place has a file', async () => {
    writeFileSync(host.cache, 'x');
    await useOnce(host);
    assert.deepEqual(namesIn(last), [name]);
  });

  test('one that others may write to, or whose parent is open to all', async () => {
    mkdirSync(host.cache);
    chownSync(host.cache, host.user.uid, host.user.uid);
    chmodSync(host.cache, 0o777);
    await useOnce(host);
    assert.deepEqual(namesIn(host.cache), []);
    assert.deepEqual(namesIn(last), [name]);
    rmSync(last, { recursive: true });
    rmSync(host.cache, { recursive: true });
    chmodSync(cache, 0o777);
    await useOnce(host);
    assert.deepEqual(namesIn(last), [name]);
  });

  test('a symbolic link to a folder of the account’s own', async () => {
    const elsewhere = join(host.user.home, 'elsewhere');
    mkdirSync(elsewhere, { recursive: true });
    chownSync(elsewhere, host.user.uid, host.user.uid);
    symlinkSync(elsewhere, host.cache);
    await useOnce(host);
    assert.deepEqual(namesIn(elsewhere), []);
    assert.deepEqual(namesIn(last), [name]);
  });

  test('none: each is named with its reason', async () => {
    await mount('noexec,mode=0755');
    takeLast();
    const error = await refusal(host);
    assert.equal(error.code, 'deployment');
    assert.ok(error.message.includes(`${host.cache}: programs may not be run there`), error.message);
    assert.ok(error.message.includes('$XDG_RUNTIME_DIR: it is not set'), error.message);
    assert.ok(error.message.includes(`${last}: it belongs to another user`), error.message);
    await run('umount', [cache]);
    await mount('size=64k,mode=0755');
    const full = await refusal(host);
    assert.match(full.message, /linux-namespaces: the disk is full \(only \d+ of \d+ bytes could be written\)/);
    await run('umount', [cache]);
    chownSync(cache, 0, 0);
    const denied = await refusal(host);
    assert.match(denied.message, /cannot be made \(mkdir: .*Permission denied\)/);
    assert.deepEqual(namesIn(last), []);
  });

  test('an attacker’s link or folder in /tmp is neither followed nor filled', async () => {
    chownSync(cache, 0, 0);
    const trap = join(host.user.home, 'trap');
    mkdirSync(trap);
    chmodSync(trap, 0o700);
    chownSync(trap, host.user.uid, host.user.uid);
    // A link to a folder that would pass every check.
    symlinkSync(trap, last);
    const link = await refusal(host);
    assert.ok(link.message.includes(`${last}: it is a symbolic link`), link.message);
    assert.deepEqual(namesIn(trap), []);
    rmSync(last);
    // A link that leads nowhere yet.
    symlinkSync(join(trap, 'new'), last);
    assert.match((await refusal(host)).message, /symbolic link/);
    assert.deepEqual(namesIn(trap), []);
    rmSync(last);
    takeLast();
    assert.match((await refusal(host)).message, /belongs to another user/);
    assert.deepEqual(namesIn(last), []);
    // An attacker's file under the helper's name.
    writeFileSync(join(last, name), '#!/bin/sh\ntouch /tmp/linux-namespaces-attacked\n', { mode: 0o755 });
    assert.match((await refusal(host)).message, /belongs to another user/);
  });
});

describe('hosts', { skip: deployMissing() }, () => {
  // uname is the one that lies: this machine has no other kernel or processor to offer, and all that we know of a host is
  // what its uname says.
  test('of other systems and processors are not served, and say why', async () => {
    const cases = [
      ['Darwin arm64\\n', /runs Darwin, not Linux/],
      ['FreeBSD amd64\\n', /runs FreeBSD, not Linux/],
      ['CYGWIN_NT-10.0 x86_64\\n', /runs CYGWIN_NT-10.0, not Linux/],
      ['Linux riscv64\\n', /architecture, riscv64, is not supported/],
      ['Linux i686\\n', /architecture, i686, is not supported/],
      ['Linux armv7l\\n', /architecture, armv7l, is not supported/],
      ['Linux \\033[31mevil\\007\\n', /architecture, \[31mevil, is not supported/],
      ['', /runs an unknown system, not Linux/],
    ] as const;
    await using folder = await temporaryFolder();
    await using host = await newHost({ sshd: { config: [`SetEnv PATH=${folder.path}:/usr/bin:/bin`] } });
    for (const [text, message] of cases) {
      writeFileSync(join(folder.path, 'uname'), `#!/bin/sh\nprintf '${text}'\n`, { mode: 0o755 });
      // One uname at a time.
      // oxlint-disable-next-line no-await-in-loop
      const error = await refusal(host);
      assert.equal(error.code, 'unsupported-host');
      assert.match(error.message, message);
    }
    assert.deepEqual(namesIn(dirname(host.cache)), [], 'no folder is made on such a host');
  });

  test('an account without a shell', async () => {
    await using host = await newHost({ shell: '/usr/sbin/nologin' });
    const error = await refusal(host);
    assert.equal(error.code, 'unsupported-host');
    assert.match(error.message, /does not run commands .*exit status 1: This account is currently not available/);
  });

  test('an account that may only run one command', async () => {
    await using host = await newHost({ sshd: { config: ['ForceCommand echo welcome to the backup host'] } });
    const error = await refusal(host);
    assert.equal(error.code, 'unsupported-host');
    assert.match(error.message, /exit status 0: welcome to the backup host/);
  });

  test('an extension whose own file is damaged', async () => {
    await using host = await newHost();
    const { options } = await opening();
    const binaries = { ...(await helpers()), read: () => Promise.reject(new Error('nshelper is damaged')) };
    const transport = await host.connect();
    await assert.rejects(openSession(transport, { ...options, binaries }), /missing or damaged/);
    transport.dispose();
    assert.deepEqual(namesIn(host.cache), []);
  });
});
