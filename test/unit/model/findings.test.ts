import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import type {
  HelperRecord,
  Holder,
  InsideRecord,
  NamespaceType,
  ProcessRecord,
} from '../../../extension/helper/protocol.ts';
import { judge } from '../../../extension/model/findings/judge.ts';
import type { Severity } from '../../../server/language/protocol.ts';
import type { Finding, Live } from '../../../extension/model/findings/types.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import type { NamespaceKey } from '../../../extension/model/types.ts';
import { facts } from '../features/fake-host.ts';
import { population } from './population.ts';
import { recorded } from './records.ts';
import { World } from './world.ts';

const everything = ['proc', 'mounts', 'ioctl', 'tasks', 'fds', 'sockets'];
const initialUser = 4026531837;
const mappers = {
  newuidmap: { path: '/usr/bin/newuidmap', owner: 0, setuid: true, capability: false },
  newgidmap: { path: '/usr/bin/newgidmap', owner: 0, setuid: false, capability: true },
};

interface Given {
  readonly records?: readonly HelperRecord[];
  readonly inside?: readonly InsideRecord[];
  readonly effective?: Readonly<Record<number, string>>;
  readonly live?: Partial<Live>;
  readonly facts?: Partial<Live['facts']>;
  readonly complete?: boolean;
}

function own(): Readonly<Partial<Record<NamespaceType, number>>> {
  const [first] = new World(1).snapshot().flatMap((record) => ('process' in record ? [record.process] : []));
  assert.ok(first?.ns);
  return first.ns;
}

function found({
  records = [],
  inside = [],
  effective = {},
  live = {},
  facts: more = {},
  complete = true,
}: Given): readonly Finding[] {
  const graph = new HostGraph();
  const [, ...hosts] = new World(1).snapshot().filter((record) => !('end' in record));
  graph.apply([
    { snapshot: { time: 1, complete, source: everything } },
    ...hosts,
    ...records,
    { end: { processes: 2, namespaces: 9, unreadable: 0, milliseconds: 1 } },
  ]);
  return judge({
    graph,
    facts: { ...facts, own: own(), limits: {}, mappers, ...more },
    inspection: {
      inside: new Map(inside.map((each) => [keyOf(each), each])),
      rights: Object.entries(effective).map(([pid, set]) => ({ pid: Number(pid), start: Number(pid), effective: set })),
    },
    lasting: new Set(),
    rights: { elevated: true, hidepid: undefined },
    mntns: own().mnt,
    netnsNames: [],
    ...live,
  });
}

function ns(
  type: NamespaceType,
  id: number,
  more: { readonly owner?: number; readonly parent?: number; readonly uid?: number } = {},
  ...held: readonly Holder[]
): HelperRecord {
  return { ns: { type, id, owner: initialUser, held, ...more } };
}

function process(
  pid: number,
  elsewhere: Readonly<Partial<Record<NamespaceType, number>>> = {},
  more: Partial<ProcessRecord> = {},
): HelperRecord {
  return { process: { pid, start: pid, ppid: 1, uid: 0, comm: `p${pid}`, ns: { ...own(), ...elsewhere }, ...more } };
}

function ids(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ id }) => id);
}

/** The only finding. */
function only(given: Given, id: string, severity: Severity): Finding {
  const findings = found(given);
  assert.deepEqual(
    findings.map((each) => [each.id, each.severity]),
    [[id, severity]],
    JSON.stringify(findings),
  );
  const [finding] = findings;
  assert.ok(finding);
  assert.match(finding.link, /^https:\/\/man7\.org\/linux\/man-pages\/man\d\/[\w.-]+\.\d\.html$/);
  for (const text of [finding.message, finding.remedy]) assert.match(text, /\.$/, text);
  return finding;
}

function keyOf({ type, id: number }: InsideRecord): NamespaceKey {
  return `${type}:${number}`;
}

const id = 4026532101;

test('a host in order has no finding', () => {
  assert.deepEqual(found({}), []);
});

test('a namespace that only a descriptor keeps', () => {
  const held: Holder = { by: 'fd', pid: 50, fd: 9 };
  const records = [process(50), ns('net', id, {}, held)];
  const finding = only({ records }, 'live/leak', 'information');
  assert.deepEqual(finding.target, { kind: 'namespace', key: `net:${id}` });
  assert.equal(finding.at, 'held by');
  assert.equal(finding.action, 'findLeaks');
  assert.doesNotMatch(finding.message, /Not certain/);
  assert.match(
    only({ records, complete: false }, 'live/leak', 'information').message,
    /Not certain: .*there may be more/,
  );
  assert.deepEqual(found({ records: [...records, process(51, { net: id })] }), []);
});

const instanceMount = (type: NamespaceType): Holder => ({
  by: 'mount',
  path: `/run/linux-namespaces/demo/${type}`,
  mntns: own().mnt ?? 0,
});

test('what is left of an instance', () => {
  const records = [ns('net', id, {}, instanceMount('net')), ns('uts', id + 1, {}, instanceMount('uts'))];
  only({ records }, 'live/instance-left', 'warning');
  only({ records, complete: false }, 'live/instance-left', 'information');
  const holder = process(60, {}, { cmdline: 'linux-namespaces: demo net,uts' });
  assert.deepEqual(found({ records: [...records, holder] }), []);
});

test('a file in /run/netns on which nothing is mounted', () => {
  const finding = only({ live: { netnsNames: ['blue'] } }, 'live/netns-file', 'warning');
  assert.deepEqual(finding.target, { kind: 'host' });
  assert.match(finding.message, /^\/run\/netns\/blue is only a file\./);
  const mounted: Holder = { by: 'mount', path: '/run/netns/blue', mntns: own().mnt ?? 0 };
  assert.deepEqual(found({ records: [ns('net', id, {}, mounted)], live: { netnsNames: ['blue'] } }), []);
  assert.deepEqual(found({ live: { netnsNames: undefined } }), []);
});

test('a pid namespace whose init has ended', () => {
  const pid = { pid: id };
  const init = (zombie: boolean): HelperRecord => process(70, pid, { nspid: [70, 1], ...(zombie ? { zombie } : {}) });
  const finding = only({ records: [ns('pid', id), init(true)] }, 'live/init-ended', 'warning');
  assert.deepEqual(finding.target, { kind: 'namespace', key: `pid:${id}` });
  assert.deepEqual(found({ records: [ns('pid', id), init(false)] }), []);
  // Another ended process of the namespace ends nothing.
  assert.deepEqual(
    found({ records: [ns('pid', id), init(false), process(71, pid, { nspid: [71, 2], zombie: true })] }),
    [],
  );
});

test('an init that does not wait for its children, once they have waited for a while', () => {
  const pid = { pid: id };
  const child = (number: number, ppid: number): HelperRecord =>
    process(number, pid, { nspid: [number, number - 70], zombie: true, ppid });
  const records = [
    ns('pid', id),
    process(71, pid, { nspid: [71, 1] }),
    child(72, 71),
    child(73, 71),
    child(74, 50),
    process(50),
  ];
  const finding = only({ records, live: { lasting: new Set(['72.72']) } }, 'live/init-does-not-reap', 'warning');
  assert.match(finding.message, /has not waited for 2 ended children\.$/);
  assert.deepEqual(found({ records }), []);
  // That is the fault of the other parent.
  assert.deepEqual(found({ records, live: { lasting: new Set(['74.74']) } }), []);
});

test('a /proc of another pid namespace', () => {
  const initial = own().pid ?? 0;
  const inside = (proc: number | undefined): readonly InsideRecord[] => [
    { type: 'pid', id, pid: 80, ...(proc === undefined ? {} : { proc }) },
  ];
  const container = [ns('pid', id), ns('mnt', id + 1), process(80, { pid: id, mnt: id + 1 }, { nspid: [80, 1] })];
  only({ records: container, inside: inside(initial) }, 'live/proc-of-other-pid-namespace', 'warning');
  const shared = [ns('pid', id), process(80, { pid: id }, { nspid: [80, 1] })];
  only({ records: shared, inside: inside(initial) }, 'live/proc-of-other-pid-namespace', 'information');
  assert.deepEqual(found({ records: container, inside: inside(id) }), []);
  assert.deepEqual(found({ records: container, inside: inside(undefined) }), []);
  // The process has gone, or is elsewhere now: nothing was said of another.
  assert.deepEqual(found({ records: [ns('pid', id), process(81, { pid: id })], inside: inside(initial) }), []);
});

test('a sysfs of another net namespace, and a loopback that is down', () => {
  const records = [ns('net', id), process(90, { net: id })];
  const inside = (more: Partial<InsideRecord>): readonly InsideRecord[] => [{ type: 'net', id, pid: 90, ...more }];
  only(
    { records, inside: inside({ sysfs: false, loopback: true }) },
    'live/sysfs-of-other-net-namespace',
    'information',
  );
  only({ records, inside: inside({ loopback: false }) }, 'live/loopback-down', 'information');
  assert.deepEqual(found({ records, inside: inside({ loopback: true }) }), []);
  assert.deepEqual(found({ records, inside: inside({}) }), []);
  // Nobody is in it who could miss it.
  const named = ns('net', id, {}, { by: 'mount', path: '/run/netns/blue', mntns: own().mnt ?? 0 });
  only({ records: [named], inside: [{ type: 'net', id, loopback: false }] }, 'live/loopback-down', 'hint');
  // The host's own is left to whoever set it up.
  assert.deepEqual(found({ inside: [{ type: 'net', id: own().net ?? 0, loopback: false }] }), []);
});

test('clock offsets', () => {
  const records = [ns('time', id), process(95, { time: id })];
  const inside = (monotonic: string, boottime: string): readonly InsideRecord[] => [
    { type: 'time', id, pid: 95, monotonic, boottime },
  ];
  const finding = only({ records, inside: inside('0         0', '5000         0') }, 'live/clock-offsets', 'hint');
  assert.match(finding.message, /^CLOCK_BOOTTIME is \+5000 s off in/);
  assert.match(
    only({ records, inside: inside('-3 500', '0 0') }, 'live/clock-offsets', 'hint').message,
    /is -3\.000000500 s/,
  );
  assert.deepEqual(found({ records, inside: inside('0 0', '0 0') }), []);
});

test('mounts that are shared with the host', () => {
  const records = [ns('mnt', id), process(96, { mnt: id })];
  const inside = (shared: readonly string[], mounts: number): readonly InsideRecord[] => [
    { type: 'mnt', id, pid: 96, shared, mounts },
  ];
  const finding = only(
    { records, inside: inside(['/srv', '/da\u001bta'], 5) },
    'live/shared-propagation',
    'information',
  );
  assert.match(finding.message, /beneath \/srv, \/da.?ta and 3 other mounts in here/);
  assert.ok(!finding.message.includes('\u001b'));
  assert.deepEqual(found({ records, inside: [{ type: 'mnt', id, pid: 96 }] }), []);
});

test('a user namespace that maps the host’s root', () => {
  const inside = (outside: number): readonly InsideRecord[] => [
    { type: 'user', id, pid: 97, uid_map: [{ inside: 0, outside, count: 1 }] },
  ];
  const records = (uid: number): readonly HelperRecord[] => [ns('user', id, { uid }), process(97, { user: id })];
  only({ records: records(1000), inside: inside(0) }, 'live/maps-host-root', 'warning');
  only({ records: records(0), inside: inside(0) }, 'live/maps-host-root', 'information');
  assert.deepEqual(found({ records: records(0), inside: inside(100_000) }), []);
  // A helper in a user namespace of its own sees other numbers than the host's.
  assert.deepEqual(found({ records: records(0), inside: inside(0), facts: { own: { ...own(), user: id } } }), []);
});

test('host-level capabilities in a container', () => {
  const all = '000001ffffffffff';
  const docker = `/docker/${'a'.repeat(64)}`;
  const container = (user: number, nspid: readonly number[], cgroup = docker): readonly HelperRecord[] => [
    ns('pid', id),
    ns('mnt', id + 1),
    ns('user', id + 2),
    process(100, { pid: id, mnt: id + 1, user, net: id + 3, ipc: id + 4, uts: id + 5 }, { nspid, cgroup }),
  ];
  const finding = only(
    { records: container(initialUser, [100, 1]), effective: { 100: all } },
    'live/host-capabilities',
    'warning',
  );
  assert.match(finding.message, /CAP_SYS_ADMIN/);
  const byHand = { records: container(initialUser, [100, 1], '/'), effective: { 100: all } };
  only(byHand, 'live/host-capabilities', 'information');
  // What Docker leaves by default has none of them; NET_ADMIN beside them is none either.
  for (const set of ['00000000a80425fb', '0000000000001000', '0000000000000000'])
    assert.deepEqual(found({ records: container(initialUser, [100, 1]), effective: { 100: set } }), [], set);
  assert.deepEqual(found({ records: container(id + 2, [100, 1]), effective: { 100: all } }), []);
  assert.deepEqual(found({ records: [process(100)], effective: { 100: all } }), []);
  // One finding stands for the container.
  assert.deepEqual(found({ records: container(initialUser, [100, 7]), effective: { 100: all } }), []);
  // The pid is another process's now.
  const records = [...container(initialUser, [100, 1])].map((record) =>
    'process' in record ? { process: { ...record.process, start: 5 } } : record,
  );
  assert.deepEqual(found({ records, effective: { 100: all } }), []);
});

const jailed = (pid: number, root?: string): HelperRecord => process(pid, {}, root === undefined ? {} : { root });

test('a chroot jail that can be left', () => {
  const records = [jailed(110, '/srv/jail'), jailed(111, '/srv/jail'), jailed(112, '/srv/other')];
  const chroot = '0000000000040000';
  const findings = found({ records, effective: { 110: chroot, 111: chroot, 112: '0000000000000000' } });
  assert.deepEqual(
    findings.map(({ id: rule, target }) => [rule, target]),
    [['live/chroot-can-be-left', { kind: 'process', pid: 110, start: 110 }]],
  );
  assert.deepEqual(found({ records: [jailed(110)], effective: { 110: chroot } }), []);
});

test('newuidmap without its rights', () => {
  const without = { newgidmap: mappers.newgidmap };
  assert.match(
    only({ facts: { mappers: without } }, 'live/mapper-missing', 'information').message,
    /^newuidmap was not found/,
  );
  const weak = { ...mappers, newuidmap: { ...mappers.newuidmap, setuid: false } };
  assert.match(only({ facts: { mappers: weak } }, 'live/mapper-missing', 'information').message, /neither/);
  const nosuid = { ...mappers, newgidmap: { ...mappers.newgidmap, nosuid: true } };
  assert.match(only({ facts: { mappers: nosuid } }, 'live/mapper-missing', 'information').message, /nosuid/);
  assert.deepEqual(
    found({ facts: { mappers: { ...mappers, newuidmap: { ...mappers.newuidmap, nosuid: false } } } }),
    [],
  );
});

const users = (count: number, uid: number): readonly HelperRecord[] =>
  Array.from({ length: count }, (_, index) =>
    ns('user', id + index, { uid, parent: initialUser }, { by: 'fd', pid: 1, fd: index }),
  );

test('limits that are nearly reached, by whom as far as that is known', () => {
  const limits = (count: number, uid: number, limit: number): readonly Finding[] =>
    found({ records: users(count, uid), facts: { limits: { max_user_namespaces: limit } } }).filter(
      (each) => each.id === 'live/near-limit',
    );
  assert.deepEqual(
    limits(9, 1000, 10).map(({ severity }) => severity),
    ['warning'],
  );
  assert.match(limits(9, 1000, 10)[0]?.message ?? '', /at least 9 of 10 user namespaces/);
  // Exactly eighty percent is not over.
  assert.deepEqual(limits(7, 1000, 10).length, 0);
  // Two users, each far from it.
  const two = found({
    records: [...users(5, 1000), ...users(10, 1001).slice(5)],
    facts: { limits: { max_user_namespaces: 11 } },
  }).filter((each) => each.id === 'live/near-limit');
  assert.deepEqual(
    two.map(({ severity, message }) => [severity, /Who made them is not known/.test(message)]),
    [['information', true]],
  );
});

test('a container that shares namespaces with the host', () => {
  const cgroup = `/docker/${'a'.repeat(64)}`;
  const container = (elsewhere: Readonly<Partial<Record<NamespaceType, number>>>): readonly HelperRecord[] => [
    ...namespaceTypes.flatMap((type) => (elsewhere[type] === undefined ? [] : [ns(type, elsewhere[type])])),
    process(120, elsewhere, { cgroup, nspid: elsewhere.pid === undefined ? [120] : [120, 1] }),
  ];
  const [mnt, uts, ipc, pid, net] = [id, id + 1, id + 2, id + 3, id + 4];
  assert.deepEqual(found({ records: container({ mnt, uts, ipc, pid, net }) }), []);
  const finding = only({ records: container({ mnt, uts, ipc, pid }) }, 'live/shares-with-host', 'information');
  assert.equal(finding.target.kind, 'workload');
  assert.match(finding.message, /^It runs in the host's network namespace\.$/i);
  only({ records: container({ mnt, uts, ipc, net }) }, 'live/shares-with-host', 'warning');
  // In the cgroup of a container, but with nothing of its own: a process that was put there.
  assert.deepEqual(found({ records: container({}) }), []);
});

test('before the first look nothing is said of what it would have shown', () => {
  const graph = new HostGraph();
  graph.apply(recorded('containers.jsonl'));
  const live: Live = {
    graph,
    facts: { ...facts, mappers },
    inspection: undefined,
    lasting: new Set(),
    rights: { elevated: false, hidepid: undefined },
    mntns: undefined,
    netnsNames: undefined,
  };
  const rules = new Set(ids(judge(live)));
  for (const rule of ['live/loopback-down', 'live/host-capabilities', 'live/netns-file'])
    assert.ok(!rules.has(rule), rule);
  const order = judge(live).map(({ severity }) => ['error', 'warning', 'information', 'hint'].indexOf(severity));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
});

const measure = (processes: number, namespaces: number): number => {
  const graph = new HostGraph();
  graph.apply(population(processes, namespaces));
  const inside = new Map(
    [...graph.namespaces.values()].map(({ key, type, id: number }) => [key, { type, id: number, loopback: false }]),
  );
  const live: Live = {
    graph,
    facts: { ...facts, mappers },
    inspection: {
      inside,
      rights: [...graph.processes.values()].map(({ pid, start }) => ({ pid, start, effective: '000001ffffffffff' })),
    },
    lasting: new Set(),
    rights: { elevated: true, hidepid: undefined },
    mntns: undefined,
    netnsNames: [],
  };
  judge(live);
  const begin = performance.now();
  judge(live);
  return performance.now() - begin;
};

test('50,000 processes and 10,000 namespaces are judged in time that grows with their number only', () => {
  const [few, many] = [measure(5_000, 1_000), measure(50_000, 10_000)];
  // Ten times as much; what grows with the square would take a hundred times as long.
  assert.ok(many < 45 * Math.max(few, 2), `${few} ms, then ${many} ms`);
});
