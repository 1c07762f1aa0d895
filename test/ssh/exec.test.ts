/** Processes on the host: command lines, output, exit, terminals, back-pressure, loss. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';
import { encodeArguments } from '../../extension/transport/argv.ts';
import { ConnectionError } from '../../extension/transport/errors.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import type { RemoteCommand, RemoteProcess, Transport } from '../../extension/transport/transport.ts';
import { writeConfig } from './support/config.ts';
import { dropbearMissing, startDropbear } from './support/dropbear.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted } from './support/interaction.ts';
import { generateKey, type Key } from './support/keys.ts';
import { alive, signal, until } from './support/processes.ts';
import { sshdMissing, startSshd, type Sshd } from './support/sshd.ts';
import { createUser, usersMissing, type TestUser } from './support/users.ts';

interface Server {
  readonly host: string;
  readonly port: number;
  readonly knownHosts: string;
}

function firstNumber(running: RemoteProcess): Promise<number> {
  return new Promise((resolve) => {
    running.stdout.once('data', (data: Buffer) => resolve(Number(data.toString())));
  });
}

async function ends(running: RemoteProcess): Promise<void> {
  assert.deepEqual(await running.exit, { code: undefined, signal: undefined });
}

function isLost(error: unknown, pattern: RegExp): true {
  assert.ok(error instanceof ConnectionError);
  assert.equal(error.code, 'lost');
  assert.match(error.message, pattern);
  return true;
}

describe('processes over SSH', { skip: sshdMissing() }, () => {
  let folder: Folder;
  let key: Key;
  let server: Sshd;
  let transport: Transport;

  const connect = async (to: Server, options: { user?: string; more?: readonly string[] } = {}): Promise<Transport> => {
    const configFile = await writeConfig(folder.path, to, { keys: [key.file], knownHosts: to.knownHosts, ...options });
    return connectSsh('target', { configFile, interaction: scripted(), log: capturingLog() });
  };
  const output = async (command: RemoteCommand, over = transport): Promise<string> =>
    text((await over.exec(command)).stdout);

  before(async () => {
    folder = await temporaryFolder();
    key = await generateKey(join(folder.path, 'key'), 'ed25519');
    server = await startSshd({ authorizedKeys: [key.line] });
    transport = await connect(server);
  });
  after(async () => {
    // What was started as root and does not read its input outlives its connection: sshd passes root's processes no signal.
    const deaf = server.connections();
    transport.dispose();
    for (const pid of deaf) signal(pid, 'SIGKILL');
    await server.stop();
    await folder[Symbol.asyncDispose]();
  });

  it('is described for people', () => {
    assert.equal(transport.kind, 'ssh');
    assert.equal(transport.description, `${server.user}@target:${server.port}`);
  });

  it('knows the exit of a command that was over before the editor looked', async () => {
    // Each turn begins so late that the answer to the command and its end are in one read.
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const busy = setInterval(() => Atomics.wait(cell, 0, 0, 100), 1);
    try {
      const running = await transport.exec({ script: 'echo done; exit 7' });
      const [said, exit] = await Promise.all([text(running.stdout), running.exit]);
      assert.equal(said, 'done\n');
      assert.deepEqual(exit, { code: 7, signal: undefined });
    } finally {
      clearInterval(busy);
    }
  });

  it('keeps output and errors apart and gives the exit code', async () => {
    const running = await transport.exec({ script: 'cat; echo wrong >&2; exit 7' });
    running.stdin.end('hello');
    const [out, errors] = await Promise.all([text(running.stdout), text(running.stderr)]);
    assert.deepEqual({ out, errors }, { out: 'hello', errors: 'wrong\n' });
    assert.deepEqual(await running.exit, { code: 7, signal: undefined });
  });

  it('gives the signal that ended a process', async () => {
    const running = await transport.exec({ script: 'kill -SEGV $$' });
    running.stdout.resume();
    assert.deepEqual(await running.exit, { code: undefined, signal: 'SEGV' });
  });

  it('runs many at once', async () => {
    await using many = await startSshd({ authorizedKeys: [key.line], maxSessions: 100 });
    const over = await connect(many);
    const numbers = Array.from({ length: 30 }, (_, index) => String(index));
    const outputs = await Promise.all(numbers.map((number) => output({ script: `echo ${number}` }, over)));
    assert.deepEqual(
      outputs,
      numbers.map((number) => `${number}\n`),
    );
    over.dispose();
  });

  it('passes binary data unchanged, both ways, larger than any window', async () => {
    const data = Buffer.alloc(6_000_000, createHash('sha512').update('seed').digest());
    const running = await transport.exec({ script: 'cat' });
    const [back] = await Promise.all([buffer(running.stdout), pipeline([data], running.stdin)]);
    assert.ok(back.equals(data));
    assert.equal((await running.exit).code, 0);
  });

  it('holds the host back when nobody reads', async () => {
    const running = await transport.exec({ script: 'yes | head -c 50000000' });
    // ssh2's window is 2 MiB, and its buffer holds as much again.
    const limit = 5_000_000;
    let length = -1;
    await until('no more arrives', async () => {
      const earlier = length;
      length = running.stdout.readableLength;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return length > 0 && length === earlier;
    });
    assert.ok(length < limit, `${length} bytes are held`);
    let total = 0;
    await pipeline(
      running.stdout,
      new Writable({
        write(chunk: Buffer, _, done) {
          total += chunk.length;
          setImmediate(done);
        },
      }),
    );
    assert.equal(total, 50_000_000);
  });

  it('holds the writer back when the host does not read', async () => {
    const running = await transport.exec({ script: 'read line; sleep 1000' });
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    for (; written < 200 && running.stdin.write(chunk); written++);
    assert.ok(written < 200, 'write asks to wait');
    running.dispose();
  });

  it('ends a process on dispose', { skip: usersMissing() }, async () => {
    await using user = await createUser();
    const over = await connect(server, { user: user.name });
    const running = await over.exec({ script: 'echo $$; exec sleep 1000' });
    const pid = await firstNumber(running);
    assert.ok(alive(pid));
    running.dispose();
    running.dispose();
    await running.exit;
    await until('the process has ended', () => !alive(pid));
    over.dispose();
  });

  it('where the server passes no signal on, what reads its input ends on dispose, and exit resolves anyhow', async () => {
    const reading = await transport.exec({ script: 'echo $$; exec cat' });
    const deaf = await transport.exec({ script: 'echo $$; exec sleep 1000' });
    const [pid, other] = await Promise.all([firstNumber(reading), firstNumber(deaf)]);
    reading.dispose();
    deaf.dispose();
    await Promise.all([reading.exit, deaf.exit]);
    await until('it has ended', () => !alive(pid));
    signal(other, 'SIGKILL');
  });

  it('ends a process on abort, before, while and after it starts', async () => {
    await assert.rejects(transport.exec({ script: 'true' }, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    const opening = new AbortController();
    const starting = transport.exec({ script: 'sleep 1000' }, { signal: opening.signal });
    opening.abort();
    await assert.rejects(starting, { name: 'AbortError' });
    const controller = new AbortController();
    const running = await transport.exec({ script: 'sleep 1000' }, { signal: controller.signal });
    controller.abort();
    await running.exit;
  });

  it('writing to a process that has ended is an error to the writer and to nobody else', async () => {
    const running = await transport.exec({ script: 'true' });
    running.stdout.resume();
    await running.exit;
    const error = await new Promise((resolve) => running.stdin.write('x', resolve));
    assert.ok(error instanceof Error);
  });

  it('so it is while its output waits to be read', async () => {
    const running = await transport.exec({ script: 'echo unread' });
    let error: unknown;
    running.stdin.on('error', (each) => (error = each));
    await until('a write fails', () => {
      running.stdin.write('x');
      return error;
    });
    assert.equal(await text(running.stdout), 'unread\n');
  });

  it('gives a terminal of the size asked for, and resizes it', async () => {
    const running = await transport.exec(
      { script: 'stty size; echo $TERM; read line; stty size' },
      { pty: { columns: 101, rows: 33, term: 'xterm' } },
    );
    let seen = '';
    running.stdout.on('data', (data: Buffer) => (seen += data.toString()));
    await until('it waits', () => /33 101\r\nxterm\r\n/.test(seen));
    running.resize(55, 11);
    running.stdin.write('\n');
    await running.exit;
    assert.match(seen, /11 55\r\n$/);
  });

  it('refuses scripts and programs that a shell could read differently', async () => {
    for (const script of ["echo 'x'", 'a\nb', 'echo \\x', 'echo !x', 'echo é', '', 'a\u0000b']) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(transport.exec({ script }), RangeError, script);
    }
    for (const program of ['a b', '$(x)', '~/x', 'a;b', '-x', '', 'a\nb', 'é']) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(transport.exec({ program, args: [] }), RangeError, program);
    }
    const long = 'x'.repeat(120_000);
    await assert.rejects(transport.exec({ program: 'true', args: [long] }), RangeError);
    await assert.rejects(transport.exec({ program: 'true', args: ['a\u0000'] }), RangeError);
  });

  it('one session at a time, where the server allows one, can be begun as soon as the one before has ended', async () => {
    await using few = await startSshd({ authorizedKeys: [key.line], maxSessions: 1 });
    const alone = await connect(few);
    for (let turn = 0; turn < 100; turn++) {
      // oxlint-disable-next-line no-await-in-loop
      assert.equal(await output({ script: 'echo done' }, alone), 'done\n');
    }
    alone.dispose();
  });

  it('more sessions than the server allows: an error in words, and the others go on', async () => {
    await using few = await startSshd({ authorizedKeys: [key.line], maxSessions: 1 });
    const over = await connect(few);
    const first = await over.exec({ script: 'cat' });
    await assert.rejects(over.exec({ script: 'true' }), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.match(error.remedy, /MaxSessions/);
      return true;
    });
    first.stdin.end('still here');
    assert.equal(await text(first.stdout), 'still here');
    over.dispose();
  });

  describe('whatever the login shell', { skip: usersMissing() }, () => {
    let user: TestUser;
    before(async () => {
      user = await createUser();
    });
    after(() => user.remove());

    const args = ['plain', '', 'two words', `'"\\$(x)\`!#~*?[a]{b,c}<>|&;`, 'líne\nend', '--flag=ä€😀', '-'];
    for (const shell of ['/bin/bash', '/bin/dash', '/usr/bin/zsh', '/usr/bin/fish', '/usr/bin/tcsh', '/bin/busybox']) {
      it(shell, { skip: usersMissing(shell) }, async () => {
        // BusyBox takes its applet's name from the shell's: a wrapper gives it.
        const wrapper = join(folder.path, 'busybox-sh');
        await writeFile(wrapper, '#!/bin/busybox sh\nexec /bin/busybox sh "$@"\n');
        await chmod(wrapper, 0o755);
        await user.setShell(shell === '/bin/busybox' ? wrapper : shell);
        const over = await connect(server, { user: user.name });
        assert.equal(await output({ program: '/bin/echo', args }, over), `${encodeArguments(args)}\n`);
        assert.equal(await output({ program: '/bin/echo', args: [] }, over), '\n');
        const script =
          'for word in a "b c" $((40+2)) ~x; do echo "<$word>"; done; echo ${HOME:+home} `echo back` # end';
        assert.equal(await output({ script }, over), '<a>\n<b c>\n<42>\n<~x>\nhome back\n');
        over.dispose();
      });
    }
  });

  describe('on dropbear', { skip: dropbearMissing() }, () => {
    it('works the same', async () => {
      await using user = await createUser();
      await using dropbear = await startDropbear({ users: [user], authorizedKeys: [key.line] });
      const over = await connect(dropbear, { user: user.name });
      const running = await over.exec({ script: 'cat; exit 3' });
      running.stdin.end('hello');
      assert.equal(await text(running.stdout), 'hello');
      assert.deepEqual(await running.exit, { code: 3, signal: undefined });
      const closed = new Promise<Error | undefined>((resolve) => over.onClose(resolve));
      dropbear.dropConnections();
      isLost(await closed, /was lost/);
    });
  });

  const start = async (more: readonly string[] = [], script = 'cat') => {
    const lost = await startSshd({ authorizedKeys: [key.line] });
    const over = await connect(lost, { more });
    const causes: (Error | undefined)[] = [];
    over.onClose((cause) => causes.push(cause));
    const running = await over.exec({ script });
    running.stdout.resume();
    return { lost, over, causes, running, [Symbol.asyncDispose]: () => lost.stop() };
  };

  describe('when the connection is lost', () => {
    it('the cause is told once, running processes end, and nothing new starts', async () => {
      await using all = await start();
      all.lost.dropConnections();
      await ends(all.running);
      await until('it is told', () => all.causes.length > 0);
      isLost(all.causes[0], /was lost/);
      await assert.rejects(all.over.exec({ script: 'true' }), (error) => isLost(error, /was lost/));
      await assert.rejects(all.over.connectUnix('/tmp/x'), (error) => isLost(error, /was lost/));
      all.over.dispose();
      assert.equal(all.causes.length, 1);
    });

    it('what is being started fails', async () => {
      await using all = await start();
      all.lost.freeze();
      const starting = all.over.exec({ script: 'true' });
      all.lost.dropConnections();
      await assert.rejects(starting, (error) => isLost(error, /was lost/));
    });

    it('a write that waits is answered', async () => {
      await using all = await start([], 'sleep 1000');
      const done = new Promise<unknown>((resolve) => all.running.stdin.write(Buffer.alloc(8_000_000), resolve));
      all.lost.dropConnections();
      assert.ok((await done) instanceof Error);
    });

    it('a host that hangs is noticed by keep-alive messages', async () => {
      await using all = await start(['ServerAliveInterval 1', 'ServerAliveCountMax 1']);
      all.lost.freeze();
      await until('it is told', () => all.causes.length > 0);
      isLost(all.causes[0], /no answer to 1 keep-alive messages in 2 s/);
      await ends(all.running);
    });

    it('dispose tells no error, closes everything, and does no harm twice', async () => {
      await using all = await start();
      all.over.dispose();
      all.over.dispose();
      assert.deepEqual(all.causes, [undefined]);
      await ends(all.running);
      await until('the server sees no connection', () => all.lost.connections().length === 0);
      await assert.rejects(all.over.exec({ script: 'true' }), { code: 'lost' });
    });

    it('dispose does not wait for a host that hangs', async () => {
      await using all = await start();
      all.lost.freeze();
      all.over.dispose();
      await ends(all.running);
    });
  });
});
