import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { InsideRecord, NamespaceType, RightsRecord } from '../../extension/helper/protocol.ts';
import { runHelper } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder } from './support/marker.ts';
import { idOf, ipNetns, look, unshare } from './support/namespaces.ts';
import { hold, holdScript, output, run } from './support/process.ts';
import { missing } from './support/requirements.ts';
import { testScope, type Scope } from './support/scope.ts';

const skip = missing('linux', 'root', 'unshare', 'ip', 'chroot', 'setpriv', 'nsenter');
leakGuard();

interface Inspection {
  readonly inside: readonly InsideRecord[];
  readonly rights: readonly RightsRecord[];
}

async function inspect(what: string, through: readonly string[] = []): Promise<Inspection> {
  const { code, records, stderr } = await runHelper(['inspect', what], { through });
  assert.equal(code, 0, stderr);
  const last = records.at(-1);
  assert.ok(last !== undefined && 'end' in last, 'no end');
  return {
    inside: records.flatMap((record) => ('inside' in record ? [record.inside] : [])),
    rights: records.flatMap((record) => ('rights' in record ? [record.rights] : [])),
  };
}

/** What is said of one namespace, asked for alone; the same is said among all. */
async function insideOf(type: NamespaceType, id: number): Promise<InsideRecord | undefined> {
  const alone = await inspect(`${type}:${id}`);
  assert.ok(
    alone.inside.every((each) => each.type === type && each.id === id),
    JSON.stringify(alone.inside),
  );
  const all = (await inspect('--all')).inside.filter((each) => each.type === type && each.id === id);
  assert.deepEqual(all, alone.inside);
  return alone.inside[0];
}

/** The same where unshare(1) forks: the pid is the one of its child. */
async function forked(scope: Scope, ...options: readonly string[]): Promise<number> {
  const { pid } = await unshare(scope, ...options, '--fork');
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  assert.ok(child !== undefined && child > 0);
  return child;
}

test('the maps of a user namespace are those in /proc', { skip }, async (t) => {
  const scope = testScope(t);
  const [root, other] = [await unshare(scope, '--user', '--map-root-user'), await unshare(scope, '--user')];
  writeFileSync(`/proc/${other.pid}/uid_map`, '5 100000 10\n');
  writeFileSync(`/proc/${other.pid}/gid_map`, '5 100000 10\n');
  const first = await insideOf('user', idOf(root.pid, 'user'));
  assert.deepEqual(first?.uid_map, [{ inside: 0, outside: 0, count: 1 }]);
  assert.equal(first.pid, root.pid);
  const second = await insideOf('user', idOf(other.pid, 'user'));
  assert.deepEqual(second?.uid_map, [{ inside: 5, outside: 100000, count: 10 }]);
  assert.deepEqual(second.gid_map, [{ inside: 5, outside: 100000, count: 10 }]);
  // Those of the initial one say nothing.
  assert.equal(await insideOf('user', 0xeffffffd), undefined);
});

test('the pid namespace that /proc shows', { skip }, async (t) => {
  const scope = testScope(t);
  const stale = await forked(scope, '--pid', '--mount', '--propagation', 'private');
  const fresh = await forked(scope, '--pid', '--mount-proc');
  const shared = await forked(scope, '--pid');
  const bare = await forked(scope, '--pid', '--mount');
  await output(['nsenter', `--mount=/proc/${bare}/ns/mnt`, 'umount', '-l', '/proc']);
  const own = idOf('self', 'pid');
  for (const [pid, shown] of [
    [stale, own],
    [fresh, idOf(fresh, 'pid')],
    [shared, own],
    [bare, undefined],
  ] as const)
    assert.equal((await insideOf('pid', idOf(pid, 'pid')))?.proc, shown, String(pid));
});

test('loopback, with and without processes, and whose devices /sys shows', { skip }, async (t) => {
  const scope = testScope(t);
  const stale = await unshare(scope, '--net');
  const fresh = await unshare(scope, '--net', '--mount', 'sh', '-c', 'mount -t sysfs none /sys && exec "$@"', 'sh');
  const up = await unshare(scope, '--net', '--mount', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh');
  const { path } = await ipNetns(scope);
  const hosts = await insideOf('net', idOf('self', 'net'));
  assert.equal(hosts?.sysfs, undefined);
  const own = readFileSync('/sys/class/net/lo/flags', 'utf8');
  assert.equal(hosts?.loopback, (Number(own) & 1) === 1);
  const down = await insideOf('net', idOf(stale.pid, 'net'));
  assert.deepEqual([down?.loopback, down?.sysfs], [false, false]);
  assert.equal((await insideOf('net', idOf(fresh.pid, 'net')))?.sysfs, undefined);
  assert.equal((await insideOf('net', idOf(up.pid, 'net')))?.loopback, true);
  const { id = 0 } = await look(path);
  const named = await insideOf('net', id);
  assert.deepEqual([named?.loopback, named?.pid, named?.sysfs], [false, undefined, undefined]);
});

test('the offsets of a time namespace', { skip }, async (t) => {
  const scope = testScope(t);
  const pid = await forked(scope, '--time', '--boottime=5000', '--monotonic=-3');
  const found = await insideOf('time', idOf(pid, 'time'));
  assert.match(found?.boottime ?? '', /^5000 +0$/);
  assert.match(found?.monotonic ?? '', /^-3 +0$/);
  assert.equal(await insideOf('time', 0xeffffffa), undefined);
});

test('mounts that are shared with the host', { skip }, async (t) => {
  const scope = testScope(t);
  const folder = temporaryFolder(scope);
  // A shared mount in a mount namespace that stands for the host would prove nothing: the groups are the host's own.
  const { code } = await run(['sh', '-c', `mount -t tmpfs none ${folder} && mount --make-shared ${folder}`]);
  assert.equal(code, 0);
  scope.defer(async () => void (await run(['umount', '-l', folder])));
  const peer = await unshare(scope, '--mount', '--propagation', 'unchanged');
  const slave = await unshare(scope, '--mount', '--propagation', 'slave');
  // Shared again, but in a group of its own.
  const apart = await unshare(
    scope,
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    `mount --make-shared ${folder} && exec "$@"`,
    'sh',
  );
  const found = await insideOf('mnt', idOf(peer.pid, 'mnt'));
  assert.ok(found?.shared?.includes(folder), JSON.stringify(found));
  assert.equal(await insideOf('mnt', idOf(slave.pid, 'mnt')), undefined);
  assert.equal(await insideOf('mnt', idOf(apart.pid, 'mnt')), undefined);
  assert.equal(await insideOf('mnt', idOf('self', 'mnt')), undefined);
});

test('capabilities of processes in a container and of those with another root', { skip }, async (t) => {
  const scope = testScope(t);
  const container = await forked(scope, '--mount', '--pid');
  const weak = await forked(scope, '--mount', '--pid', '--setuid=65534');
  const user = await forked(scope, '--user', '--map-root-user', '--mount', '--pid');
  const { pid: only } = await unshare(scope, '--mount');
  const jail = join(temporaryFolder(scope), 'jail');
  mkdirSync(jail);
  const bind = `mount --bind / "$1" && shift && exec chroot "$@"`;
  const jailed = await hold(scope, ['unshare', '--mount', 'sh', '-c', bind, 'sh', jail, jail, 'sh', '-c', holdScript]);
  const { rights } = await inspect('--all');
  const effective = (pid: number): bigint | undefined => {
    const found = rights.find((each) => each.pid === pid);
    return found && BigInt(`0x${found.effective}`);
  };
  for (const pid of [container, weak, jailed.pid]) {
    const said = /^CapEff:\s*([\da-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    assert.equal(effective(pid), BigInt(`0x${said}`), String(pid));
  }
  assert.equal(effective(weak), 0n);
  for (const pid of [user, only]) assert.equal(effective(pid), undefined, String(pid));
  const alone = await inspect(`pid:${idOf(container, 'pid')}`);
  assert.deepEqual(
    alone.rights.map(({ pid }) => pid),
    [container],
  );
});

test('what may not be looked at is left out', { skip }, async (t) => {
  const scope = testScope(t);
  const pid = await forked(scope, '--net', '--pid', '--mount-proc');
  const through = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const { inside, rights } = await inspect('--all', through);
  const ids = [idOf(pid, 'net'), idOf(pid, 'pid')];
  assert.deepEqual(
    inside.filter(({ id }) => ids.includes(id)),
    [],
  );
  assert.deepEqual(
    rights.filter((each) => each.pid === pid),
    [],
  );
});

test('words that are no namespace', { skip }, async () => {
  for (const words of [[], ['--all', '--all'], ['net'], ['net:'], ['nets:1'], ['net:1x'], ['net:99999999999']]) {
    const { code, records } = await runHelper(['inspect', ...words]);
    assert.equal(code, 2, words.join(' '));
    assert.ok(records.some((record) => 'error' in record));
  }
  const { code, records } = await runHelper(['inspect', 'net:1']);
  assert.equal(code, 1);
  assert.ok(records.some((record) => 'error' in record && record.error.errno === 'ESRCH'));
});
