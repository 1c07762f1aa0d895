/** Losing and regaining a real sshd with a real password: what is asked, what is sent, and how often. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connecting } from '../../../extension/host/connecting.ts';
import { ManagedHost } from '../../../extension/host/host.ts';
import { hostFunctions } from '../../../extension/host/wiring.ts';
import { until } from '../../helper/support/wait.ts';
import { temporaryFolder } from '../../ssh/support/folder.ts';
import type { Folder } from '../../ssh/support/folder.ts';
import { scripted } from '../../ssh/support/interaction.ts';
import { generateKey } from '../../ssh/support/keys.ts';
import type { Key } from '../../ssh/support/keys.ts';
import { run } from '../../ssh/support/processes.ts';
import { sshdMissing, startSshd } from '../../ssh/support/sshd.ts';
import type { Sshd } from '../../ssh/support/sshd.ts';
import { createUser, usersMissing } from '../../ssh/support/users.ts';
import type { TestUser } from '../../ssh/support/users.ts';
import { code, MemoryLog } from './fakes.ts';
import { helperMissing, publishHelper } from './real-helper.ts';

const skip = helperMissing() ?? sshdMissing() ?? usersMissing() ?? false;

function count(server: Sshd, pattern: RegExp): number {
  return server.log().match(new RegExp(pattern, 'gm'))?.length ?? 0;
}

describe('a host over SSH', { skip }, () => {
  let folder: Folder;
  let user: TestUser;
  let server: Sshd;
  let hostKey: Key;
  let host: ManagedHost;
  let password: string;
  const log = new MemoryLog();
  const interaction = scripted({ hostKey: 'once', secret: () => password });

  before(async () => {
    folder = await temporaryFolder();
    await publishHelper(folder.path);
    user = await createUser();
    ({ password } = user);
    hostKey = await generateKey(join(folder.path, 'first'), 'ed25519');
    server = await startSshd({ password: true, hostKeys: [hostKey] });
    const configFile = join(folder.path, 'config');
    const lines = [
      'Host build7',
      '  HostName 127.0.0.1',
      `  Port ${server.port}`,
      `  User ${user.name}`,
      '  IdentityAgent none',
      '  PubkeyAuthentication no',
      `  UserKnownHostsFile ${join(folder.path, 'known_hosts')}`,
      '',
    ];
    await writeFile(configFile, lines.join('\n'));
    host = new ManagedHost(
      { kind: 'ssh', target: 'build7', sudo: false },
      {
        functions: hostFunctions({ helperFolder: folder.path, configFile }),
        connecting: () => Promise.resolve(connecting),
        interaction,
        log,
        onDidWake: () => ({ dispose: () => {} }),
        policy: { initialDelay: 100, maximumDelay: 100, tries: 1_000, stableAfter: 0, attemptTimeout: 30_000 },
        random: () => 0.5,
      },
    );
  });

  after(async () => {
    host.dispose();
    await server.stop();
    await user.remove();
    await run('rm', ['-rf', `/tmp/linux-namespaces-${user.uid}`]);
    await folder[Symbol.asyncDispose]();
  });

  /** Waits for what the host does by itself. */
  async function state(kind: 'connected' | 'lost', settled = false): Promise<void> {
    await until(`the host to be ${kind}`, () => {
      const now = host.state;
      return now.kind === kind && (!settled || (now.kind === 'lost' && now.retryAt === undefined));
    });
  }

  async function drop(): Promise<void> {
    const lost = new Promise<void>((resolve) => {
      const subscription = host.onDidChangeState((now) => {
        if (now.kind !== 'lost') return;
        subscription.dispose();
        resolve();
      });
    });
    server.dropConnections();
    await lost;
  }

  it('connects, asking for the host key and the password once', async () => {
    await host.connect();
    assert.equal(interaction.hostKeyQuestions.length, 1);
    assert.equal(interaction.secretQuestions.length, 1);
    assert.ok((host.graph?.processes.size ?? 0) > 1);
    assert.equal(host.facts?.user, user.name);
    // An ordinary user does not see everything, and that is said.
    assert.equal(host.graph?.completeness.complete, false);
  });

  it('comes back without a question when the connection is cut', async () => {
    const known = host.graph;
    await drop();
    await state('connected');
    assert.equal(host.graph, known);
    assert.equal(interaction.hostKeyQuestions.length, 1);
    assert.equal(interaction.secretQuestions.length, 1);
    assert.equal(count(server, /^Accepted password/), 2);
    assert.equal(count(server, /^Failed password/), 0);
  });

  it('keeps trying while the server is down, and comes back with it', async () => {
    const { port } = server;
    await server.stop();
    await state('lost');
    await until(
      'a try to find nobody there',
      () => host.state.kind === 'lost' && host.state.error.code === 'unreachable',
    );
    assert.notEqual(host.graph, undefined);
    server = await startSshd({ password: true, hostKeys: [hostKey], port });
    await state('connected');
    assert.equal(interaction.secretQuestions.length, 1);
  });

  it('sends a password that is no longer valid once, asks nobody unprompted, and asks again when a person connects', async () => {
    password = `another ${user.password}`;
    await run('/usr/sbin/chpasswd', [], { input: `${user.name}:${password}\n` });
    await drop();
    await state('lost', true);
    assert.equal(host.state.kind === 'lost' && host.state.error.code, 'authentication');
    assert.equal(count(server, /^Failed password/), 1);
    assert.equal(interaction.secretQuestions.length, 1);
    await host.connect();
    assert.equal(interaction.secretQuestions.length, 2);
    assert.equal(count(server, /^Failed password/), 1);
  });

  it('sends nothing to a server with another host key', async () => {
    const { port } = server;
    await server.stop();
    await state('lost');
    server = await startSshd({ password: true, port });
    await state('lost', true);
    assert.match(host.state.kind === 'lost' ? host.state.error.message : '', /host key/);
    assert.equal(count(server, /^(Accepted|Failed) password/), 0);
    assert.equal(interaction.hostKeyQuestions.length, 1);
    interaction.confirmHostKey = (question) => {
      interaction.hostKeyQuestions.push(question);
      return Promise.resolve('refuse');
    };
    await assert.rejects(host.connect(), code('host-key-unknown'));
    assert.equal(interaction.hostKeyQuestions.length, 2);
    assert.equal(count(server, /^(Accepted|Failed) password/), 0);
  });

  it('never wrote a password into the log', () => {
    assert.ok(log.lines.length > 0);
    assert.ok(!log.lines.join('\n').includes(user.password));
  });
});
