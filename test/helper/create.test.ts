import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { namespaceTypes, type ErrorRecord, type NamespaceType } from '../../extension/helper/protocol.ts';
import { busyboxRoot } from './support/containers.ts';
import {
  account,
  allTypes,
  create,
  created,
  inside,
  readCreated,
  surroundings,
  type CreateOptions,
} from './support/create.ts';
import { leakGuard, processesWith } from './support/leaks.ts';
import { marker, temporaryFolder } from './support/marker.ts';
import { idOf, unshare } from './support/namespaces.ts';
import { helper, sanitized } from './support/helper.ts';
import { Held, run } from './support/process.ts';
import { splitLines } from './support/shape.ts';
import { missing } from './support/requirements.ts';
import { suiteScope, testScope } from './support/scope.ts';
import { until } from './support/wait.ts';

const skip = missing('root', 'unshare', 'setpriv', 'ip');
leakGuard();

const suite = suiteScope();
const accountName = `${marker}u`;
let user: CreateOptions['through'];
async function ordinary(): Promise<readonly string[]> {
  user ??= (await account(suite, accountName)).through;
  return user;
}

const links = namespaceTypes.map((type) => `/proc/self/ns/${type}`);

function subsets(): NamespaceType[][] {
  return Array.from({ length: 1 << namespaceTypes.length }, (_, bits) =>
    namespaceTypes.filter((_type, index) => bits & (1 << index)),
  );
}

/** The options of unshare(1) are called as the types are, but for one. */
const unshareWords: Readonly<Partial<Record<NamespaceType, string>>> = { mnt: 'mount' };

/** What unshare(1) says to the same wish. Its command is in the new pid and time namespaces only after a fork. */
async function refusal(types: readonly NamespaceType[], through: readonly string[]): Promise<string | undefined> {
  const flags = types.map((type) => `--${unshareWords[type] ?? type}`);
  const { code, stderr } = await run([...through, 'unshare', ...flags, '--fork', 'true'], { env: { LC_ALL: 'C' } });
  return code === 0 ? undefined : stderr.trim();
}

/** Whether it was refused. */
async function checkSubset(types: readonly NamespaceType[], through: readonly string[]): Promise<boolean> {
  const name = types.join(',') || 'none';
  const [expected, result] = await Promise.all([
    refusal(types, through),
    create([`--new=${types.join(',')}`, '--', 'readlink', ...links], { through }),
  ]);
  if (expected !== undefined) {
    assert.ok(result.error, `${name} was created though unshare says ${expected}`);
    assert.equal(result.code, 1);
    assert.deepEqual(result.made, []);
    assert.match(expected, /Operation not permitted$/, name);
    assert.equal(result.error.errno, 'EPERM', name);
    assert.equal(result.error.step, 'unshare');
    return true;
  }
  assert.equal(result.error, undefined, `${name}: ${JSON.stringify(result.error)}`);
  assert.deepEqual(result.exit, { code: 0 }, name);
  assert.deepEqual(
    result.made.map(({ type }) => type),
    types,
    name,
  );
  const seen = result.text.trimEnd().split('\n');
  for (const [index, type] of namespaceTypes.entries()) {
    const own = idOf('self', type);
    const made = result.made.find((record) => record.type === type);
    assert.equal(seen[index], `${type}:[${made?.id ?? own}]`, name);
    if (made === undefined) continue;
    assert.notEqual(made.id, own, name);
    const owner =
      types.includes('user') && type !== 'user' ? result.made.find((one) => one.type === 'user')?.id : undefined;
    assert.equal(made.owner, owner ?? idOf('self', 'user'), name);
  }
  return false;
}

/** Two at a time, as there are processors. Gives those that were refused. */
async function checkAll(through: readonly string[]): Promise<NamespaceType[][]> {
  const all = subsets();
  assert.equal(all.length, 256);
  // The sanitizers' build takes a second for each; the code is the same for all but for the types themselves.
  const rest = sanitized ? all.filter(({ length }) => length < 2 || length > 6) : all;
  const refused: NamespaceType[][] = [];
  const work = async (): Promise<void> => {
    for (let types = rest.pop(); types !== undefined; types = rest.pop())
      if (await checkSubset(types, through)) refused.push(types);
  };
  await Promise.all([work(), work()]);
  return refused;
}

test('every combination of types as root is exactly what was asked for', { skip }, async () => {
  assert.deepEqual(await checkAll([]), []);
});

test('every combination of types as an ordinary user is that, or what unshare refuses', { skip }, async () => {
  const through = await ordinary();
  const refused = await checkAll(through);
  // With a user namespace of its own it may all others, where it may have that one.
  if ((await refusal(['user'], through)) === undefined)
    assert.deepEqual(
      refused.filter((types) => types.includes('user')),
      [],
    );
  assert.ok(refused.some((types) => types.length === 1));
});

for (const who of ['root', 'an ordinary user'] as const) {
  const through = async (): Promise<readonly string[]> => (who === 'root' ? [] : ordinary());

  test(`${who} sets names, clocks, loopback and sysctls of a complete instance`, { skip }, async () => {
    const options = [
      `--new=${allTypes}`,
      '--map=root',
      '--hostname=inner-host',
      '--domainname=inner-domain',
      '--monotonic=86400',
      '--boottime=-3',
      '--mount-proc',
      '--loopback',
      '--sysctl=net.ipv4.ip_forward=1',
      '--sysctl=kernel.msgmni=123',
      '--chdir=/etc',
    ];
    const script = `hostname; cat /proc/sys/kernel/domainname; cat /proc/self/timens_offsets | tr -s ' \\t' ' '
      cat /sys/class/net/lo/flags /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmni; ls -d /sys/class/net/*; pwd; id -u; tr '\\0' ' ' </proc/1/cmdline; echo; echo /proc/[0-9]*`;
    const lines = await inside(options, script, { through: await through() });
    assert.deepEqual(lines.slice(0, 10), [
      'inner-host',
      'inner-domain',
      'monotonic 86400 0',
      'boottime -3 0',
      '0x9',
      '1',
      '123',
      '/sys/class/net/lo',
      '/etc',
      '0',
    ]);
    assert.match(lines[10] ?? '', /^linux-namespaces-init mnt,uts,ipc,pid,net,user,cgroup,time/);
    assert.match(lines[11] ?? '', /^\/proc\/1 \/proc\/2( |$)/);
  });

  test(`${who} gets a root file system of its own`, { skip: skip || missing('busybox') }, async (t) => {
    const scope = testScope(t);
    const root = busyboxRoot(scope);
    const source = temporaryFolder(scope);
    writeFileSync(join(source, 'word'), 'from outside\n');
    const command = [
      '/bin/busybox',
      'sh',
      '-c',
      'busybox cat /proc/self/mountinfo; busybox ls /dev; busybox cat /tmp/word; busybox touch /tmp/new 2>/dev/null || echo read-only; echo x >/dev/null && busybox pwd',
    ];
    const options = [
      `--new=${allTypes}`,
      '--map=root',
      `--root=${root}`,
      `--mount=${source}:/tmp:ro`,
      '--',
      ...command,
    ];
    const { text, exit } = await created(options, { through: await through(), env: { PATH: '/bin' } });
    assert.deepEqual(exit, { code: 0 });
    const lines = text.trimEnd().split('\n');
    const mounts = lines.filter((line) => line.includes(' - '));
    const points = mounts.map((line) => line.split(' ')[4]);
    assert.deepEqual(
      [...new Set(points)].filter((point) => !point?.startsWith('/dev/')),
      ['/', '/proc', '/sys', '/dev', '/tmp'],
    );
    assert.match(mounts[0] ?? '', new RegExp(` ${root} / `), 'the old root is still there');
    for (const line of mounts) assert.doesNotMatch(line, /shared:|master:/);
    for (const name of ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'pts', 'ptmx', 'shm', 'fd', 'stdin']) {
      assert.ok(lines.includes(name), `no /dev/${name}`);
    }
    assert.deepEqual(lines.slice(-3), ['from outside', 'read-only', '/']);
  });

  test(`${who} keeps its own id with --map=same, and is root with --map=root`, { skip }, async () => {
    const as = await through();
    const [own = ''] = await inside(['--new='], 'id -u', { through: as });
    for (const [map, id] of [
      ['same', own],
      ['root', '0'],
    ] as const) {
      const lines = await inside(
        ['--new=user', `--map=${map}`],
        "id -u; cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '",
        { through: as },
      );
      assert.deepEqual(lines, [id, ` ${id} ${own} 1`, ` ${id} ${own} 1`]);
    }
  });

  test(`${who} gets a range of ids with --map=auto`, { skip: skip || missing('newuidmap') }, async () => {
    const script = "id -u; id -g; cat /proc/self/setgroups; cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '";
    const [uid, gid, setgroups, ...maps] = await inside(['--new=user', '--map=auto'], script, {
      through: await through(),
    });
    assert.deepEqual([uid, gid, setgroups], ['0', '0', 'allow']);
    for (const file of ['subuid', 'subgid']) {
      const entries = readFileSync(`/etc/${file}`, 'utf8')
        .split('\n')
        .map((line) => line.split(':'));
      const first = entries.find(([name]) => name === accountName);
      const lines = maps.splice(0, maps.length / (file === 'subuid' ? 2 : 1));
      if (who === 'an ordinary user') {
        assert.match(lines[0] ?? '', /^ 0 \d+ 1$/);
        assert.equal(lines[1], ` 1 ${first?.[1]} 65536`);
      } else {
        const [, start] = /^ 0 (\d+) 65536$/.exec(lines[0] ?? '') ?? [];
        const taken = entries.filter(
          ([name, from, count]) =>
            name !== 'root' && Number(from) < Number(start) + 65536 && Number(start) < Number(from) + Number(count),
        );
        assert.deepEqual(taken, [], "the range is somebody else's");
      }
    }
  });

  test(`${who} runs as another id of the map`, { skip: skip || missing('newuidmap') }, async () => {
    const options = ['--new=user', '--map=auto', '--uid=7', '--gid=8'];
    assert.deepEqual(
      await inside(options, 'id -u; id -g; grep CapEff /proc/self/status', { through: await through() }),
      ['7', '8', 'CapEff:\t0000000000000000'],
    );
  });

  test(`--try as ${who} makes everything and leaves nothing`, { skip }, async () => {
    const before = surroundings();
    const { made, init, exit } = await created([`--new=${allTypes}`, '--map=root', '--try'], {
      through: await through(),
    });
    assert.equal(made.length, 8);
    assert.deepEqual(init?.nspid.slice(1), [1]);
    assert.equal(exit, undefined);
    assert.deepEqual(surroundings(), before);
  });
}

test('the kinds of end of a command are told', { skip }, async () => {
  assert.deepEqual((await created(['--new=uts,pid', '--', 'sh', '-c', 'exit 42'])).exit, { code: 42 });
  assert.deepEqual((await created(['--new=uts,pid', '--', 'sh', '-c', 'kill -9 $$'])).exit, { signal: 9 });
  assert.deepEqual((await created(['--new=uts', '--', 'sh', '-c', 'kill -TERM $$'])).exit, { signal: 15 });
});

for (const types of ['pid,uts', 'uts']) {
  test(`a signal to the helper reaches the command in ${types}`, { skip }, async (t) => {
    const folder = temporaryFolder(testScope(t));
    const records = join(folder, 'records');
    const script = 'trap "echo caught=1; exit 5" USR1; echo ready=1; while :; do sleep 0.02; done';
    const words = ['create', '--records=3', `--new=${types}`, '--', 'sh', '-c', script];
    const held = new Held(['sh', '-c', 'exec "$@" 3>"$0"', records, helper, ...words], {});
    assert.deepEqual(await held.say(), { ready: 1 });
    process.kill(held.pid, 'SIGUSR1');
    assert.deepEqual(await held.say(), { caught: 1 });
    await held.release();
    assert.deepEqual(readCreated(splitLines(readFileSync(records)), 0, '').exit, { code: 5 });
  });
}

test('a background process does not outlive the command, with and without a pid namespace', { skip }, async () => {
  for (const types of ['uts', 'pid,uts']) {
    const word = `${marker}-left-${types.length}`;
    await created([`--new=${types}`, '--', 'sh', '-c', `LEFT=${word} setsid sh -c 'sleep 1000 & sleep 1000' & exit 0`]);
    await until('the end of what was left', () => processesWith(word).length === 0);
  }
});

test('the reaper of a pid namespace leaves no zombie', { skip }, async () => {
  const script =
    'for i in 1 2 3 4 5; do (sh -c "exit 0" & ) ; done; i=0; while grep -qs "^State:.Z" /proc/[0-9]*/status && [ $i -lt 500 ]; do i=$((i + 1)); sleep 0.01; done; grep -ls "^State:.Z" /proc/[0-9]*/status | wc -l';
  assert.deepEqual(await inside(['--new=pid,mnt', '--mount-proc'], script), ['0']);
});

test('a veth pair joins both sides and goes with the namespace', { skip }, async () => {
  const name = `v${marker.slice(-10)}`;
  for (const [own, peer] of [
    ['10.213.7.1/24', '10.213.7.2/24'],
    ['fd00:213::1/64', 'fd00:213::2/64'],
  ] as const) {
    const options = ['--new=net,mnt,pid', '--mount-proc', `--veth=${name},${own},${peer}`];
    const script = `ip -o address show dev eth0 | grep -o '${peer}'; cat /sys/class/net/eth0/operstate; ls /sys/class/net | tr '\\n' ' '`;
    assert.deepEqual(await inside(options, script), [peer, 'up', 'eth0 lo']);
    await until('the end of the pair', () => !surroundings().includes(`/sys/class/net/${name}`));
  }
});

/** A host's network of its own, so that nobody else's addresses are there. */
const ownNetwork = ['unshare', '--net', '--mount', 'sh', '-c'];

test('a network that is in use on the host is refused, whichever end has it', { skip }, async () => {
  const name = `v${marker.slice(-10)}`;
  const script = `set -e; ip link set lo up
    mount -t sysfs none /sys
    ip link add taken type veth peer name other; ip link set taken up
    ip address add 10.213.64.1/20 dev taken; ip address add 192.0.2.9 peer 198.51.100.0/24 dev taken
    ip address add fd00:213:9::1/48 dev taken nodad
    for pair in "$@"; do
      "$0" create --new=net --veth=${name},$pair --records=2 -- true 2>&1 | tr '\\n' ' '
      [ ! -e /sys/class/net/${name} ] || ls /sys/class/net
      echo
    done`;
  const pairs: readonly (readonly [string, boolean])[] = [
    // The same network, a part of it, one that has it as a part.
    ['10.213.64.2/20,10.213.64.3/20', false],
    ['10.213.79.253/30,10.213.79.254/30', false],
    ['10.200.0.1/8,10.200.0.2/8', false],
    ['10.213.80.1/30,10.213.80.2/30', true],
    // The other end's.
    ['10.213.80.1/30,10.213.64.200/24', false],
    // The address of a link of two, and the network at its other end.
    ['192.0.2.8/30,192.0.2.10/30', false],
    ['198.51.100.5/30,198.51.100.6/30', false],
    ['fd00:213:9:7::1/64,fd00:213:9:7::2/64', false],
    ['fd00:214::1/64,fd00:214::2/64', true],
    // One of its scope belongs to its link alone.
    ['fe80::1/64,fe80::2/64', true],
  ];
  const words = pairs.map(([pair]) => pair);
  const { stdout } = await run([...ownNetwork, script, helper, ...words]);
  const lines = stdout.toString().trimEnd().split('\n');
  assert.equal(lines.length, pairs.length, stdout.toString());
  for (const [index, [pair, isFree]] of pairs.entries()) {
    const line = lines[index] ?? '';
    assert.equal(line.includes('"EADDRINUSE"'), !isFree, `${pair}: ${line}`);
    assert.equal(line.includes('"exit":{"code":0}'), isFree, `${pair}: ${line}`);
    assert.ok(isFree || line.includes('in use here'), line);
  }
});

test('of two that ask for the same network at once at most one gets it', { skip }, async () => {
  const name = `v${marker.slice(-8)}`;
  const script = `ip link set lo up; for i in $(seq 12); do
      for w in 1 2 3; do "$0" create --new=net --veth=${name}$w,10.213.96.1/30,10.213.96.2/30 -- sleep 0.3 2>&1 & done
      wait; echo; done`;
  const { stdout } = await run([...ownNetwork, script, helper]);
  const rounds = stdout.toString().split('\n\n').slice(0, 12);
  assert.equal(rounds.length, 12);
  for (const round of rounds) {
    assert.ok((round.match(/"exit":/g) ?? []).length <= 1, round);
    assert.ok((round.match(/"EADDRINUSE"/g) ?? []).length >= 2, round);
  }
});

interface Expected {
  readonly step: string;
  readonly errno: string;
  readonly type?: string;
  readonly path?: string;
}

/** All but the number and the words. */
function assertError(error: ErrorRecord | undefined, expected: Expected): void {
  assert.ok(error);
  const { number, detail, ...rest } = error;
  assert.deepEqual(rest, expected, JSON.stringify({ number, detail }));
}

const failures: readonly (readonly [string, readonly string[], Expected])[] = [
  [
    'a command that is not there',
    [`--new=${allTypes}`, '--map=root', '--', '/nonexistent'],
    { step: 'execve', errno: 'ENOENT', path: '/nonexistent' },
  ],
  [
    'a folder that is not there',
    ['--new=mnt', '--chdir=/nonexistent', '--', 'true'],
    { step: 'chdir', errno: 'ENOENT', path: '/nonexistent' },
  ],
  [
    'a root that is not there',
    ['--new=mnt', '--root=/nonexistent'],
    { step: 'mount', errno: 'ENOENT', type: 'mnt', path: '/nonexistent' },
  ],
  [
    'a source that is not there',
    ['--new=mnt', '--mount=/nonexistent:/mnt'],
    { step: 'open', errno: 'ENOENT', type: 'mnt', path: '/nonexistent:/mnt' },
  ],
  [
    'a target that is not there',
    ['--new=mnt', '--mount=/tmp:/nonexistent'],
    { step: 'mount', errno: 'ENOENT', type: 'mnt', path: '/tmp:/nonexistent' },
  ],
  [
    'a clock out of range',
    ['--new=time', '--monotonic=9000000000000'],
    { step: 'timens_offsets', errno: 'ERANGE', type: 'time' },
  ],
  [
    'a link that is there already',
    ['--new=net', '--veth=lo,10.213.7.1/24,10.213.7.2/24'],
    { step: 'veth', errno: 'EEXIST', type: 'net' },
  ],
  [
    'an overlapping map',
    ['--new=user', '--uid-map=0:0:10', '--uid-map=5:100:10'],
    { step: 'uid_map', errno: 'EINVAL', type: 'user' },
  ],
  [
    'a sysctl that is not there',
    ['--new=net', '--sysctl=net.nonexistent=1'],
    { step: 'sysctl', errno: 'ENOENT', path: 'net.nonexistent=1' },
  ],
  [
    'an id that is not mapped',
    ['--new=user', '--map=root', '--uid=5', '--', 'true'],
    { step: 'setresuid', errno: 'EINVAL' },
  ],
];

for (const [what, args, error] of failures) {
  for (const keeps of [[], [`--keep=${marker}-f`]] as const) {
    test(`${what} takes back what was made before ${keeps.length > 0 ? 'and is not kept' : ''}`, { skip }, async () => {
      const before = surroundings();
      const result = await create([...keeps, ...args]);
      assert.equal(result.code, 1);
      assertError(result.error, error);
      assert.equal(result.kept, undefined);
      assert.equal(result.exit, undefined);
      await until('everything to be as before', () => JSON.stringify(surroundings()) === JSON.stringify(before));
    });
  }
}

test('an ordinary user is told what newuidmap says', { skip: skip || missing('newuidmap') }, async () => {
  const { error } = await create(['--new=user', '--uid-map=0:0:1'], { through: await ordinary() });
  assertError(error, { step: 'newuidmap', errno: 'EPERM', type: 'user' });
  assert.match(error?.detail ?? '', /^newuidmap: .*not allowed/);
});

const refused: readonly (readonly string[])[] = [
  [],
  ['--new=foo'],
  ['--new=mnt,'],
  ['--new=mnt', '--'],
  ['--new=uts', '--root=/tmp'],
  ['--new=mnt', '--hostname=x'],
  ['--new=mnt', '--root=relative'],
  ['--new=net', '--veth=averyveryverylongname,10.0.0.1/24,10.0.0.2/24'],
  ['--new=net', '--veth=v,10.0.0.1,10.0.0.2'],
  ['--new=net', '--sysctl=kernel.panic=1'],
  ['--new=net', '--sysctl=net/../kernel/panic=1'],
  ['--new=net', '--sysctl=kernel.shmmni=1'],
  ['--new=user', '--map=both'],
  ['--new=user', '--uid-map=0:0:0'],
  ['--new=user', '--uid-map=0:4294967295:2'],
  ['--new=uts', '--keep=.hidden'],
  ['--new=uts', '--keep=helper'],
  ['--new=uts', '--keep=a/b'],
  ['--new=uts', `--keep=${'x'.repeat(65)}`],
  ['--new=uts', '--uid=4294967295', '--', 'true'],
  ['--new=uts', '--records=99'],
  ['--new=time', '--monotonic=1.5'],
  ['--new=uts', '--try', '--', 'true'],
];

test('words that make no sense are refused before anything is done', { skip }, async () => {
  for (const args of refused) {
    const { code, stdout } = await run([helper, 'create', ...args]);
    assert.equal(code, 2, args.join(' '));
    assert.match(stdout.toString(), /^\{"error":\{"step":"option","errno":"EINVAL"/, args.join(' '));
  }
});

test(
  'namespaces of others are joined, with the rights of the user namespace where it is joined, too',
  { skip },
  async (t) => {
    const other = await unshare(testScope(t), '--user', '--map-root-user', '--net', '--uts');
    const reference = `pid:${other.pid}`;
    const script = 'readlink /proc/self/ns/user /proc/self/ns/net /proc/self/ns/uts /proc/self/ns/ipc';
    const [userLink, net, uts] = (['user', 'net', 'uts'] as const).map((type) => `${type}:[${idOf(other.pid, type)}]`);
    const own = `user:[${idOf('self', 'user')}]`;
    const all = await inside(
      ['--new=ipc', `--join=user:${reference}`, `--join=net:${reference}`, `--join=uts:${reference}`],
      script,
    );
    assert.deepEqual(all.slice(0, 3), [userLink, net, uts]);
    assert.notEqual(all[3], `ipc:[${idOf('self', 'ipc')}]`);
    const one = await inside(['--new=', `--join=net:${idOf(other.pid, 'net')}`], script);
    assert.deepEqual(one.slice(0, 2), [own, net]);
    const { error } = await create([`--new=ipc`, `--join=net:${reference}`], { through: await ordinary() });
    assert.equal(error?.errno, 'EACCES');
  },
);
