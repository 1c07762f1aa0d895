/** "This machine". */
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { connectLocal } from '../../extension/transport/local.ts';
import type { RemoteProcess, Transport } from '../../extension/transport/transport.ts';
import { alive, until } from './support/processes.ts';

async function firstNumbers(running: RemoteProcess, count: number): Promise<number[]> {
  let seen = '';
  running.stdout.on('data', (data: Buffer) => (seen += data.toString()));
  await until(`${count} lines are there`, () => seen.split('\n').length > count);
  return seen.trim().split('\n').map(Number);
}

describe('processes on this machine', () => {
  let transport: Transport;
  before(() => {
    transport = connectLocal();
  });
  after(() => transport.dispose());

  it('is described for people', () => {
    assert.deepEqual(
      { kind: transport.kind, description: transport.description },
      { kind: 'local', description: 'This machine' },
    );
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
    running.stderr.resume();
    assert.deepEqual(await running.exit, { code: undefined, signal: 'SEGV' });
  });

  it('passes arguments as they are, past every shell', async () => {
    const args = ['%s|', 'two words', `'"\\$(x)\`!#~*`, 'líne\nend'];
    const running = await transport.exec({ program: '/usr/bin/printf', args });
    assert.equal(await text(running.stdout), `${args.slice(1).join('|')}|`);
  });

  it('ends a process with everything it started, on dispose and on abort', async () => {
    const script = 'echo $$; sleep 1000 & jobs -p; wait';
    const first = await transport.exec({ script });
    const controller = new AbortController();
    const second = await transport.exec({ script }, { signal: controller.signal });
    const pids = [...(await firstNumbers(first, 2)), ...(await firstNumbers(second, 2))];
    assert.ok(pids.every((pid) => alive(pid)));
    first.dispose();
    first.dispose();
    controller.abort();
    await Promise.all([first.exit, second.exit]);
    await until('all have ended', () => !pids.some((pid) => alive(pid)));
  });

  it('ends a process that ignores being asked', async () => {
    const running = await transport.exec({ script: 'trap : TERM; echo $$; while :; do sleep 1; done' });
    const [pid] = await firstNumbers(running, 1);
    running.dispose();
    assert.deepEqual(await running.exit, { code: undefined, signal: 'KILL' });
    assert.ok(pid !== undefined && !alive(pid));
  });

  it('an abort before the start starts nothing', async () => {
    await assert.rejects(transport.exec({ script: 'true' }, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });

  it('a program that does not exist is an error', async () => {
    await assert.rejects(transport.exec({ program: '/does/not/exist', args: [] }), { code: 'ENOENT' });
  });

  it('takes the same scripts and programs as SSH does', async () => {
    await assert.rejects(transport.exec({ script: "echo 'x'" }), RangeError);
    await assert.rejects(transport.exec({ program: '/bin/a b', args: [] }), RangeError);
  });

  it('a terminal is refused in words', async () => {
    await assert.rejects(transport.exec({ script: 'true' }, { pty: { columns: 80, rows: 24 } }), /terminal/);
  });

  it('writing to a process that has ended is an error to the writer and to nobody else', async () => {
    const running = await transport.exec({ script: 'true' });
    running.stdout.resume();
    running.stderr.resume();
    await running.exit;
    const error = await new Promise((resolve) => running.stdin.write('x', resolve));
    assert.ok(error instanceof Error);
  });

  it('dispose ends everything and tells it once, without an error', async () => {
    const other = connectLocal();
    const causes: (Error | undefined)[] = [];
    other.onClose((cause) => causes.push(cause));
    const running = await other.exec({ script: 'echo $$; exec sleep 1000' });
    const [pid] = await firstNumbers(running, 1);
    other.dispose();
    other.dispose();
    await running.exit;
    assert.deepEqual(causes, [undefined]);
    assert.ok(pid !== undefined && !alive(pid));
    await assert.rejects(other.exec({ script: 'true' }));
  });
});
