import assert from 'node:assert/strict';
import test from 'node:test';
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import type {
  HelperRecord,
  NamespaceRecord,
  NamespaceType,
  ProcessRecord,
} from '../../../extension/helper/protocol.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { monitorEvidence } from '../../../extension/model/naming/monitors.ts';
import { bestMountName, mountName } from '../../../extension/model/naming/mounts.ts';
import type { NamespaceKey } from '../../../extension/model/types.ts';

const id = '4dfa46e4c5b847daa2bc4fa50ed40f9f47fb6ea79147ab5394f4214bd0ca81b5';
const uid = '8f14e45f-ceea-467f-9b1a-2c3d4e5f6071';

void test('names of bind mounts, those that people choose told from those that programs make up', () => {
  const cases: readonly (readonly [string, NamespaceType, string, boolean])[] = [
    ['/run/netns/blue', 'net', 'blue', false],
    ['/var/run/netns/blue', 'net', 'blue', false],
    ['/run/netns/x', 'net', 'x', false],
    [
      '/var/run/netns/cni-0b2a3c4d-1111-4222-8333-444455556666',
      'net',
      'cni-0b2a3c4d-1111-4222-8333-444455556666',
      true,
    ],
    [
      '/run/netns/netns-0b2a3c4d-1111-4222-8333-444455556666',
      'net',
      'netns-0b2a3c4d-1111-4222-8333-444455556666',
      true,
    ],
    ['/run/user/1000/netns/rootless-netns-e7abd51f52bae8b2bb5a', 'net', 'rootless-netns-e7abd51f52bae8b2bb5a', true],
    ['/run/utsns/0b2a3c4d-1111-4222-8333-444455556666', 'uts', '0b2a3c4d-1111-4222-8333-444455556666', true],
    ['/run/docker/netns/1755c2e75541', 'net', '1755c2e75541', true],
    ['/run/docker/netns/default', 'net', 'default', false],
    ['/run/docker/netns/ingress_sbox', 'net', 'ingress_sbox', false],
    // Near misses: a person may call one `cni-lab`, or after twelve letters that are no digits.
    ['/run/netns/cni-lab', 'net', 'cni-lab', false],
    ['/run/netns/testbedalpha', 'net', 'testbedalpha', false],
    ['/run/snapd/ns/lxd.mnt', 'mnt', 'lxd', false],
    ['/run/snapd/ns/lxd.fstab', 'mnt', 'lxd.fstab', false],
    ['/home/alice/box/net', 'net', 'box/net', false],
    ['/srv/jails/web', 'mnt', 'web', false],
    ['/run/netns/\u202eeulb', 'net', '\ufffdeulb', false],
  ];
  for (const [path, type, text, made] of cases) assert.deepEqual(mountName(path, type), { text, made }, path);
  assert.equal(mountName('/', 'net'), undefined);
});

void test('of several mounts the name that a person chose wins', () => {
  const paths = ['/run/docker/netns/1755c2e75541', '/run/netns/web', '/srv/elsewhere/web-copy'];
  assert.equal(bestMountName(paths, 'net')?.text, 'web');
  assert.equal(bestMountName(paths.toReversed(), 'net')?.text, 'web');
  assert.equal(bestMountName([], 'net'), undefined);
});

void test('what the command lines of monitors tell', () => {
  const cases: readonly (readonly [string, string, string | undefined, readonly (readonly [string, string])[]])[] = [
    [
      'conmon',
      `/usr/bin/conmon --api-version 1 -c ${id} -u ${id} -r /usr/bin/crun -b /x -p /y -n web --exit-dir /z --full-attach`,
      `podman ${id.slice(0, 12)}`,
      [[`podman:${id}`, 'web']],
    ],
    [
      'conmon',
      `/usr/bin/conmon -b /run/x -c ${id} --exit-dir /e -l /l --log-level info -n k8s_nginx_web-7d9_shop_${uid}_0 -P /p -u ${id}`,
      `cri-o ${id.slice(0, 12)}`,
      [
        [`kubernetes:${uid}`, 'shop/web-7d9'],
        [`cri-o:${id}`, `k8s_nginx_web-7d9_shop_${uid}_0`],
      ],
    ],
    ['conmon', 'conmon --version', undefined, []],
    ['conmonitor', `conmonitor -c ${id} -n web`, undefined, []],
    [
      'containerd-shim',
      `/usr/bin/containerd-shim-runc-v2 -namespace moby -id ${id} -address /run/containerd/containerd.sock`,
      `docker ${id.slice(0, 12)}`,
      [],
    ],
    [
      'containerd-shim',
      '/usr/bin/containerd-shim-runc-v2 -namespace default -id redis -address /run/containerd/containerd.sock',
      'containerd redis',
      [],
    ],
    [
      'containerd-shim',
      `containerd-shim -namespace moby -workdir /var/lib/containerd/io.containerd.runtime.v1.linux/moby/${id} -address /x`,
      `docker ${id.slice(0, 12)}`,
      [],
    ],
    ['containerd-shim', '/usr/bin/containerd-shim-runc-v2 -v', undefined, []],
    ['runc', 'runc --root /r run --bundle /srv/bundle job', 'container job', []],
    ['crun', 'crun run -d', undefined, []],
    ['runc', 'runc list', undefined, []],
    ['systemd-nspawn', 'systemd-nspawn --quiet --boot --machine=deb --network-veth', 'machine deb', []],
    ['systemd-nspawn', 'systemd-nspawn -D /srv/sid/', 'machine sid', []],
    ['systemd-nspawn', 'systemd-nspawn --version', undefined, []],
    ['lxc-start', '[lxc monitor] /var/lib/lxc web', 'lxc web', []],
    ['lxc-start', '[lxc monitor]', undefined, []],
  ];
  for (const [comm, cmdline, child, names] of cases) {
    const evidence = monitorEvidence({ comm, cmdline });
    const found = evidence?.child;
    assert.equal(found === undefined ? undefined : `${found.kind} ${found.name}`, child, cmdline);
    assert.deepEqual([...(evidence?.names ?? [])], names, cmdline);
  }
});

const host = { mnt: 1, uts: 2, ipc: 3, pid: 4, net: 5, user: 6, cgroup: 7, time: 8 } as const;

/** A host whose own namespaces are those of pid 1, with further processes and namespaces. */
function graphOf(processes: readonly Partial<ProcessRecord>[], namespaces: readonly NamespaceRecord[] = []): HostGraph {
  const graph = new HostGraph();
  const records: HelperRecord[] = [
    { snapshot: { time: 1, complete: true, source: ['proc'] } },
    process({ pid: 1, start: 0, ppid: 0, comm: 'systemd', cmdline: '/sbin/init', cgroup: '/init.scope' }),
    ...processes.map(process),
    ...namespaces.map((ns) => ({ ns })),
    { end: {} },
  ];
  graph.apply(records);
  return graph;
}

const initialIds: Readonly<Record<NamespaceType, number>> = {
  ipc: 4026531839,
  uts: 4026531838,
  user: 4026531837,
  pid: 4026531836,
  cgroup: 4026531835,
  time: 4026531834,
  net: 4026531840,
  mnt: 4026531841,
};

function process(fields: Partial<ProcessRecord>): HelperRecord {
  return {
    process: {
      pid: 100,
      start: fields.pid ?? 100,
      ppid: 1,
      comm: 'sh',
      ...fields,
      ns: { ...initialIds, ...fields.ns },
    },
  };
}

function nameIn(graph: HostGraph, key: NamespaceKey): string {
  const name = graph.namespaces.get(key)?.name;
  return `${name?.source}: ${name?.text}`;
}

void test('the host’s own namespaces are known by number, and net and mnt by pid 1', () => {
  const graph = graphOf([]);
  for (const type of namespaceTypes) assert.equal(nameIn(graph, `${type}:${initialIds[type]}`), 'initial: host', type);
});

void test('within a container nothing is the host’s own, but what its number proves', () => {
  const graph = new HostGraph();
  // Pid 1 as the caller sees it; it shares the user namespace and the time namespace with the host.
  const ns = { ...host, user: initialIds.user, time: initialIds.time };
  graph.apply([{ process: { pid: 1, start: 5, ppid: 0, comm: 'sh', nspid: [1], ns } }]);
  const own = [...graph.namespaces.values()].filter(({ initial }) => initial).map(({ key }) => key);
  assert.deepEqual(own, [`user:${initialIds.user}`, `time:${initialIds.time}`]);
});

void test('pid 1 that may not be looked at: kthreadd tells, else numbers that no other namespace can have, else nothing', () => {
  const hidden: HelperRecord = { process: { pid: 1, start: 0, ppid: 0, comm: 'init' } };
  const own = (records: readonly HelperRecord[], key: NamespaceKey): boolean | undefined => {
    const graph = new HostGraph();
    graph.apply([hidden, ...records]);
    return graph.namespaces.get(key)?.initial;
  };
  const kthreadd = process({ pid: 2, ppid: 0, comm: 'kthreadd' });
  assert.equal(own([kthreadd], `net:${initialIds.net}`), true);
  assert.equal(own([process({ pid: 2, ppid: 0, comm: 'kthreadd', cmdline: 'sh' })], `net:${initialIds.net}`), false);
  assert.equal(own([process({ pid: 2, ppid: 1, comm: 'kthreadd' })], `net:${initialIds.net}`), false);
  assert.equal(own([process({ pid: 9, ns: { net: 4026531833 } })], 'net:4026531833'), true);
  assert.equal(own([process({ pid: 9 })], `mnt:${initialIds.mnt}`), false);
});

void test('when pid 1 is seen to be elsewhere, what is the host’s own changes and is told', () => {
  const graph = graphOf([{ pid: 9, ns: { net: 77 } }]);
  const change = graph.apply([process({ pid: 1, start: 0, ppid: 0, comm: 'systemd', ns: { net: 77 } })]);
  assert.equal(graph.namespaces.get('net:77')?.initial, true);
  assert.ok(change.former.has('net:77'));
  assert.deepEqual(graph.ofType('net').at(0)?.key, 'net:77');
});

function net(held: NamespaceRecord['held']): NamespaceRecord {
  return { type: 'net', id: 12, owner: initialIds.user, held };
}

void test('names come from the best that is known', () => {
  const own = { mnt: 11, net: 12, pid: 13 };
  const inside = { pid: 200, ns: own, nspid: [200, 1], comm: 'nginx', cgroup: `/system.slice/docker-${id}.scope` };
  const graph = graphOf([inside]);
  assert.equal(nameIn(graph, 'net:12'), `container: ${id.slice(0, 12)}`);
  // A name that somebody gave says more than an id, one that a program made up less.
  graph.apply([{ ns: net([{ by: 'mount', path: '/run/docker/netns/1755c2e75541', mntns: 1 }]) }]);
  assert.equal(nameIn(graph, 'net:12'), `container: ${id.slice(0, 12)}`);
  graph.apply([{ ns: net([{ by: 'mount', path: '/run/netns/shop', mntns: 1 }]) }]);
  assert.equal(nameIn(graph, 'net:12'), 'mount: shop');
  // Without processes the made-up name is the best.
  graph.apply([{ ns: net([{ by: 'mount', path: '/run/docker/netns/1755c2e75541', mntns: 1 }]) }]);
  graph.apply([{ gone: { process: { pid: 200, start: 200 } } }]);
  assert.equal(nameIn(graph, 'net:12'), 'mount: 1755c2e75541');
});

void test('a container is called as its monitor calls it, however late that is heard', () => {
  const container = {
    pid: 300,
    ppid: 250,
    ns: { net: 12, pid: 13 },
    nspid: [300, 1],
    cgroup: `/libpod_parent/libpod-${id}`,
  };
  const graph = graphOf([container]);
  assert.equal(nameIn(graph, 'net:12'), `container: ${id.slice(0, 12)}`);
  const conmon = { pid: 250, comm: 'conmon', cmdline: `conmon --api-version 1 -c ${id} -n web` };
  const change = graph.apply([process(conmon)]);
  assert.equal(nameIn(graph, 'net:12'), 'container: web');
  assert.ok(change.changed.has('net:12') && change.former.has('net:12') && change.workloads.has(`podman:${id}`));
  // Someone else cannot give it another name afterwards.
  graph.apply([process({ pid: 40, start: 9000, comm: 'conmon', cmdline: `conmon -c ${id} -n harmless` })]);
  assert.equal(nameIn(graph, 'net:12'), 'container: web');
  graph.apply([{ gone: { process: { pid: 250, start: 250 } } }]);
  assert.equal(nameIn(graph, 'net:12'), 'container: harmless');
});

void test('a pod’s common namespaces are called after it, a container’s own after what runs in it', () => {
  const cgroup = (container: string): string => `/kubepods/burstable/pod${uid}/${container.repeat(64)}`;
  const graph = graphOf([
    { pid: 400, comm: 'pause', cgroup: cgroup('a'), ns: { net: 12, ipc: 14, mnt: 15, pid: 16 }, nspid: [400, 1] },
    { pid: 401, comm: 'nginx', cgroup: cgroup('b'), ns: { net: 12, ipc: 14, mnt: 25, pid: 26 }, nspid: [401, 1] },
    {
      pid: 390,
      comm: 'conmon',
      cmdline: `conmon -c ${'b'.repeat(64)} -n k8s_nginx_web-7d9_shop_${uid}_0`,
      cgroup: `/kubepods/burstable/pod${uid}/crio-conmon-${'b'.repeat(64)}`,
    },
  ]);
  assert.equal(nameIn(graph, 'net:12'), 'container: shop/web-7d9');
  assert.equal(nameIn(graph, 'mnt:15'), 'container: shop/web-7d9');
  assert.equal(nameIn(graph, 'mnt:25'), 'container: shop/web-7d9: nginx');
  assert.deepEqual(graph.namespaces.get('net:12')?.workloads, [`kubernetes:${uid}`]);
});

void test('a service within a machine that has a namespace to itself is called after both', () => {
  const graph = graphOf([
    { pid: 500, comm: 'systemd', cgroup: '/lxc.payload.web/init.scope', ns: { mnt: 11, pid: 13 }, nspid: [500, 1] },
    {
      pid: 501,
      ppid: 500,
      comm: 'nginx',
      cgroup: '/lxc.payload.web/a.service',
      ns: { mnt: 21, pid: 13 },
      nspid: [501, 7],
    },
  ]);
  assert.equal(nameIn(graph, 'mnt:11'), 'container: web');
  assert.equal(nameIn(graph, 'mnt:21'), 'container: web: nginx');
});

void test('a unit’s sandbox is called after the unit, what is made by hand in a session after itself', () => {
  const session = '/user.slice/user-1000.slice/session-3.scope';
  const graph = graphOf([
    { pid: 600, comm: 'nginx', cgroup: '/system.slice/nginx.service', ns: { mnt: 11 } },
    { pid: 700, comm: 'bash', cgroup: session },
    { pid: 701, ppid: 700, comm: 'unshare', cgroup: session, ns: { net: 12 } },
    { pid: 702, ppid: 701, comm: 'sleep', cgroup: session, ns: { net: 12, mnt: 31 } },
  ]);
  assert.equal(nameIn(graph, 'mnt:11'), 'unit: nginx.service');
  assert.equal(nameIn(graph, 'net:12'), 'process: unshare');
  assert.equal(nameIn(graph, 'mnt:31'), 'process: sleep');
  // What is made within belongs to what it was made in.
  assert.deepEqual(graph.workloads.get('process:701.701')?.namespaces, ['mnt:31', 'net:12']);
  assert.equal(graph.processes.get(700)?.workload, `unit:${session}`);
});

void test('the leading process is the init, else the lowest pid', () => {
  const graph = graphOf([
    { pid: 800, comm: 'nsenter', ns: { net: 12 } },
    { pid: 900, comm: 'app', ns: { net: 12, pid: 13 }, nspid: [900, 1] },
    { pid: 901, comm: 'other', ns: { net: 12, pid: 14 }, nspid: [901, 1] },
    { pid: 902, comm: 'plain', ns: { uts: 15 } },
    { pid: 903, comm: 'later', ns: { uts: 15 } },
  ]);
  assert.equal(graph.namespaces.get('net:12')?.leader, 900);
  assert.equal(nameIn(graph, 'net:12'), 'process: app');
  assert.equal(nameIn(graph, 'uts:15'), 'process: plain');
  graph.apply([process({ pid: 902, comm: 'renamed', ns: { uts: 15 } })]);
  assert.equal(nameIn(graph, 'uts:15'), 'process: renamed');
  graph.apply([{ gone: { process: { pid: 902, start: 902 } } }]);
  assert.equal(nameIn(graph, 'uts:15'), 'process: later');
});

void test('without members: who keeps it, whose it is, else its number', () => {
  const graph = graphOf(
    [{ pid: 50, comm: 'dockerd' }],
    [
      { type: 'net', id: 12, held: [{ by: 'fd', pid: 50, fd: 9 }] },
      { type: 'user', id: 13, uid: 1000, held: [{ by: 'child' }] },
      { type: 'user', id: 14, uid: 1001, held: [{ by: 'child' }] },
      { type: 'pid', id: 15, held: [{ by: 'child' }] },
    ],
  );
  graph.apply([{ user: { uid: 1000, name: 'alice' } }]);
  assert.equal(nameIn(graph, 'net:12'), 'process: dockerd');
  assert.equal(nameIn(graph, 'user:13'), 'owner: alice');
  assert.equal(nameIn(graph, 'user:14'), 'none: user:14');
  assert.equal(nameIn(graph, 'pid:15'), 'none: pid:15');
});

void test('sandboxes of Chromium and bubblewrap have a workload each; near misses do not', () => {
  const own = { user: 21, pid: 22, net: 23 };
  const graph = graphOf([
    { pid: 60, comm: 'chromium', cmdline: '/usr/lib/chromium/chromium about:blank' },
    { pid: 61, ppid: 60, comm: 'chromium', cmdline: '/usr/lib/chromium/chromium --type=zygote --no-zygote-sandbox' },
    {
      pid: 62,
      ppid: 60,
      comm: 'chromium',
      cmdline: '/usr/lib/chromium/chromium --type=zygote',
      ns: own,
      nspid: [62, 1],
    },
    {
      pid: 63,
      ppid: 62,
      comm: 'chromium',
      cmdline: '/usr/lib/chromium/chromium --type=renderer',
      ns: { ...own, pid: 24 },
      nspid: [63, 2, 1],
    },
    { pid: 70, comm: 'bwrap', cmdline: 'bwrap --unshare-all -- /usr/bin/gimp a.png' },
    { pid: 71, ppid: 70, comm: 'gimp', ns: { net: 33 } },
    { pid: 80, comm: 'node', cmdline: 'node server.js --type=renderer' },
    { pid: 81, comm: 'bwrapper', cmdline: 'bwrapper -- x', ns: { net: 43 } },
  ]);
  const workload = (pid: number): string | undefined => graph.processes.get(pid)?.workload;
  assert.equal(workload(60), undefined);
  assert.equal(workload(61), undefined);
  assert.equal(workload(62), 'chromium:60.60');
  assert.equal(workload(63), 'chromium:60.60');
  assert.equal(nameIn(graph, 'net:23'), 'container: chromium zygote');
  assert.equal(nameIn(graph, 'pid:24'), 'container: chromium renderer');
  assert.equal(workload(71), 'bubblewrap:70.70');
  assert.equal(nameIn(graph, 'net:33'), 'container: gimp');
  assert.equal(workload(80), undefined);
  assert.equal(workload(81), 'process:81.81');
});

void test('a container without a cgroup of its own is known by its monitor', () => {
  const graph = graphOf([
    {
      pid: 90,
      comm: 'containerd-shim',
      cmdline: 'containerd-shim-runc-v2 -namespace default -id redis -address /x',
      cgroup: '/',
    },
    { pid: 91, ppid: 90, comm: 'redis-server', cgroup: '/', ns: { mnt: 51, pid: 52 }, nspid: [91, 1] },
    { pid: 92, ppid: 91, comm: 'worker', cgroup: '/', ns: { mnt: 51, pid: 52 }, nspid: [92, 2] },
    // A helper of the shim that shares everything with it is not the container.
    { pid: 93, ppid: 90, comm: 'runc', cgroup: '/' },
  ]);
  assert.deepEqual(graph.workloads.get('containerd:redis')?.pids, [91, 92]);
  assert.equal(nameIn(graph, 'mnt:51'), 'container: redis');
});

void test('a pid that was taken again is no parent of the children of its former process', () => {
  const graph = graphOf([
    { pid: 95, start: 10, comm: 'bwrap', cmdline: 'bwrap -- sh' },
    { pid: 96, start: 11, ppid: 95, comm: 'sh', ns: { net: 61 } },
  ]);
  assert.equal(graph.processes.get(96)?.workload, 'bubblewrap:95.10');
  graph.apply([process({ pid: 95, start: 500, comm: 'bwrap', cmdline: 'bwrap -- other' })]);
  assert.equal(graph.processes.get(96)?.workload, 'process:96.11');
});
