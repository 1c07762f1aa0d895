/** Everything that can keep a connection from standing, and cancelling at every stage. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connectSsh } from '../../extension/transport/ssh.ts';
import { socketError } from '../../extension/transport/words.ts';
import { fails } from './support/assertions.ts';
import { writeConfig, type Endpoint } from './support/config.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { listen, listenWithFullQueue } from './support/hostile.ts';
import { capturingLog, scripted, type ScriptedInteraction } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { freePort, until } from './support/processes.ts';
import { sshdMissing, startSshd, type Sshd } from './support/sshd.ts';

describe('a connection that does not come about', { skip: sshdMissing() }, () => {
  let folder: Folder;
  let key: Key;
  let server: Sshd;

  before(async () => {
    folder = await temporaryFolder();
    key = await generateKey(join(folder.path, 'key'), 'ed25519');
    server = await startSshd({ authorizedKeys: [key.line], password: true });
  });
  after(async () => {
    await server.stop();
    await folder[Symbol.asyncDispose]();
  });

  interface Attempt {
    readonly more?: readonly string[];
    readonly interaction?: ScriptedInteraction;
    readonly signal?: AbortSignal;
    readonly onStage?: (stage: string) => void;
    readonly keys?: readonly string[];
    readonly knownHosts?: string;
  }
  const connect = async (endpoint: Endpoint, attempt: Attempt = {}): Promise<void> => {
    const configFile = await writeConfig(folder.path, endpoint, {
      keys: attempt.keys ?? [key.file],
      knownHosts: attempt.knownHosts ?? server.knownHosts,
      more: attempt.more ?? [],
    });
    const { signal, onStage, interaction = scripted() } = attempt;
    const transport = await connectSsh('target', { configFile, interaction, log: capturingLog(), signal, onStage });
    transport.dispose();
  };

  const freeze = (stage: string): void => {
    if (stage.startsWith('Signing in')) server.freeze();
  };

  it('a name that nobody knows', async () => {
    await fails(
      connect({ host: 'does-not-exist.invalid', port: 22 }),
      'unresolvable',
      /"does-not-exist\.invalid" cannot be resolved/,
    );
  });

  it('a port where nothing listens', async () => {
    const port = await freePort();
    await fails(
      connect({ host: '127.0.0.1', port }),
      'unreachable',
      new RegExp(`nothing listens on 127\\.0\\.0\\.1 port ${port}`),
    );
    await fails(connect({ host: 'localhost', port }), 'unreachable', /connection refused/);
  });

  it('other errors of the network have words', () => {
    const host = { hostname: 'h', port: 22 };
    const words = (code: string) => {
      const { code: kind, message } = socketError(Object.assign(new Error(code), { code }), 'alice@h', host);
      return `${kind}: ${message}`;
    };
    assert.equal(words('EHOSTUNREACH'), 'unreachable: alice@h: there is no way to h port 22 (EHOSTUNREACH).');
    assert.equal(words('ENETUNREACH'), 'unreachable: alice@h: there is no way to h port 22 (ENETUNREACH).');
    assert.equal(words('ETIMEDOUT'), 'timeout: alice@h: h port 22 does not answer.');
    assert.equal(words('ECONNRESET'), 'unreachable: alice@h: h port 22 closed the connection.');
    assert.equal(words('EAI_AGAIN'), 'unresolvable: alice@h: the name "h" cannot be resolved now.');
    assert.equal(words('EWHATEVER'), 'unreachable: alice@h: h port 22: EWHATEVER');
  });

  it('a host that does not answer', async () => {
    await using endpoint = await listenWithFullQueue();
    await fails(connect(endpoint, { more: ['ConnectTimeout 1'] }), 'timeout', /does not answer within 1 s/);
  });

  it('a server that says nothing', async () => {
    await using endpoint = await listen(() => undefined);
    await fails(connect(endpoint, { more: ['ConnectTimeout 1'] }), 'timeout', /key exchange within 1 s/);
    await until('the socket is closed', () => endpoint.open.size === 0);
  });

  it('a tarpit that sends banner lines for ever', async () => {
    await using endpoint = await listen((socket) => {
      const timer = setInterval(() => socket.write(`${Math.random()}\r\n`), 50);
      socket.on('close', () => clearInterval(timer));
    });
    await fails(connect(endpoint, { more: ['ConnectTimeout 1'] }), 'timeout', /key exchange within 1 s/);
    await until('the socket is closed', () => endpoint.open.size === 0);
  });

  it('a flood instead of a banner ends', async () => {
    await using endpoint = await listen((socket) => {
      const line = Buffer.alloc(64 * 1024, 'x');
      const flood = (): void => {
        while (!socket.destroyed && socket.write(line));
      };
      socket.on('drain', flood);
      flood();
    });
    await fails(connect(endpoint, { more: ['ConnectTimeout 5'] }), 'unreachable', /./);
    await until('the socket is closed', () => endpoint.open.size === 0);
  });

  it('a server that is no SSH server', async () => {
    await using endpoint = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await fails(connect(endpoint), 'unreachable', /closed the connection before|not an SSH server/);
    await using old = await listen((socket) => socket.write('SSH-1.5-old\r\n'));
    await fails(connect(old), 'unreachable', /not an SSH server/);
  });

  it('a server that closes at once', async () => {
    await using endpoint = await listen((socket) => socket.destroy());
    await fails(connect(endpoint), 'unreachable', /closed the connection/);
  });

  it('a server that stops in the middle of the key exchange', async () => {
    await using endpoint = await listen((socket) => socket.write('SSH-2.0-half\r\n'));
    await fails(connect(endpoint, { more: ['ConnectTimeout 1'] }), 'timeout', /key exchange within 1 s/);
    await using closing = await listen((socket) => socket.end('SSH-2.0-half\r\n'));
    await fails(connect(closing), 'unreachable', /closed/);
  });

  it('garbage after the banner', async () => {
    await using endpoint = await listen((socket) => socket.write(`SSH-2.0-bad\r\n${'\u00ff'.repeat(100)}`));
    await fails(connect(endpoint, { more: ['ConnectTimeout 5'] }), 'unreachable', /./);
  });

  for (const [keyword, value, words] of [
    ['KexAlgorithms', 'sntrup761x25519-sha512@openssh.com', /no key exchange algorithm in common.*sntrup761x25519/],
    ['Ciphers', '3des-cbc', /no cipher in common.*3des-cbc/],
    ['MACs', 'umac-128@openssh.com', /no MAC in common.*umac-128/],
  ] as const) {
    it(`no ${keyword} in common: says what the server has`, async () => {
      const others = keyword === 'MACs' ? ['Ciphers aes256-ctr'] : [];
      await using strict = await startSshd({ authorizedKeys: [key.line], config: [`${keyword} ${value}`, ...others] });
      await fails(connect(strict, { knownHosts: strict.knownHosts }), 'configuration', words);
    });
  }

  it('algorithms of the configuration are used, and unknown ones left out', async () => {
    await using old = await startSshd({
      authorizedKeys: [key.line],
      config: ['KexAlgorithms diffie-hellman-group14-sha1', 'Ciphers aes256-cbc'],
    });
    await fails(connect(old, { knownHosts: old.knownHosts }), 'configuration', /diffie-hellman-group14-sha1/);
    const more = ['KexAlgorithms +diffie-hellman-group14-sha1,made-up', 'Ciphers ^aes256-cbc'];
    await connect(old, { knownHosts: old.knownHosts, more });
  });

  it('a server that hangs while signing in', async () => {
    const more = ['ConnectTimeout 2'];
    try {
      await fails(connect(server, { more, onStage: freeze }), 'timeout', /did not answer within 2 s while signing in/);
    } finally {
      server.thaw();
    }
    await until('the server has closed it', () => server.connections().length === 0);
  });

  it('a server that dies while signing in', async () => {
    const onStage = (stage: string): void => {
      if (stage.startsWith('Signing in')) server.dropConnections();
    };
    // The kernel tells a killed server by an end of file or by a reset, whichever comes first.
    await fails(connect(server, { onStage }), ['authentication', 'unreachable'], /closed the connection/);
  });

  const nothingLeft = (): Promise<unknown> => until('no connection is left', () => server.connections().length === 0);

  describe('because it is cancelled', () => {
    it('before it began', async () => {
      await fails(connect(server, { signal: AbortSignal.abort() }), 'cancelled', /cancelled/);
    });

    it('while connecting', async () => {
      await using endpoint = await listenWithFullQueue();
      const controller = new AbortController();
      const connecting = connect(endpoint, {
        signal: controller.signal,
        onStage: () => setTimeout(() => controller.abort(), 50),
      });
      await fails(connecting, 'cancelled', /cancelled/);
    });

    it('while waiting for the banner', async () => {
      const controller = new AbortController();
      await using endpoint = await listen(() => controller.abort());
      await fails(connect(endpoint, { signal: controller.signal }), 'cancelled', /cancelled/);
      await until('the socket is closed', () => endpoint.open.size === 0);
    });

    for (const stage of ['Connecting to', 'Verifying', 'Signing in']) {
      it(`at the stage "${stage}"`, async () => {
        const controller = new AbortController();
        const onStage = (words: string): void => {
          if (words.startsWith(stage)) controller.abort();
        };
        await fails(connect(server, { signal: controller.signal, onStage }), 'cancelled', /cancelled/);
        await nothingLeft();
      });
    }

    it('while a person is asked: the question ends too', async () => {
      const controller = new AbortController();
      let question: AbortSignal | undefined;
      const interaction: ScriptedInteraction = {
        ...scripted(),
        askSecret: (_, signal) => {
          question = signal;
          controller.abort();
          return new Promise(() => undefined);
        },
      };
      await fails(connect(server, { signal: controller.signal, interaction, keys: [] }), 'cancelled', /cancelled/);
      assert.equal(question?.aborted, true);
      await nothingLeft();
    });

    it('while a person is asked, and the server goes away: the question ends too', async () => {
      let question: AbortSignal | undefined;
      const interaction: ScriptedInteraction = {
        ...scripted(),
        askSecret: (_, signal) => {
          question = signal;
          server.dropConnections();
          return new Promise(() => undefined);
        },
      };
      await fails(
        connect(server, { interaction, keys: [] }),
        ['authentication', 'unreachable'],
        /closed the connection/,
      );
      assert.equal(question?.aborted, true);
    });
  });

  it('one that hangs never blocks another', async () => {
    await using silent = await listen(() => undefined);
    const controller = new AbortController();
    const hanging = connect(silent, { signal: controller.signal });
    await Promise.all(Array.from({ length: 5 }, () => connect(server)));
    controller.abort();
    await fails(hanging, 'cancelled', /cancelled/);
  });
});
