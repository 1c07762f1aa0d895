import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { namespaceTypes, type FactsRecord } from '../../extension/helper/protocol.ts';
import { runHelper } from './support/helper.ts';
import { leakGuard } from './support/leaks.ts';
import { temporaryFolder } from './support/marker.ts';
import { idOf, look } from './support/namespaces.ts';
import { hold, holdScript, output } from './support/process.ts';
import { missing, which } from './support/requirements.ts';
import { testScope } from './support/scope.ts';

const skip = missing('linux', 'gcc');
leakGuard();

async function facts(through: readonly string[] = []): Promise<FactsRecord> {
  const { code, records, stderr } = await runHelper(['facts'], { through });
  assert.equal(code, 0, stderr);
  const [first, last] = records;
  assert.ok(first && 'facts' in first && last && 'end' in last && records.length === 2);
  return first.facts;
}

/** Names of the capabilities by number, from the kernel's own header. */
function capabilityNames(): string[] {
  const header = readFileSync('/usr/include/linux/capability.h', 'utf8');
  const names: string[] = [];
  for (const [, name = '', number] of header.matchAll(/^#define (CAP_[A-Z_]+)\s+(\d+)$/gm))
    names[Number(number)] = name;
  return names;
}

function effectiveCapabilities(status: string): string[] {
  const bits = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1]}`);
  return capabilityNames().filter((_, number) => (bits >> BigInt(number)) & 1n);
}

test('facts are what the system says', { skip }, async () => {
  const found = await facts();
  const { uid, gid, username } = userInfo();
  assert.equal(found.kernel, await output(['uname', '-r']));
  assert.equal(found.arch, await output(['uname', '-m']));
  assert.equal(found.hostname, hostname());
  assert.equal(found.boot, readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  assert.deepEqual({ uid: found.uid, gid: found.gid, user: found.user }, { uid, gid, user: username });
  const present = namespaceTypes.filter((type) => existsSync(`/proc/self/ns/${type}`));
  assert.deepEqual([...found.types].toSorted(), present.toSorted());
  assert.deepEqual(found.own, Object.fromEntries(present.map((type) => [type, idOf('self', type)])));
  assert.equal(found.nsid, (await look('/proc/self/ns/net')).nsid !== undefined);
});

test('capabilities are the effective ones', { skip: skip || missing('setpriv', 'root') }, async () => {
  const some = ['setpriv', '--bounding-set=-all,+sys_admin,+net_admin,+checkpoint_restore', '--inh-caps=-all'];
  for (const through of [[], some, ['setpriv', '--reuid=65534', '--clear-groups', '--regid=65534']]) {
    const expected = effectiveCapabilities(await output([...through, 'cat', '/proc/self/status']));
    assert.deepEqual([...(await facts(through)).capabilities].toSorted(), expected.toSorted());
  }
});

test('limits are those of /proc/sys/user', { skip }, async () => {
  const { limits } = await facts();
  for (const type of namespaceTypes) {
    const file = `/proc/sys/user/max_${type}_namespaces`;
    const expected = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
    assert.equal(limits[type] ?? limits[`max_${type}_namespaces`], expected, JSON.stringify(limits));
  }
});

test('the cgroup layout is what is mounted', { skip }, async () => {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[2]);
  const [one, two] = [mounts.includes('cgroup'), mounts.includes('cgroup2')];
  assert.equal((await facts()).cgroup, one && two ? 'hybrid' : one ? 'v1' : two ? 'v2' : 'none');
});

test('tools are where they are', { skip }, async () => {
  const { tools } = await facts();
  for (const name of ['runc', 'crun', 'podman', 'docker', 'newuidmap', 'gdb']) {
    const expected = which(name);
    assert.equal(tools[name] === undefined, expected === undefined, name);
    if (tools[name] !== undefined) assert.ok(existsSync(tools[name]), tools[name]);
  }
});

test('restrictions are told where the kernel has them', { skip }, async () => {
  const { restrictions } = await facts();
  const file = '/proc/sys/kernel/unprivileged_userns_clone';
  const expected = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
  const said = restrictions['unprivileged_userns_clone'];
  assert.equal(said === undefined ? undefined : Number(said), expected);
});

test('listns is there from Linux 6.19 on', { skip }, async () => {
  const found = await facts();
  const [major = 0, minor = 0] = found.kernel.split('.').map(Number);
  assert.equal(found.listns, major > 6 || (major === 6 && minor >= 19));
});

test(
  'subordinate ids are those of the user, by name or number',
  { skip: skip || missing('root', 'unshare') },
  async (t) => {
    const folder = temporaryFolder(testScope(t));
    const [subuid, subgid] = [join(folder, 'subuid'), join(folder, 'subgid')];
    writeFileSync(
      subuid,
      '# none\nalice:1:2\nroot:100000:65536\nroot:x:1\nroot:5\n0:300000:10\nrooty:7:7\n\nroot:400000:1',
    );
    writeFileSync(subgid, 'root:200000:5\n');
    const bind =
      'touch /etc/subuid /etc/subgid; mount --bind "$1" /etc/subuid && mount --bind "$2" /etc/subgid && shift 2 && exec "$@"';
    const found = await facts(['unshare', '--mount', 'sh', '-c', bind, 'sh', subuid, subgid]);
    assert.deepEqual(found.subuid, [
      { start: 100000, count: 65536 },
      { start: 300000, count: 10 },
      { start: 400000, count: 1 },
    ]);
    assert.deepEqual(found.subgid, [{ start: 200000, count: 5 }]);
  },
);

test('facts in other namespaces are those of these', { skip: skip || missing('root', 'unshare') }, async () => {
  const found = await facts([
    'unshare',
    '--uts',
    '--user',
    '--map-root-user',
    'sh',
    '-c',
    'hostname elsewhere; exec "$@"',
    'sh',
  ]);
  assert.equal(found.hostname, 'elsewhere');
  assert.equal(found.uid, 0);
  assert.notEqual(found.own.user, idOf('self', 'user'));
  assert.notEqual(found.own.uts, idOf('self', 'uts'));
});

test(
  'the maps, rights and interfaces are those of /proc',
  { skip: skip || missing('unshare', 'setpriv') },
  async () => {
    const found = await facts();
    assert.equal(found.userns?.initial, idOf('self', 'user') === 4026531837);
    const lines = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n');
    assert.deepEqual(
      found.userns.uid_map?.map(({ inside, outside, count }) => [inside, outside, count]),
      lines.map((line) => line.trim().split(/\s+/).map(Number)),
    );
    assert.equal(found.userns.setgroups, readFileSync('/proc/self/setgroups', 'utf8').trim());
    assert.equal(found.sysctls?.['kernel/shmmni'], readFileSync('/proc/sys/kernel/shmmni', 'utf8').trim());
    for (const path of found.interfaces ?? []) assert.ok(existsSync(path), path);
    assert.ok(found.interfaces?.includes('/proc/self/uid_map'));
    assert.ok(found.filesystems?.includes('proc'));
    const proc = found.visible?.find(({ path }) => path === '/proc');
    assert.equal(proc?.type, 'proc');
    const limited = await facts(['setpriv', '--bounding-set=-sys_admin,-net_admin', '--no-new-privs']);
    assert.equal(limited.bounding?.includes('CAP_SYS_ADMIN'), false);
    assert.equal(limited.bounding.includes('CAP_CHOWN'), true);
    assert.equal(limited.restrictions['no_new_privs'], true);
    const below = await facts(['unshare', '--user', '--map-root-user']);
    assert.deepEqual(below.userns, {
      initial: false,
      uid_map: [{ inside: 0, outside: 0, count: 1 }],
      gid_map: [{ inside: 0, outside: 0, count: 1 }],
      setgroups: 'deny',
    });
  },
);

test('newuidmap is told with what gives it rights', { skip: skip || missing('newuidmap', 'stat') }, async () => {
  const { mappers } = await facts();
  for (const name of ['newuidmap', 'newgidmap']) {
    const path = which(name) ?? '';
    const [mode = '', owner] = (await output(['stat', '--format=%a %u', path])).split(' ');
    const { setuid, owner: said } = mappers?.[name] ?? {};
    assert.deepEqual({ setuid, said }, { setuid: (Number.parseInt(mode, 8) & 0o4000) !== 0, said: Number(owner) });
  }
});

test('what covers a part of proc is told', { skip: skip || missing('root', 'unshare') }, async () => {
  const script = 'mount -t tmpfs none /proc/fs && exec "$@"';
  const { visible } = await facts(['unshare', '--mount', 'sh', '-c', script, 'sh']);
  assert.deepEqual(visible?.find(({ path }) => path === '/proc')?.covered.includes('/proc/fs'), true);
});

test(
  'the user namespaces above a process, with their limits',
  { skip: skip || missing('root', 'unshare') },
  async (t) => {
    const script = `echo 7 >/proc/sys/user/max_net_namespaces; ${holdScript}`;
    const held = await hold(testScope(t), ['unshare', '--user', '--map-root-user', 'sh', '-c', script]);
    const { code, records } = await runHelper(['facts', `--userns=pid:${held.pid}`]);
    assert.equal(code, 0);
    const levels = records.flatMap((record) => ('userns' in record ? [record.userns] : []));
    assert.deepEqual(
      levels.map(({ id, own, top }) => ({ id, own, top })),
      [
        { id: idOf(held.pid, 'user'), own: false, top: false },
        { id: idOf('self', 'user'), own: true, top: true },
      ],
    );
    assert.equal(levels[0]?.limits?.['max_net_namespaces'], 7);
    assert.equal(levels[1]?.limits?.['max_net_namespaces'], Number(readFileSync('/proc/sys/user/max_net_namespaces')));
    assert.equal((await runHelper(['facts', '--userns=pid:4194300'])).code, 1);
    assert.equal((await runHelper(['facts', '--userns=pid:0'])).code, 2);
    assert.equal((await runHelper(['facts', '--userns=net:1'])).code, 2);
  },
);
