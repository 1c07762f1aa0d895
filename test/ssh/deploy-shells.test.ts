/** Whatever the login shell is, whatever its scripts print, whatever the server lacks. */
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openSession } from '../../extension/helper/open.ts';
import { connectLocal } from '../../extension/transport/local.ts';
import {
  checkSession,
  deployMissing,
  helperName,
  namesIn,
  newHost,
  opening,
  processesOf,
  useOnce,
  type Host,
  type HostOptions,
} from './deploy-support.ts';
import { dropbearMissing } from './support/dropbear.ts';
import { temporaryFolder } from './support/folder.ts';
import { run, until } from './support/processes.ts';

const busybox = '/usr/bin/busybox';

async function deployTwice(host: Host): Promise<void> {
  await useOnce(host);
  assert.deepEqual(namesIn(host.cache), [await helperName()]);
  assert.deepEqual(await useOnce(host), ['Looking for the helper', 'Starting the helper']);
  await until('no process is left', () => processesOf(host.user.uid).length === 0);
}

describe('login shells', () => {
  /** The file of each shell that is read also when no terminal is there. */
  const shells: Readonly<Record<string, string>> = {
    '/bin/sh': '.profile',
    '/bin/dash': '.profile',
    '/bin/bash': '.bashrc',
    '/usr/bin/zsh': '.zshenv',
    '/usr/bin/tcsh': '.tcshrc',
    '/usr/bin/fish': '.config/fish/config.fish',
  };
  const greeting = [
    'echo \'Welcome! { "helper": no\'',
    'echo \'{"helper":{"version":"9"}}\'',
    "sh -c 'echo warning: all is well >&2'",
    "sh -c 'seq 1 20000'",
    "sh -c 'seq 1 20000 >&2'",
    "printf 'no line end'",
    '',
  ].join('\n');

  for (const [shell, script] of Object.entries(shells)) {
    test(`${shell}, quiet and then talking`, { skip: deployMissing(shell) }, async () => {
      await using host = await newHost({ shell });
      await deployTwice(host);
      const file = join(host.user.home, script);
      await run('mkdir', ['-p', join(file, '..')]);
      writeFileSync(file, shell.includes('tcsh') ? greeting.replaceAll('!', '.') : greeting);
      await run('chown', ['-R', host.user.name, join(host.user.home)]);
      await deployTwice(host);
    });
  }

  test('BusyBox, on a host that has nothing else', { skip: deployMissing(busybox) }, async () => {
    await using folder = await temporaryFolder();
    const bin = join(folder.path, 'bin');
    mkdirSync(bin);
    await run(busybox, ['--install', '-s', bin]);
    await using host = await newHost({ shell: join(bin, 'ash'), sshd: { config: [`SetEnv PATH=${bin}`] } });
    await deployTwice(host);
  });

  test('BusyBox without head -c', { skip: deployMissing(busybox) }, async () => {
    await using folder = await temporaryFolder();
    const bin = join(folder.path, 'bin');
    mkdirSync(bin);
    await run(busybox, ['--install', '-s', bin]);
    rmSync(join(bin, 'head'));
    await using host = await newHost({ shell: join(bin, 'ash'), sshd: { config: [`SetEnv PATH=${bin}`] } });
    await deployTwice(host);
  });

  test('scripts that leave a job behind which prints later', { skip: deployMissing('/bin/bash') }, async () => {
    await using host = await newHost({ shell: '/bin/bash' });
    const file = join(host.user.home, '.bashrc');
    const fifo = join(host.user.home, 'fifo');
    await run('mkfifo', ['-m', '666', fifo]);
    writeFileSync(file, `(read line <${fifo}; echo "$line"; echo said >${fifo}) &\n`);
    const { options } = await opening();
    const transport = await host.connect();
    const session = await openSession(transport, options);
    await run('sh', ['-c', `echo backup done >${fifo}; read line <${fifo}`]);
    await checkSession(session, options.binaries);
    transport.dispose();
  });

  test('scripts that never end printing', { skip: deployMissing('/bin/bash') }, async () => {
    await using host = await newHost({ shell: '/bin/bash' });
    writeFileSync(join(host.user.home, '.bashrc'), 'yes\n');
    await assert.rejects(useOnce(host), { code: 'helper', message: /login scripts/ });
    await until('no process is left', () => processesOf(host.user.uid).length === 0);
  });
});

describe('servers', () => {
  const servers: Readonly<Record<string, HostOptions>> = {
    'sshd without SFTP': { sshd: { sftp: false } },
    'sshd with one session at a time': { sshd: { maxSessions: 1 } },
    'dropbear without SFTP': { dropbear: true },
    'dropbear, with fish': { dropbear: true, shell: '/usr/bin/fish' },
  };
  for (const [name, options] of Object.entries(servers)) {
    const missing = deployMissing(options.shell) ?? (options.dropbear === true ? dropbearMissing() : undefined);
    test(name, { skip: missing }, async () => {
      await using host = await newHost(options);
      await deployTwice(host);
    });
  }

  test('this machine, without any', { skip: deployMissing() }, async () => {
    await using folder = await temporaryFolder();
    const { HOME: home, XDG_CACHE_HOME: cache } = process.env;
    process.env['HOME'] = folder.path;
    delete process.env['XDG_CACHE_HOME'];
    const transport = connectLocal();
    try {
      const { options } = await opening();
      const session = await openSession(transport, options);
      await checkSession(session, options.binaries);
      assert.deepEqual(namesIn(join(folder.path, '.cache', 'linux-namespaces')), [await helperName()]);
      session.dispose();
    } finally {
      transport.dispose();
      if (home !== undefined) process.env['HOME'] = home;
      if (cache !== undefined) process.env['XDG_CACHE_HOME'] = cache;
    }
  });
});

test('an account whose home is missing', { skip: deployMissing() }, async () => {
  await using host = await newHost();
  const moved = `${host.user.home}-moved`;
  await run('mv', [host.user.home, moved]);
  try {
    await useOnce(host);
    assert.deepEqual(namesIn(`/tmp/linux-namespaces-${host.user.uid}`), [await helperName()]);
  } finally {
    await run('mv', [moved, host.user.home]);
  }
});

test('a cache folder that is a link to another disk', { skip: deployMissing() }, async () => {
  await using host = await newHost();
  const disk = join(host.user.home, 'disk');
  mkdirSync(disk);
  chownSync(disk, host.user.uid, host.user.uid);
  symlinkSync(disk, join(host.user.home, '.cache'));
  await deployTwice(host);
  assert.ok(existsSync(join(disk, 'linux-namespaces')));
});
