import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { TickRecord } from '../../extension/helper/protocol.ts';
import { changeProgram } from './support/compile.ts';
import { leakGuard } from './support/leaks.ts';
import { idOf, ipNetns, look, unshare } from './support/namespaces.ts';
import { population } from './support/population.ts';
import { ended, hold, type Holding } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { room } from './support/room.ts';
import { testScope } from './support/scope.ts';
import { scan } from './support/snapshot.ts';
import { until, within } from './support/wait.ts';
import { watch, type Watch } from './support/watch.ts';

const skip = missing('root', 'unshare', 'nsenter', 'setpriv', 'gcc');
const often = ['--interval=50', '--budget=20'];
leakGuard();

test('a watch begins with what a scan says', { skip }, async (t) => {
  const scope = testScope(t);
  const held = await unshare(scope, '--net', '--uts');
  const { picture } = await watch(scope);
  const snapshot = await scan();
  assert.deepEqual(picture.processes.get(held.pid), snapshot.processes.get(held.pid));
  for (const type of ['net', 'uts'] as const) {
    const name = `${type}:${idOf(held.pid, type)}` as const;
    assert.ok(snapshot.namespaces.has(name));
    assert.deepEqual(picture.namespaces.get(name), snapshot.namespaces.get(name));
  }
});

test('a new process and its namespaces are shown, and gone when it ends', { skip }, async (t) => {
  const scope = testScope(t);
  const watching = await watch(scope, often);
  const inner = scope.inner();
  const held = await unshare(inner, '--net', '--pid', '--fork', '--mount-proc');
  const net = `net:${idOf(held.pid, 'net')}`;
  const child = await watching.seen('the process', ({ processes }) =>
    [...processes.values()].find(({ ppid }) => ppid === held.pid),
  );
  const pid = `pid:${child.ns?.pid}`;
  await watching.seen('the net namespace', ({ namespaces }) =>
    namespaces.get(net)?.held.some((holder) => holder.by === 'process' && holder.pid === held.pid),
  );
  await watching.seen('the pid namespace', ({ namespaces }) => namespaces.has(pid));
  await inner.close();
  await watching.seen(
    'the end of the processes',
    ({ processes }) => !processes.has(held.pid) && !processes.has(child.pid),
  );
  await watching.seen('the end of the namespaces', ({ namespaces }) => !namespaces.has(net) && !namespaces.has(pid));
  assert.ok(watching.picture.gone.some(({ pid: gone, start }) => gone === child.pid && start === child.start));
});

for (const type of ['net', 'uts', 'mnt', 'ipc', 'cgroup'] as const) {
  test(`an old process that unshares and rejoins ${type} is seen within the bound`, { skip }, async (t) => {
    const scope = testScope(t);
    const { through } = await room(scope);
    const held = await hold(scope, [...through, await changeProgram(), 'shift', type]);
    const { self = 0, id: first } = held.words;
    const watching = await watch(scope, often, through);
    const now = (): number | undefined => watching.picture.processes.get(self)?.ns?.[type];
    assert.equal(now(), first);
    const { id: away } = await held.say('go');
    assert.notEqual(away, first);
    await watching.seen('the unshare', ({ namespaces }) => now() === away && namespaces.has(`${type}:${away}`));
    await held.say('back');
    await watching.seen('the setns', ({ namespaces }) => now() === first && !namespaces.has(`${type}:${away}`));
  });
}

test('a change of one among many old processes is seen within the bound', { skip }, async (t) => {
  const scope = testScope(t);
  const { through } = await room(scope);
  await population(scope, 1500, 0, through);
  const held = await hold(scope, [...through, await changeProgram(), 'shift', 'uts']);
  // With all the budget there is, the rotation is quick and the bound short.
  const watching = await watch(scope, ['--interval=100', '--budget=50'], through);
  const { id } = await held.say('go');
  await watching.seen('the unshare', ({ processes }) => processes.get(held.words['self'] ?? 0)?.ns?.uts === id);
});

test('a net namespace of ip netns comes and goes without a process', { skip: skip || missing('ip') }, async (t) => {
  const scope = testScope(t);
  const watching = await watch(scope, often);
  const inner = scope.inner();
  const { path } = await ipNetns(inner);
  const { id } = await look(path);
  const record = await watching.seen('ip netns add', ({ namespaces }) => namespaces.get(`net:${id}`));
  assert.ok(record.held.some((holder) => holder.by === 'mount' && holder.path.endsWith(path)));
  await inner.close();
  await watching.seen('ip netns delete', ({ namespaces }) => !namespaces.has(`net:${id}`));
});

test('who holds a namespace is told anew when its first process leaves', { skip }, async (t) => {
  const scope = testScope(t);
  const { through } = await room(scope);
  const first = scope.inner();
  const held = await hold(first, [...through, await changeProgram(), 'shift', 'net']);
  const { self = 0 } = held.words;
  const { id } = await held.say('go');
  const name = `net:${id}`;
  const watching = await watch(scope, often, through);
  assert.deepEqual(watching.picture.namespaces.get(name)?.held, [{ by: 'process', pid: self }]);
  const second = scope.inner();
  const join = ['nsenter', `--net=/proc/${self}/ns/net`, await changeProgram(), 'shift', 'uts'];
  const joined = await hold(second, [...through, ...join]);
  const member = joined.words['self'] ?? 0;
  await watching.seen('the second member', ({ processes }) => processes.get(member)?.ns?.net === id);
  await first.close();
  await watching.seen('the new holder', ({ namespaces }) =>
    namespaces.get(name)?.held.some((holder) => holder.by === 'process' && holder.pid === member),
  );
  await second.close();
  await watching.seen('the end', ({ namespaces }) => !namespaces.has(name));
});

test('another process with the same pid is another process', { skip }, async (t) => {
  const scope = testScope(t);
  const held = await hold(scope, [await changeProgram(), 'reuse']);
  const { pid = 0, start = 0 } = held.words;
  const watching = await watch(scope, often);
  assert.equal(watching.picture.processes.get(pid)?.start, start);
  // Stopped, so that the first process is gone and the second there between two passes.
  watching.child.kill('SIGSTOP');
  await until('the stop', () => /^State:\s+T/m.test(readFileSync(`/proc/${watching.child.pid}/status`, 'utf8')));
  const { start: second } = await held.say('again');
  watching.child.kill('SIGCONT');
  await watching.seen('the second process', ({ processes }) => processes.get(pid)?.start === second);
  assert.ok(watching.picture.gone.some((gone) => gone.pid === pid && gone.start === start));
});

test('a program that an old process executes is told', { skip }, async (t) => {
  const scope = testScope(t);
  const { through } = await room(scope);
  const held = await hold(scope, [...through, 'sh', '-c', 'echo ready pid=$$; read line; exec cat']);
  const pid = held.words['pid'] ?? 0;
  const watching = await watch(scope, often, through);
  assert.equal(watching.picture.processes.get(pid)?.comm, 'sh');
  held.child.stdin.write('\n');
  await watching.seen('the exec', ({ processes }) => processes.get(pid)?.cmdline === 'cat');
  assert.equal(watching.picture.processes.get(pid)?.comm, 'cat');
});

test('a process that becomes a zombie is told, and its namespaces go', { skip }, async (t) => {
  const scope = testScope(t);
  const held = await hold(scope, ['sh', '-c', 'unshare --net sleep 1000 & echo ready pid=$!; exec cat']);
  const pid = held.words['pid'] ?? 0;
  await until('the unshare', () => idOf(pid, 'net') !== idOf('self', 'net'));
  const net = `net:${idOf(pid, 'net')}`;
  const watching = await watch(scope, often);
  assert.ok(watching.picture.namespaces.has(net));
  process.kill(pid, 'SIGKILL');
  await watching.seen('the zombie', ({ processes }) => processes.get(pid)?.zombie === true);
  await watching.seen('the end of the namespace', ({ namespaces }) => !namespaces.has(net));
});

/** The tick of a batch that a new process brings, since a watch may be silent as long as nothing changes. */
async function stir(watching: Watch, forker: Holding): Promise<TickRecord> {
  const { pid = 0 } = await forker.say('fork');
  return watching.seen('its tick', ({ processes, open, tick }) => (processes.has(pid) && !open ? tick : undefined));
}

test('a smaller budget means a larger bound', { skip }, async (t) => {
  const scope = testScope(t);
  const { through } = await room(scope);
  await population(scope, 400, 0, through);
  const forker = await hold(scope, [...through, await changeProgram(), 'fork']);
  const bounds: number[] = [];
  // Far apart: what a look costs is measured, and a busy machine makes it cost several times as much.
  for (const budget of ['50', '0.1']) {
    const inner = scope.inner();
    const watching = await watch(inner, [`--budget=${budget}`], through);
    // The first tick closes the snapshot; what the rotation costs is known only after it.
    await stir(watching, forker);
    bounds.push((await stir(watching, forker)).bound);
    await inner.close();
  }
  const [large = 0, small = 0] = bounds;
  assert.ok(large < small, bounds.join(' '));
});

test('the interval is what was asked for where the budget allows it', { skip }, async (t) => {
  const scope = testScope(t);
  const { through } = await room(scope);
  const forker = await hold(scope, [...through, await changeProgram(), 'fork']);
  const watching = await watch(scope, ['--interval=200', '--budget=100'], through);
  assert.equal((await stir(watching, forker)).interval, 200);
});

test('only what has changed is told', { skip }, async (t) => {
  const scope = testScope(t);
  const { through } = await room(scope);
  const forker = await hold(scope, [...through, await changeProgram(), 'fork']);
  const watching = await watch(scope, often, through);
  await stir(watching, forker);
  const { namespaces, processes } = watching.picture;
  const before = [...namespaces.values(), ...processes.values()];
  for (let changes = 0; changes < 3; changes++) await stir(watching, forker);
  const after = new Set<unknown>([...namespaces.values(), ...processes.values()]);
  assert.equal(after.size, before.length + 3);
  // The very same objects: none of the old records was sent again.
  for (const record of before) assert.ok(after.has(record), JSON.stringify(record));
});

test('a watch ends when nobody reads it any more', { skip }, async (t) => {
  const watching = await watch(testScope(t), often);
  watching.child.stdout.destroy();
  const { signal } = await within('the end of the watch', ended(watching.child));
  assert.equal(signal, null);
});
