/** Jump hosts and ProxyCommand, with real servers on every hop. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { ConnectionError } from '../../extension/transport/errors.ts';
import { resolveHops } from '../../extension/transport/hops.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import type { Transport } from '../../extension/transport/transport.ts';
import { fails } from './support/assertions.ts';
import { writeConfig } from './support/config.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted, type ScriptedInteraction } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { alive, freePort, until } from './support/processes.ts';
import { sshdMissing, startSshd, type Sshd } from './support/sshd.ts';

function section(alias: string, server: Sshd, ...more: string[]): string {
  const lines = [`HostName 127.0.0.1`, `Port ${server.port}`, ...more].map((line) => `  ${line}\n`);
  return `Host ${alias}\n${lines.join('')}`;
}

function connect(
  configFile: string,
  interaction: ScriptedInteraction = scripted(),
  signal?: AbortSignal,
): Promise<Transport> {
  return connectSsh('target', { configFile, interaction, log: capturingLog(), signal });
}

describe('jump hosts', { skip: sshdMissing() }, () => {
  let folder: Folder;
  let key: Key;
  let stranger: Key;
  let one: Sshd;
  let two: Sshd;
  let target: Sshd;

  before(async () => {
    folder = await temporaryFolder();
    [key, stranger] = await Promise.all([
      generateKey(join(folder.path, 'key'), 'ed25519'),
      generateKey(join(folder.path, 'stranger'), 'ed25519'),
    ]);
    const start = (): Promise<Sshd> => startSshd({ authorizedKeys: [key.line] });
    [one, two, target] = await Promise.all([start(), start(), start()]);
  });
  after(async () => {
    await Promise.all([one, two, target].map((server) => server.stop()));
    await folder[Symbol.asyncDispose]();
  });

  const all = (): string => one.knownHosts + two.knownHosts + target.knownHosts;
  /** The file holds `target`, `one` and `two`; key and known_hosts hold for all. */
  const configure = async (options: {
    readonly more?: readonly string[];
    readonly oneMore?: readonly string[];
    readonly knownHosts?: string;
    readonly knownHostsOfOne?: string;
    readonly server?: { host: string; port: number };
    readonly rest?: string;
  }): Promise<string> => {
    const knownHosts = options.knownHosts ?? all();
    const known = await writeConfig(folder.path, target, { knownHosts });
    const knownOfOne = await writeConfig(folder.path, target, { knownHosts: options.knownHostsOfOne ?? knownHosts });
    return writeConfig(folder.path, options.server ?? target, {
      keys: [key.file],
      knownHosts,
      more: options.more ?? [],
      sections:
        section(
          'one',
          one,
          `UserKnownHostsFile ${knownOfOne.replace('config-', 'known_hosts-')}`,
          ...(options.oneMore ?? []),
        ) +
        section('two', two) +
        (options.rest ?? '') +
        `Host *\n  IdentityFile ${key.file}\n  IdentityAgent none\n  UserKnownHostsFile ${known.replace('config-', 'known_hosts-')}\n`,
    });
  };
  const works = async (transport: Transport): Promise<void> => {
    const running = await transport.exec({ script: 'echo $SSH_CONNECTION' });
    const port = (await text(running.stdout)).trim().split(' ')[3];
    assert.equal(port, String(target.port), 'it is the target that answers');
    transport.dispose();
    await until('no connection is left on any hop', () =>
      [one, two, target].every((server) => server.connections().length === 0),
    );
  };
  const nothingLeft = (): Promise<unknown> =>
    until('no connection is left on any hop', () =>
      [one, two, target].every((server) => server.connections().length === 0),
    );

  it('one', async () => {
    const from = one.log().length;
    await works(await connect(await configure({ more: ['ProxyJump one'] })));
    assert.match(one.log().slice(from), /direct-tcpip/);
  });

  it('several in one line, in order', async () => {
    const [first, second] = [one.log().length, two.log().length];
    await works(await connect(await configure({ more: [`ProxyJump ${one.user}@one,ssh://127.0.0.1:${two.port}`] })));
    assert.ok(one.log().slice(first).includes(`port ${two.port}`), 'the first hop leads to the second');
    assert.ok(two.log().slice(second).includes(`port ${target.port}`), 'the second hop leads to the target');
  });

  it('a jump host with a jump host of its own', async () => {
    await works(await connect(await configure({ more: ['ProxyJump one'], oneMore: ['ProxyJump two'] })));
  });

  it('a jump host that is its own jump host through Host * is reached directly', async () => {
    await works(await connect(await configure({ more: ['ProxyJump one'], rest: 'Host *\n  ProxyJump one\n' })));
  });

  it('a jump host behind a ProxyCommand', async () => {
    const oneMore = [
      `ProxyCommand ssh -F none -i ${key.file} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p ${two.port} -W %h:%p %r@127.0.0.1`,
    ];
    await works(await connect(await configure({ more: ['ProxyJump one'], oneMore })));
  });

  it('each hop is asked about by itself', async () => {
    const interaction = scripted({ hostKey: 'once' });
    await works(await connect(await configure({ more: ['ProxyJump one,two'], knownHosts: '' }), interaction));
    assert.deepEqual(
      interaction.hostKeyQuestions.map(({ host, fingerprint }) => `${host} ${fingerprint}`),
      [one, two, target].map((server) => `[127.0.0.1]:${server.port} ${server.hostKeys[0]?.fingerprint}`),
    );
  });

  it('a changed key of the jump host: refused before any credential is sent', async () => {
    const from = one.log().length;
    const knownHostsOfOne = `[127.0.0.1]:${one.port} ${stranger.line}\n`;
    await fails(
      connect(await configure({ more: ['ProxyJump one'], knownHostsOfOne })),
      'host-key-changed',
      new RegExp(String(one.port)),
    );
    await nothingLeft();
    assert.doesNotMatch(one.log().slice(from), /userauth-request/);
  });

  it('a changed key of the target behind it: refused before any credential is sent, and the hop is closed', async () => {
    const from = target.log().length;
    const knownHosts = `[127.0.0.1]:${target.port} ${stranger.line}\n`;
    const configFile = await configure({ more: ['ProxyJump one'], knownHosts, knownHostsOfOne: one.knownHosts });
    await fails(connect(configFile), 'host-key-changed', new RegExp(String(target.port)));
    await nothingLeft();
    assert.doesNotMatch(target.log().slice(from), /userauth-request/);
  });

  it('a jump host that does not let us in is named', async () => {
    const configFile = await configure({
      more: ['ProxyJump one'],
      oneMore: [`IdentityFile ${stranger.file}`, 'IdentitiesOnly yes', 'PubkeyAuthentication no'],
    });
    await fails(connect(configFile), 'authentication', /@one:\d+ does not let us in/);
    await nothingLeft();
  });

  it('a jump host that allows no forwarding is named', async () => {
    await using closed = await startSshd({ authorizedKeys: [key.line], config: ['AllowTcpForwarding no'] });
    const configFile = await configure({
      more: ['ProxyJump closed'],
      knownHosts: all() + closed.knownHosts,
      rest: section('closed', closed),
    });
    await fails(connect(configFile), 'proxy', /jump host .*@closed:\d+ does not reach 127\.0\.0\.1 port \d+/);
    await until('the hop is closed', () => closed.connections().length === 0);
  });

  it('a target that the jump host cannot reach', async () => {
    const port = await freePort();
    const configFile = await configure({ more: ['ProxyJump one'], server: { host: '127.0.0.1', port } });
    await fails(
      connect(configFile),
      'proxy',
      new RegExp(`does not reach 127\\.0\\.0\\.1 port ${port}: .*refused`, 'i'),
    );
    await nothingLeft();
  });

  it('going round in circles is an error, not an endless chain', async () => {
    const configFile = await configure({ more: ['ProxyJump one'], oneMore: ['ProxyJump target'] });
    await fails(resolveHops('target', { configFile }), 'configuration', /round in circles/);
  });

  it('losing the jump host is the cause that is told', async () => {
    const transport = await connect(await configure({ more: ['ProxyJump one'] }));
    const closed = new Promise<Error | undefined>((resolve) => transport.onClose(resolve));
    one.dropConnections();
    const error = await closed;
    assert.ok(error instanceof ConnectionError && error.code === 'lost');
    assert.match(error.message, /the jump host .*@one:\d+ is gone/);
    await nothingLeft();
  });

  it('cancelling while the target is asked about closes the hop as well', async () => {
    const controller = new AbortController();
    const configFile = await configure({ more: ['ProxyJump one'], knownHosts: '', knownHostsOfOne: one.knownHosts });
    const interaction = scripted({
      hostKey: () => {
        controller.abort();
        return 'once';
      },
    });
    await fails(connect(configFile, interaction, controller.signal), 'cancelled', /cancelled/);
    await nothingLeft();
  });

  describe('ProxyCommand', () => {
    it("uses the person's own command, and ends it", async () => {
      const command = `ProxyCommand ssh -F none -i ${key.file} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p ${one.port} -W %h:%p ${one.user}@127.0.0.1`;
      await works(await connect(await configure({ more: [command] })));
    });

    it('that fails is told with its own words', async () => {
      const more = ['ProxyCommand echo no way to %h >&2; exit 3'];
      await fails(
        connect(await configure({ more })),
        'proxy',
        /ProxyCommand ended with exit code 3: no way to 127\.0\.0\.1/,
      );
    });

    it('that does not exist is told', async () => {
      await fails(
        connect(await configure({ more: ['ProxyCommand /does/not/exist %h'] })),
        'proxy',
        /exit code 127.*not/s,
      );
    });

    it('that ends without a word', async () => {
      await fails(connect(await configure({ more: ['ProxyCommand true'] })), 'unreachable', /closed the connection/);
    });

    it('that hangs ends with the abort, with everything it started', async () => {
      const controller = new AbortController();
      const pidFile = join(folder.path, 'pid');
      const configFile = await configure({ more: [`ProxyCommand sleep 1000 & echo $! > ${pidFile}; wait`] });
      const connecting = connect(configFile, scripted(), controller.signal);
      const pid = await until('the command runs', async () => {
        const line = await readFile(pidFile, 'utf8').catch(() => '');
        return line.endsWith('\n') ? Number(line) : undefined;
      });
      assert.ok(alive(pid));
      controller.abort();
      await fails(connecting, 'cancelled', /cancelled/);
      await until('its process has ended', () => !alive(pid));
    });

    it('that hangs ends with the timeout', async () => {
      const configFile = await configure({ more: ['ProxyCommand sleep 1000', 'ConnectTimeout 1'] });
      await fails(connect(configFile), 'timeout', /within 1 s/);
    });
  });
});
