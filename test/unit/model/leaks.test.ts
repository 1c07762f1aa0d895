import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HelperRecord, Holder, NamespaceType, ProcessRecord } from '../../../extension/helper/protocol.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { findLeaks, nothingWords, type LeakContext, type Leaks } from '../../../extension/model/leaks.ts';
import { recordedGraph } from './records.ts';
import { World } from './world.ts';

const hostsMnt = 4026531841;
const everything = ['proc', 'mounts', 'ioctl', 'tasks', 'fds', 'sockets'];
const context: LeakContext = {
  rights: { elevated: true, hidepid: undefined },
  mntns: hostsMnt,
  netnsNames: [],
};

interface Host {
  readonly records?: readonly HelperRecord[];
  readonly complete?: boolean;
  readonly source?: readonly string[];
  readonly unreadable?: number;
}

/** The host's own namespaces with pid 1 in them, and what is given. */
function host({ records = [], complete = true, source = everything, unreadable = 0 }: Host): HostGraph {
  const world = new World(1);
  const graph = new HostGraph();
  const [, ...own] = world.snapshot().filter((record) => !('end' in record));
  const end = { end: { processes: 2, namespaces: 9, unreadable, milliseconds: 1 } };
  graph.apply([{ snapshot: { time: 1, complete, source } }, ...own, ...records, end]);
  return graph;
}

function ns(type: NamespaceType, id: number, ...held: readonly Holder[]): HelperRecord {
  return { ns: { type, id, owner: 4026531837, held } };
}

function mount(path: string, mntns = hostsMnt): Holder {
  return { by: 'mount', path, mntns };
}

function process(pid: number, more: Partial<ProcessRecord> = {}): HelperRecord {
  const [own] = new World(1).snapshot().flatMap((record) => ('process' in record ? [record.process] : []));
  assert.ok(own?.ns);
  return { process: { pid, start: pid, ppid: 1, uid: 0, comm: `p${pid}`, ns: own.ns, ...more } };
}

function found(graph: HostGraph, more: Partial<LeakContext> = {}): Leaks {
  return findLeaks(graph, { ...context, ...more });
}

function ids({ leaks, kept }: Leaks): { readonly leaks: readonly string[]; readonly kept: readonly string[] } {
  return { leaks: leaks.map(({ id }) => id), kept: kept.map(({ id }) => id) };
}

test('a host in order has no leak, and nothing of its own is one', () => {
  const graph = host({});
  const leaks = found(graph);
  assert.deepEqual(leaks, { leaks: [], kept: [], doubt: undefined });
  assert.equal(nothingWords(graph), 'No leak was found among 8 namespaces and 2 processes.');
});

test('what only a file, a socket or a mount keeps is a leak, with its holder and what can be done', () => {
  const records = [
    process(50),
    ns('net', 4026532001, { by: 'fd', pid: 50, fd: 9 }, { by: 'fd', pid: 50, fd: 10 }),
    ns('net', 4026532002, { by: 'socket', pid: 50, fd: 4 }),
    ns('uts', 4026532003, mount('/srv/left')),
    ns('pid', 4026532004, mount('/srv/pid', 4026531999)),
  ];
  const leaks = found(host({ records }));
  assert.deepEqual(ids(leaks), {
    leaks: ['net:4026532001', 'net:4026532002', 'pid:4026532004', 'uts:4026532003'],
    kept: [],
  });
  const [fd, socket, pid, uts] = leaks.leaks;
  assert.equal(fd?.held, 'Kept by file descriptor 9 of p50 (pid 50) and 1 other of it');
  assert.equal(fd.detail, 'No process is in it. It goes when p50 (pid 50) closes it or ends.');
  assert.match(socket?.held ?? '', /^Kept by the socket that is file descriptor 4 of p50/);
  assert.deepEqual(fd?.actions, [
    { kind: 'reveal', of: { kind: 'process', pid: 50, start: 50 } },
    { kind: 'reveal', of: { kind: 'namespace', key: 'net:4026532001' } },
    { kind: 'details', of: { kind: 'namespace', key: 'net:4026532001' } },
    { kind: 'endProcess', process: { kind: 'process', pid: 50, start: 50 }, key: 'net:4026532001' },
  ]);
  assert.deepEqual(socket?.actions.at(-1), {
    kind: 'endProcess',
    process: { kind: 'process', pid: 50, start: 50 },
    key: 'net:4026532002',
  });
  assert.ok(uts?.actions.every(({ kind }) => kind !== 'endProcess'));
  assert.deepEqual(uts?.actions[0], { kind: 'unpin', what: '/srv/left', key: 'uts:4026532003' });
  // The helper cannot take away what is mounted where it is not.
  assert.ok(pid?.actions.every(({ kind }) => kind !== 'unpin'));
  assert.match(pid?.detail ?? '', /none can be any more/);
});

test('neither who keeps something on purpose nor init is to be ended for it', () => {
  const records = [
    process(61, { comm: 'nshelper', cmdline: 'linux-namespaces: pinned net:4026532300' }),
    ns('net', 4026532300, { by: 'fd', pid: 61, fd: 5 }),
    process(62),
    ns('net', 4026532301, { by: 'fd', pid: 62, fd: 5 }, mount('/run/netns/blue')),
    ns('net', 4026532302, { by: 'fd', pid: 1, fd: 9 }, { by: 'socket', pid: 62, fd: 9 }),
    ns('net', 4026532303, { by: 'fd', pid: 4242, fd: 9 }),
  ];
  const { leaks, kept } = found(host({ records }));
  assert.ok(kept.length === 2 && kept.every(({ actions }) => actions.every(({ kind }) => kind !== 'endProcess')));
  const ends = leaks.flatMap(({ id, actions }) =>
    actions.flatMap((action) => (action.kind === 'endProcess' ? [[id, action.process.pid]] : [])),
  );
  // Of one that is not known there is no start, by which it would be told from another.
  assert.deepEqual(ends, [['net:4026532302', 62]]);
  assert.ok(leaks.some(({ id }) => id === 'net:4026532303'));
});

test('what is in use is none: members, threads, coming children, namespaces below', () => {
  const own = { mnt: 1 };
  const records = [
    process(50, { ns: { ...own, uts: 4026532001 } }),
    ns('uts', 4026532001, { by: 'process', pid: 50 }, { by: 'fd', pid: 1, fd: 3 }),
    ns('net', 4026532002, { by: 'task', pid: 50, tid: 51 }),
    ns('time', 4026532003, { by: 'for_children', pid: 50 }),
    ns('user', 4026532004, { by: 'child' }),
    ns('ipc', 4026532005),
  ];
  assert.deepEqual(ids(found(host({ records }))), { leaks: [], kept: [] });
});

test('what is kept by name is listed apart; what a program named is not', () => {
  const records = [
    ns('net', 4026532001, mount('/run/netns/blue')),
    ns('net', 4026532002, mount('/var/run/netns/cni-0a1b2c3d-0000-1111-2222-333344445555')),
    ns('net', 4026532003, mount('/run/docker/netns/0a1b2c3d4e5f')),
    ns('mnt', 4026532004, mount('/run/snapd/ns/hello.mnt')),
  ];
  const leaks = found(host({ records }));
  assert.deepEqual(ids(leaks), {
    leaks: ['net:4026532003', 'net:4026532002'],
    kept: ['mnt:4026532004', 'net:4026532001'],
  });
  assert.match(leaks.kept[1]?.detail ?? '', /as ip netns does/);
});

test('an instance is a leak only without its holder; a single pin is kept', () => {
  const paths = (name: string, first: number): HelperRecord[] =>
    (['uts', 'net', 'pid'] as const).map((type, index) =>
      ns(type, first + index, mount(`/run/linux-namespaces/${name}/${type}`)),
    );
  const records = [
    process(60, { comm: 'nshelper', cmdline: 'linux-namespaces: alive net,pid,uts' }),
    process(61, { comm: 'nshelper', cmdline: 'linux-namespaces: pinned net:4026532300' }),
    ...paths('alive', 4026532100),
    ...paths('dead', 4026532200),
    ns('net', 4026532300, { by: 'fd', pid: 61, fd: 5 }),
    ns('ipc', 4026532301, mount('/run/linux-namespaces/one/ipc')),
    ns('pid', 4026532302, mount('/run/linux-namespaces/lonely/pid')),
  ];
  const leaks = found(host({ records }));
  assert.deepEqual(
    leaks.leaks.map(({ id }) => id),
    ['instance dead', 'instance lonely'],
  );
  assert.deepEqual(leaks.kept.map(({ id }) => id).toSorted(), [
    'ipc:4026532301',
    'net:4026532101',
    'net:4026532300',
    'pid:4026532102',
    'uts:4026532100',
  ]);
  assert.deepEqual(leaks.leaks[0]?.actions[0], { kind: 'end', name: 'dead' });
  const firsts = new Map(leaks.kept.map(({ id, actions }) => [id, actions[0]]));
  assert.equal(firsts.get('net:4026532101')?.kind, 'reveal', 'the mounts of an instance go when it is ended');
  assert.deepEqual(firsts.get('net:4026532300'), { kind: 'unpin', what: 'pinned', key: 'net:4026532300' });
  assert.deepEqual(firsts.get('ipc:4026532301'), {
    kind: 'unpin',
    what: '/run/linux-namespaces/one/ipc',
    key: 'ipc:4026532301',
  });
  // A process can call itself a keeper; one that has ended is none.
  const zombie = [...records.slice(2), process(60, { zombie: true, cmdline: 'linux-namespaces: alive net,pid,uts' })];
  assert.ok(ids(found(host({ records: zombie }))).leaks.includes('instance alive'));
});

test('an ended init keeps its pid namespace until its parent takes note', () => {
  const records = [
    process(70, { comm: 'lazy' }),
    process(71, { comm: 'init', ppid: 70, zombie: true, nspid: [71, 1] }),
    process(72, { comm: 'other', ppid: 70, zombie: true }),
    process(73, { comm: 'worker', ppid: 70, zombie: true, nspid: [73, 12] }),
  ];
  const { leaks } = found(host({ records }));
  assert.deepEqual(
    leaks.map(({ id }) => id),
    ['process 71.71'],
  );
  assert.match(leaks[0]?.held ?? '', /until lazy \(pid 70\) takes note/);
  assert.deepEqual(
    leaks[0]?.actions.map((action) => ('of' in action && action.of.kind === 'process' ? action.of.pid : undefined)),
    [71, 70],
  );
});

test('a name of ip netns that is only a file, here or everywhere', () => {
  const records = [
    ns('net', 4026532001, mount('/run/netns/good')),
    ns('net', 4026532002, mount('/run/netns/there', 4026531999)),
  ];
  const { leaks } = found(host({ records }), { netnsNames: ['good', 'there', 'empty'] });
  assert.deepEqual(
    leaks.map(({ id }) => id),
    ['file empty', 'file there'],
  );
  const [empty, there] = leaks;
  assert.deepEqual(empty?.actions, [{ kind: 'remove', path: '/run/netns/empty' }]);
  assert.match(there?.detail ?? '', /in another mount namespace/);
  assert.deepEqual(there?.actions[1], { kind: 'reveal', of: { kind: 'namespace', key: 'net:4026532002' } });
});

test('where not everything was seen, it says what is missing', () => {
  assert.match(
    found(host({ unreadable: 1 }), { rights: { elevated: false, hidepid: undefined } }).doubt ?? '',
    /^1 of 2 processes .* sudo to see all\.$/,
  );
  assert.match(
    found(host({ source: ['proc', 'mounts', 'tasks'] })).doubt ?? '',
    /^Not looked at: open files and sockets\.$/,
  );
  assert.match(found(host({ complete: false })).doubt ?? '', /there may be more/);
  assert.match(found(host({}), { netnsNames: undefined }).doubt ?? '', /^Not looked at: \/run\/netns\.$/);
  const hidden = { elevated: false, hidepid: 'invisible' };
  assert.match(found(host({}), { rights: hidden }).doubt ?? '', /hidepid/);
});

test('nothing of a recorded host with podman, runc and bubblewrap is claimed that is in use', () => {
  const graph = recordedGraph();
  const { leaks, kept } = found(graph, { mntns: undefined });
  for (const { id } of [...leaks, ...kept]) {
    const namespace = [...graph.namespaces.values()].find(({ key }) => key === id);
    if (namespace !== undefined) assert.equal(namespace.memberList.size, 0, id);
  }
  assert.ok(kept.length > 0);
});

test('what a host calls something cannot move anything on the screen', () => {
  const records = [ns('net', 4026532001, mount('/run/netns/a\u001b[2J\u202eb')), process(9, { comm: 'x\u001b[2J' })];
  const { leaks, kept } = found(host({ records: [...records, ns('uts', 4026532002, { by: 'fd', pid: 9, fd: 1 })] }));
  const texts = [...leaks, ...kept].flatMap(({ label, description, held, detail }) => [
    label,
    description,
    held,
    detail,
  ]);
  assert.equal(texts.length, 8);
  // eslint-disable-next-line no-control-regex -- that is what must not be in it
  for (const text of texts) assert.doesNotMatch(text, /[\u0000-\u001f\u202e]/);
});
