/** `end pid:N:START`: one process that keeps a namespace by a descriptor or a socket. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { leakGuard } from './support/leaks.ts';
import { idOf, ipNetns, look, unshare } from './support/namespaces.ts';
import { hold, holdScript, type Held } from './support/process.ts';
import { nobody } from './support/nobody.ts';
import { startOf } from './support/stat.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';
import { serve } from './support/serve.ts';
import { goes, namespace, scan } from './support/snapshot.ts';
import { ask, done, failed } from './support/verbs.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'unshare', 'ip', 'setpriv', 'python3');
leakGuard();

function children(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);
}

const named = (pid: number): string => `pid:${pid}:${startOf(pid)}`;

interface Leaked {
  readonly id: number;
  readonly process: Held;
}

/** A net namespace that only a descriptor of a process keeps. */
async function byDescriptor(scope: Scope): Promise<Leaked> {
  const netns = await ipNetns(scope);
  const { id = 0 } = await look(netns.path);
  const process = await hold(scope, ['sh', '-c', `exec 7<${netns.path}; ${holdScript}`]);
  await done(['unpin', netns.path, `--expect=net:${id}`]);
  return { id, process };
}

/** The same, kept by a socket that was made in it. */
async function bySocket(scope: Scope): Promise<Leaked> {
  const netns = await ipNetns(scope);
  const { id = 0 } = await look(netns.path);
  const script = `import ctypes, os, socket, sys
c = ctypes.CDLL(None, use_errno=True)
own = os.open("/proc/self/ns/net", os.O_RDONLY)
def join(fd):
    if c.setns(fd, 0x40000000): sys.exit(1)
other = os.open(sys.argv[1], os.O_RDONLY)
join(other); s = socket.socket(); join(own); os.close(other); os.close(own)
print("ready", flush=True)
sys.stdin.read()`;
  const process = await hold(scope, ['python3', '-c', script, netns.path]);
  await done(['unpin', netns.path, `--expect=net:${id}`]);
  return { id, process };
}

for (const [what, leak] of [
  ['a descriptor', byDescriptor],
  ['a socket', bySocket],
] as const)
  test(`who keeps a namespace by ${what} ends, and the namespace with it`, { skip }, async (t) => {
    const { id, process } = await leak(testScope(t));
    const { pid } = process;
    assert.equal(namespace(await scan(['--deep']), 'net', id).held.length, 1);
    const words = [named(pid), `--expect=net:${id}`];
    const start = startOf(pid);
    const plan = (await done(['end', ...words, '--dry-run'])).all('would');
    assert.deepEqual(plan, [{ ended: { pid, start, signal: 15 } }]);
    assert.ok(existsSync(`/proc/${pid}`), 'a plan is no deed');
    const answer = await done(['end', ...words]);
    assert.deepEqual(answer.all('ended'), [{ pid, start, signal: 15 }]);
    assert.deepEqual(answer.all('still'), []);
    await goes('net', id);
  });

test('one that keeps it no more, or is another by now, is left alone', { skip }, async (t) => {
  const scope = testScope(t);
  const { id, process } = await byDescriptor(scope);
  const other = await hold(scope, ['sh', '-c', holdScript]);
  const { pid } = process;
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[named(other.pid), `--expect=net:${id}`], 'ESTALE'],
    // What it is in it keeps too, but not as was listed.
    [[named(pid), `--expect=net:${idOf(pid, 'net')}`], 'ESTALE'],
    [[`pid:${pid}:${startOf(pid) + 1}`, `--expect=net:${id}`], 'ESRCH'],
    [[`pid:4194303:1`], 'ESRCH'],
  ];
  for (const [words, errno] of cases) assert.equal((await failed(['end', ...words])).errno, errno, words.join(' '));
  assert.equal((await failed(['end', named(pid)], { through: nobody })).errno, 'EPERM');
  // Without its start it could be any.
  assert.equal((await ask(['end', `pid:${pid}`, `--expect=net:${id}`])).code, 2);
  assert.equal((await ask(['end', `net:${id}`, `--expect=net:${id}`])).code, 2);
  assert.equal((await ask(['end', named(pid), '--expect=net'])).code, 2);
  assert.ok(existsSync(`/proc/${pid}`) && existsSync(`/proc/${other.pid}`));
});

test('what else keeps the namespace is told, and is not ended', { skip }, async (t) => {
  const scope = testScope(t);
  const { id, process } = await byDescriptor(scope);
  const through = `/proc/${process.pid}/fd/7`;
  const second = await hold(scope, ['sh', '-c', `exec 8<${through}; ${holdScript}`]);
  const member = await hold(scope, ['nsenter', `--net=${through}`, 'sh', '-c', holdScript]);
  const words = [named(process.pid), `--expect=net:${id}`];
  const plan = (await done(['end', ...words, '--dry-run'])).all('would');
  assert.deepEqual(
    plan.flatMap(({ ended }) => ended?.pid ?? []),
    [process.pid],
  );
  const [still] = plan.flatMap((one) => one.still ?? []);
  const held = [
    { by: 'process', pid: member.pid },
    { by: 'fd', pid: second.pid, fd: 8 },
  ];
  assert.deepEqual(still?.held, held);
  assert.deepEqual((await done(['end', ...words])).only('still').held, held);
  assert.ok(existsSync(`/proc/${second.pid}`) && existsSync(`/proc/${member.pid}`));
});

test('with the init of a pid namespace all in that end, which the plan tells', { skip }, async (t) => {
  const scope = testScope(t);
  const { path } = await ipNetns(scope);
  const { id = 0 } = await look(path);
  const script = `exec 7<${path}; sleep 1000 & echo ready; exec cat >/dev/null`;
  const held = await hold(scope, ['unshare', '--pid', '--fork', '--kill-child', 'sh', '-c', script]);
  const [init = 0] = children(held.pid);
  await until('its child', () => (children(init)[0] ?? 0) > 0);
  const [child = 0] = children(init);
  const words = [named(init), `--expect=net:${id}`, '--grace=20'];
  const plan = (await done(['end', ...words, '--dry-run'])).all('would').flatMap(({ ended }) => ended ?? []);
  assert.deepEqual(
    plan.map(({ pid, signal }) => [pid, signal]),
    [
      [init, 15],
      [child, 9],
    ],
  );
  const answer = await done(['end', ...words]);
  assert.deepEqual(new Set(answer.all('ended').map(({ pid }) => pid)), new Set([init, child]));
  assert.ok(!existsSync(`/proc/${child}`));
});

test('neither init nor what the caller was started by is ended', { skip }, async (t) => {
  const scope = testScope(t);
  for (const pid of [1, process.pid]) {
    const { step, errno } = await failed(['end', named(pid)]);
    assert.deepEqual([step, errno], ['process', 'EPERM']);
  }
  const session = await serve(scope);
  const serving = session.child.pid ?? 0;
  assert.equal((await session.request('end', named(serving))).error?.errno, 'EPERM');
  // Within serve it is the same verb.
  const { pid } = await unshare(scope, '--uts');
  const answer = await session.request('end', named(pid));
  assert.ok(answer.end, JSON.stringify(answer.error));
  assert.ok(!existsSync(`/proc/${pid}`));
});
