/** The helper with root's rights: real sudo, real PAM, real sudoers. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { openSession } from '../../extension/helper/open.ts';
import type { HelperRecord } from '../../extension/helper/protocol.ts';
import type { HelperSession } from '../../extension/helper/session.ts';
import { scan } from '../../extension/helper/verbs.ts';
import type { Interaction } from '../../extension/transport/interaction.ts';
import type { Transport } from '../../extension/transport/transport.ts';
import {
  checkSession,
  deployMissing,
  helperName,
  modeAndOwner,
  namesIn,
  newHost,
  opening,
  processesOf,
  type Host,
} from './deploy-support.ts';
import { temporaryFolder } from './support/folder.ts';
import { capturingLog, scripted, type ScriptedInteraction } from './support/interaction.ts';
import { run, until } from './support/processes.ts';

function sudoMissing(): string | undefined {
  return deployMissing() ?? (existsSync('/usr/bin/sudo') ? undefined : 'sudo is missing (Debian: sudo)');
}

const subject = 'alice@host';
const folder = '/run/linux-namespaces/helper';

function typing(...answers: readonly (string | undefined)[]): ScriptedInteraction {
  const left = [...answers];
  return scripted({ secret: () => left.shift() });
}

describe('sudo', { skip: sudoMissing() }, () => {
  let host: Host;
  let sudoers: string;
  let transport: Transport;

  before(async () => {
    host = await newHost();
    sudoers = `/etc/sudoers.d/${host.user.name}`;
  });
  after(async () => {
    await host[Symbol.asyncDispose]();
    rmSync(join(folder, await helperName()), { force: true });
    // Where nobody else uses them.
    await run('rmdir', ['-p', '--ignore-fail-on-non-empty', folder], { check: false });
  });
  beforeEach(async () => {
    transport = await host.connect();
  });
  afterEach(() => {
    rmSync(sudoers, { force: true });
    transport.dispose();
  });

  function allow(...lines: readonly string[]): void {
    writeFileSync(sudoers, `${lines.map((line) => line.replaceAll('USER', host.user.name)).join('\n')}\n`, {
      mode: 0o440,
    });
  }

  async function elevated(interaction: Interaction = scripted(), signal?: AbortSignal): Promise<HelperSession> {
    const { options } = await opening({
      sudo: true,
      subject,
      interaction,
      ...(signal === undefined ? {} : { signal }),
    });
    const session = await openSession(transport, options);
    await checkSession(session, options.binaries);
    assert.equal(session.elevated, true);
    return session;
  }

  /** Everything that has to do with root on this host belongs to other tests, too: only what this account started is counted. */
  async function nothingLeft(): Promise<void> {
    transport.dispose();
    await until('no process is left', () => processesOf(host.user.uid).length === 0);
  }

  test('without a password: a copy of root’s own, in root’s own folder', async () => {
    allow('USER ALL=(ALL) NOPASSWD: ALL');
    const session = await elevated();
    const records: HelperRecord[] = [];
    await scan(session, { deep: false, onRecord: (record) => records.push(record) });
    const own = records.find((record) => 'process' in record && record.process.pid === process.pid);
    assert.ok(own !== undefined && 'process' in own && own.process.ns !== undefined, 'root sees what others may not');
    assert.equal(modeAndOwner(folder), '755 0');
    assert.equal(modeAndOwner(join(folder, await helperName())), '700 0');
    assert.deepEqual(namesIn(host.cache), [], 'nothing is put into the account’s own folders');
    const { ino } = statSync(join(folder, await helperName()));
    session.dispose();
    await elevated();
    assert.equal(statSync(join(folder, await helperName())).ino, ino);
    await nothingLeft();
  });

  test('with a password, which is asked for once and may then be kept', async () => {
    allow('USER ALL=(ALL) ALL');
    const interaction = typing(host.user.password);
    const log = capturingLog();
    const { options } = await opening({ sudo: true, subject, interaction, log });
    const session = await openSession(transport, options);
    assert.equal(interaction.secretQuestions.length, 1);
    assert.deepEqual(interaction.secretQuestions[0], {
      kind: 'sudo',
      subject,
      prompt: `Password of ${subject} for sudo`,
      echo: false,
      storeKey: `sudo:${subject}`,
    });
    await until('it is accepted', () => interaction.kept.length === 1);
    assert.deepEqual(interaction.kept, [`sudo:${subject}`]);
    // Nowhere that anybody else could see it.
    assert.ok(!log.lines.join('\n').includes(host.user.password));
    const all = await run('sh', ['-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"'], {
      check: false,
    });
    assert.ok(all.stdout.includes('sudo'));
    assert.ok(!all.stdout.includes(host.user.password));
    session.dispose();
    await nothingLeft();
  });

  test('with a kept password nobody is asked', async () => {
    allow('USER ALL=(ALL) ALL');
    const interaction = scripted({ stored: { [`sudo:${subject}`]: host.user.password } });
    (await elevated(interaction)).dispose();
    assert.deepEqual(interaction.forgotten, []);
    await nothingLeft();
  });

  test('after a password, too, the first time is an upload', async () => {
    allow('USER ALL=(ALL) ALL');
    rmSync(join(folder, await helperName()), { force: true });
    const interaction = typing(host.user.password);
    (await elevated(interaction)).dispose();
    assert.equal(interaction.secretQuestions.length, 1);
    await nothingLeft();
  });

  test('a wrong password is tried once and not again', async () => {
    allow('USER ALL=(ALL) ALL');
    const log = join('/tmp', `lns-sudo-${process.pid}.log`);
    allow(`Defaults:USER logfile=${log}, passwd_tries=3`, 'USER ALL=(ALL) ALL');
    try {
      const interaction = typing('wrong', host.user.password);
      await assert.rejects(elevated(interaction), { code: 'sudo', message: /refused the password of alice@host/ });
      assert.equal(interaction.secretQuestions.length, 1);
      assert.deepEqual(interaction.kept, []);
      const { stdout } = await run('cat', [log]);
      assert.deepEqual(stdout.match(/\d+ incorrect password attempts?/g), ['1 incorrect password attempt']);
      await nothingLeft();
    } finally {
      rmSync(log, { force: true });
    }
  });

  test('a wrong password that was kept is forgotten', async () => {
    allow('USER ALL=(ALL) ALL');
    const interaction = scripted({ stored: { [`sudo:${subject}`]: 'old' } });
    await assert.rejects(elevated(interaction), { code: 'sudo', message: /refused the password/ });
    assert.deepEqual(interaction.forgotten, [`sudo:${subject}`]);
    await nothingLeft();
  });

  test('when the person does not answer, nothing is tried', async () => {
    allow('USER ALL=(ALL) ALL');
    await assert.rejects(elevated(typing(undefined)), { code: 'cancelled' });
    await nothingLeft();
  });

  test('cancelled while the person thinks', async () => {
    allow('USER ALL=(ALL) ALL');
    const control = new AbortController();
    const interaction = scripted({
      secret: () => {
        control.abort();
        return host.user.password;
      },
    });
    await assert.rejects(elevated(interaction, control.signal), { code: 'cancelled' });
    await nothingLeft();
  });

  test('an account that sudo does not know', async () => {
    await assert.rejects(elevated(typing(host.user.password)), { code: 'sudo', message: /may not use sudo/ });
    await nothingLeft();
  });

  test('an account that may run something else only', async () => {
    allow('USER ALL=(ALL) NOPASSWD: /usr/bin/id');
    await assert.rejects(elevated(typing(host.user.password)), { code: 'sudo', message: /may not use sudo/ });
    await nothingLeft();
  });

  test('sudo that wants a terminal', async () => {
    allow('Defaults:USER requiretty', 'USER ALL=(ALL) NOPASSWD: ALL');
    const message = /refuses to run without a terminal \(requiretty\)/;
    await assert.rejects(elevated(), { code: 'sudo', message, remedy: /!requiretty/ });
    await nothingLeft();
  });

  test('a lecture before the password', async () => {
    allow('Defaults:USER lecture=always', 'USER ALL=(ALL) ALL');
    (await elevated(typing(host.user.password))).dispose();
    await nothingLeft();
  });

  test('a second factor is asked for, once, and its answer is not kept', async () => {
    const service = `${host.user.name}-pam`;
    const module = join('/tmp', `${service}.so`);
    await run('cc', ['-shared', '-fPIC', '-o', module, fileURLToPath(new URL('pam-code.c', import.meta.url))]);
    writeFileSync(
      join('/etc/pam.d', service),
      `auth required pam_unix.so\nauth required ${module}\naccount required pam_permit.so\nsession required pam_permit.so\n`,
    );
    allow(`Defaults:USER pam_service=${service}, passwd_tries=3`, 'USER ALL=(ALL) ALL');
    try {
      const willing = typing(host.user.password, '123456');
      (await elevated(willing)).dispose();
      assert.equal(willing.secretQuestions.length, 2);
      assert.match(willing.secretQuestions[1]?.prompt ?? '', /something more, such as a one-time code/);
      assert.equal(willing.secretQuestions[1]?.storeKey, undefined);
      assert.deepEqual(willing.kept, []);
      const unwilling = typing(host.user.password, undefined);
      await assert.rejects(elevated(unwilling), { code: 'cancelled' });
      const mistaken = typing(host.user.password, '654321');
      await assert.rejects(elevated(mistaken), { code: 'sudo', message: /refused the answers/ });
      assert.equal(mistaken.secretQuestions.length, 2);
      await nothingLeft();
    } finally {
      rmSync(join('/etc/pam.d', service), { force: true });
      rmSync(module, { force: true });
    }
  });

  test('login scripts that talk, also to stderr and without line ends', async () => {
    allow('USER ALL=(ALL) ALL');
    // Read by dash, too, where the server sets it.
    await using talking = await newHost({ shell: '/bin/bash' });
    writeFileSync(
      join(talking.user.home, '.bashrc'),
      "seq 1 2000; seq 1 2000 >&2; printf 'Password: ' >&2; printf x; LC_ALL=de_DE.UTF-8; export LC_ALL\n",
    );
    const file = `/etc/sudoers.d/${talking.user.name}`;
    writeFileSync(file, `${talking.user.name} ALL=(ALL) ALL\n`, { mode: 0o440 });
    try {
      const other = await talking.connect();
      const interaction = typing(talking.user.password);
      const { options } = await opening({ sudo: true, subject, interaction });
      await checkSession(await openSession(other, options), options.binaries);
      assert.equal(interaction.secretQuestions.length, 1);
      other.dispose();
    } finally {
      rmSync(file);
    }
  });

  test('programs in the account’s own PATH are never run as root, also where sudoers has no secure_path', async () => {
    await using folderOfTheirs = await temporaryFolder();
    const trace = join(folderOfTheirs.path, 'trace');
    writeFileSync(trace, '');
    chmodSync(trace, 0o666);
    for (const name of ['sh', 'id', 'ls', 'uname', 'mkdir', 'head', 'wc', 'chmod', 'mv', 'find', 'sha256sum', 'rm']) {
      const text = `#!/bin/sh\n/usr/bin/id -u >>${trace}\nexec ${name === 'sh' ? '/bin' : '/usr/bin'}/${name} "$@"\n`;
      writeFileSync(join(folderOfTheirs.path, name), text, { mode: 0o755 });
    }
    await using other = await newHost({ sshd: { config: [`SetEnv PATH=${folderOfTheirs.path}:/usr/bin:/bin`] } });
    const file = `/etc/sudoers.d/${other.user.name}`;
    const defaults = `Defaults:${other.user.name} !secure_path`;
    writeFileSync(file, `${defaults}\n${other.user.name} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
    rmSync(join(folder, await helperName()), { force: true });
    try {
      const connection = await other.connect();
      const { options } = await opening({ sudo: true });
      await checkSession(await openSession(connection, options), options.binaries);
      connection.dispose();
      const uids = new Set(readFileSync(trace, 'utf8').split('\n'));
      assert.ok(uids.has(String(other.user.uid)), 'they are first in the PATH');
      assert.ok(!uids.has('0'));
    } finally {
      rmSync(file);
    }
  });

  test('what the account could have changed is never run as root', async () => {
    allow('USER ALL=(ALL) NOPASSWD: ALL');
    const name = await helperName();
    const trace = join(host.user.home, 'trace');
    const evil = `#!/bin/sh\nid -u >>${trace}\n`;
    mkdirSync(host.cache, { recursive: true });
    writeFileSync(join(host.cache, name), evil, { mode: 0o755 });
    await run('chown', ['-R', host.user.name, join(host.user.home, '.cache')]);
    const path = join(folder, name);
    const spoil: (() => void)[] = [
      () => {
        const { size } = statSync(path);
        // In the place of the one that may still be running.
        rmSync(path);
        writeFileSync(path, evil.padEnd(size, '#'), { mode: 0o700 });
      },
      () => chownSync(path, host.user.uid, host.user.uid),
      () => chmodSync(path, 0o777),
      () => {
        rmSync(path);
        symlinkSync(join(host.cache, name), path);
      },
    ];
    (await elevated()).dispose();
    for (const each of spoil) {
      each();
      // One case after the other, in one folder.
      // oxlint-disable-next-line no-await-in-loop
      (await elevated()).dispose();
      assert.equal(modeAndOwner(path), '700 0', each.toString());
    }
    assert.ok(!existsSync(trace));
    await nothingLeft();
  });
});

test('a host without sudo', { skip: sudoMissing() }, async () => {
  await using bin = await temporaryFolder();
  await run('/usr/bin/busybox', ['--install', '-s', bin.path]);
  await using host = await newHost({ sshd: { config: [`SetEnv PATH=${bin.path}`] } });
  const transport = await host.connect();
  const { options } = await opening({ sudo: true });
  await assert.rejects(openSession(transport, options), { code: 'sudo', message: /There is no sudo on the host/ });
  transport.dispose();
});
