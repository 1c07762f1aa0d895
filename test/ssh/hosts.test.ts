/** Targets, hosts for the picker, and what the configuration says beyond `ssh -G`. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listConfiguredHosts, resolveHost } from '../../extension/transport/config.ts';
import { ConnectionError } from '../../extension/transport/errors.ts';
import { parseTarget } from '../../extension/transport/target.ts';
import { temporaryFolder } from './support/folder.ts';
import { run } from './support/processes.ts';
import { createUser, usersMissing } from './support/users.ts';

describe('a target', () => {
  const good: readonly (readonly [string, string | undefined, string, number | undefined])[] = [
    ['build7', undefined, 'build7', undefined],
    [' alice@build7 ', 'alice', 'build7', undefined],
    ['alice@build7:2222', 'alice', 'build7', 2222],
    ['build7:22', undefined, 'build7', 22],
    ['a@b@host', 'a@b', 'host', undefined],
    ['[::1]:2222', undefined, '::1', 2222],
    ['alice@[fe80::1%eth0]', 'alice', 'fe80::1%eth0', undefined],
    ['fe80::1', undefined, 'fe80::1', undefined],
    ['ssh://alice@build7:2222/', 'alice', 'build7', 2222],
    ['ssh://al%40ice@[::1]', 'al@ice', '::1', undefined],
    [String.raw`DOMAIN\alice@host`, String.raw`DOMAIN\alice`, 'host', undefined],
  ];
  for (const [text, user, host, port] of good) {
    it(`is read: ${text}`, () => assert.deepEqual(parseTarget(text), { user, host, port }));
  }
  const bad = [
    '',
    '@host',
    'alice@',
    'host:0',
    'host:70000',
    'host:ssh',
    '[::1',
    '-oProxyCommand=x',
    'a;b',
    'a b',
    '$(x)@host',
    '`x`',
    'host\nname',
    '-u@host',
    'x|y@host',
    "a'b",
    'ssh://%zz@host',
  ];
  for (const text of bad) {
    it(`is refused: ${JSON.stringify(text)}`, () =>
      assert.throws(
        () => parseTarget(text),
        (error) => error instanceof ConnectionError && error.code === 'configuration',
      ));
  }
});

describe('values of the configuration', () => {
  it('have tokens, home and variables expanded', async () => {
    await using folder = await temporaryFolder();
    const config = join(folder.path, 'config');
    await writeFile(
      config,
      `Host a
  HostName real.example
  Port 2222
  User alice
  HostKeyAlias alias
  IdentityFile ~/.ssh/%h-%p-%r
  IdentityFile %d/%u/%i/%n/%k/%L/%l/100%%
  IdentityFile \${LNS_TEST}/key
  IdentityAgent \${LNS_TEST}/agent
  UserKnownHostsFile ~/known %d/%h
  ProxyCommand nc -x "\${HOME}" ~ %h:%p %r@%n %%
`,
    );
    process.env['LNS_TEST'] = '/from/environment';
    const home = process.env['HOME'] ?? '';
    const host = await resolveHost('a', { configFile: config });
    const short = hostname().split('.')[0] ?? '';
    const local = userInfo();
    assert.deepEqual(host.identityFiles, [
      `${home}/.ssh/real.example-2222-alice`,
      `${home}/${local.username}/${local.uid}/a/alias/${short}/${hostname()}/100%`,
      '/from/environment/key',
    ]);
    assert.equal(host.identityAgent, '/from/environment/agent');
    assert.deepEqual(host.userKnownHostsFiles, [`${home}/known`, `${home}/real.example`]);
    assert.deepEqual(host.proxy, { kind: 'command', command: 'nc -x "${HOME}" ~ real.example:2222 alice@a %' });
  });

  it('the agent is none, a variable, the standard one or a path', async () => {
    await using folder = await temporaryFolder();
    const agent = async (value: string): Promise<string | undefined> => {
      const config = join(folder.path, 'config');
      await writeFile(config, value === '' ? '' : `IdentityAgent ${value}\n`);
      return (await resolveHost('a', { configFile: config })).identityAgent;
    };
    const before = process.env['SSH_AUTH_SOCK'];
    process.env['SSH_AUTH_SOCK'] = '/standard';
    process.env['LNS_TEST'] = '/other';
    try {
      assert.equal(await agent(''), '/standard');
      assert.equal(await agent('SSH_AUTH_SOCK'), '/standard');
      assert.equal(await agent('none'), undefined);
      assert.equal(await agent('$LNS_TEST'), '/other');
      assert.equal(await agent('/run/%u.sock'), `/run/${userInfo().username}.sock`);
    } finally {
      if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
      else process.env['SSH_AUTH_SOCK'] = before;
    }
  });

  for (const [name, config] of [
    ['an unknown token', 'IdentityFile /k/%z\n'],
    ['a variable that is not set', 'IdentityFile ${LNS_NOT_SET}/k\n'],
    ['a bad value', 'StrictHostKeyChecking perhaps\n'],
    ['a user that a shell would act on', 'User "x;touch /tmp/x"\nProxyCommand nc %h %p\n'],
    ['a host name that a shell would act on', 'HostName "x;touch /tmp/x"\n'],
    ['a bad jump host', 'ProxyJump a,-oProxyCommand=x\n'],
    ['a missing file that was named', undefined],
  ] as const) {
    it(`are refused: ${name}`, async () => {
      await using folder = await temporaryFolder();
      const configFile = join(folder.path, 'config');
      if (config !== undefined) await writeFile(configFile, config);
      await assert.rejects(
        resolveHost('a', { configFile }),
        (error) => error instanceof ConnectionError && error.code === 'configuration',
      );
    });
  }

  it('name file and line of a mistake', async () => {
    await using folder = await temporaryFolder();
    const configFile = join(folder.path, 'config');
    await writeFile(configFile, 'Host a\n  User x\n  Port\n');
    await assert.rejects(resolveHost('a', { configFile }), {
      message: `${configFile} line 3: no argument after keyword "port"`,
      place: { file: configFile, line: 3 },
    });
  });

  it('say what has no effect here', async () => {
    await using folder = await temporaryFolder();
    const configFile = join(folder.path, 'config');
    await writeFile(
      configFile,
      'CertificateFile /k/cert\nGSSAPIAuthentication yes\nMatch localnetwork 10.0.0.0/8\nUser x\n',
    );
    const { warnings, user } = await resolveHost('a', { configFile });
    assert.match(warnings.join('\n'), /localnetwork[\s\S]*CertificateFile/);
    assert.doesNotMatch(warnings.join('\n'), /GSSAPI/);
    assert.equal(user, userInfo().username);
  });

  it('order and rule out ways to sign in', async () => {
    await using folder = await temporaryFolder();
    const configFile = join(folder.path, 'config');
    const methods = async (text: string): Promise<readonly string[]> => {
      await writeFile(configFile, text);
      return (await resolveHost('a', { configFile })).methods;
    };
    assert.deepEqual(await methods(''), ['publickey', 'keyboard-interactive', 'password']);
    assert.deepEqual(await methods('PreferredAuthentications password,gssapi-with-mic,publickey\n'), [
      'password',
      'publickey',
    ]);
    assert.deepEqual(await methods('PubkeyAuthentication no\nKbdInteractiveAuthentication no\n'), ['password']);
    assert.deepEqual(await methods('PasswordAuthentication no\n'), ['publickey', 'keyboard-interactive']);
  });

  it('run a Match exec only on connecting, and not beyond an abort', async () => {
    await using folder = await temporaryFolder();
    const configFile = join(folder.path, 'config');
    await writeFile(configFile, `Host a\nMatch exec "touch ${folder.path}/ran-%h"\nUser x\n`);
    assert.deepEqual(await listConfiguredHosts(configFile), [
      { alias: 'a', user: userInfo().username, hostname: 'a', port: 22, description: `${userInfo().username}@a` },
    ]);
    await assert.rejects(run('ls', [join(folder.path, 'ran-a')]));
    assert.equal((await resolveHost('a', { configFile })).user, 'x');
    await run('ls', [join(folder.path, 'ran-a')]);
    await writeFile(configFile, 'Match exec "sleep 1000"\nUser x\n');
    const controller = new AbortController();
    const resolving = resolveHost('a', { configFile, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(resolving, { name: 'AbortError' });
  });
});

describe("a person's own files", { skip: usersMissing() }, () => {
  it('are ~/.ssh/config with relative Include, then the system', async () => {
    await using user = await createUser();
    const folder = join(user.home, '.ssh');
    await mkdir(join(folder, 'conf.d'), { recursive: true });
    const files = {
      config: 'Include conf.d/*.conf ~/.ssh/more\nHost web db-? !x *.example\n  User w\n',
      'conf.d/10.conf': 'Host alpha beta\n  HostName %h.example\n  User ten\n',
      'conf.d/20.conf': 'Host beta gamma\n  Port 2020\n  User twenty\n  Include nested\n',
      nested: 'Host delta\n  User nested\n',
      more: 'Host broken\n  HostName "x;y"\n',
    };
    await Promise.all(
      Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text, { mode: 0o600 })),
    );
    await run('chown', ['-R', `${user.name}:`, folder]);
    const before = process.env['HOME'];
    process.env['HOME'] = user.home;
    try {
      const hosts = await listConfiguredHosts();
      assert.deepEqual(
        hosts.map(({ alias }) => alias),
        ['alpha', 'beta', 'gamma', 'delta', 'broken', 'web'],
      );
      for (const alias of ['alpha', 'beta', 'gamma', 'web']) {
        // As this user, ssh reads the same two files.
        // oxlint-disable-next-line no-await-in-loop
        const { stdout } = await run('runuser', ['-u', user.name, '--', 'ssh', '-G', alias]);
        const theirs = (keyword: string): string => new RegExp(`^${keyword} (.*)$`, 'm').exec(stdout)?.[1] ?? '';
        const { description, ...host } = hosts.find((each) => each.alias === alias) ?? { description: '' };
        assert.deepEqual(host, {
          alias,
          user: theirs('user'),
          hostname: theirs('hostname'),
          port: Number(theirs('port')),
        });
        const port = theirs('port') === '22' ? '' : `:${theirs('port')}`;
        assert.equal(description.replaceAll(/[[\]]/g, ''), `${theirs('user')}@${theirs('hostname')}${port}`);
      }
    } finally {
      process.env['HOME'] = before;
    }
  });
});
