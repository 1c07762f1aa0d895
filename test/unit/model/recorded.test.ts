import assert from 'node:assert/strict';
import test from 'node:test';
import { compare } from '../../../extension/model/compare.ts';
import { nsenterNamespace, nsenterProcess, pathOf, shellQuote } from '../../../extension/model/commands.ts';
import { namespaceDetails, processDetails, workloadDetails } from '../../../extension/model/details.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { children, parentOf, roots } from '../../../extension/model/layout.ts';
import type { View } from '../../../extension/model/layout.ts';
import { idOf } from '../../../extension/model/node-ref.ts';
import type { NodeRef } from '../../../extension/model/node-ref.ts';
import { rowOf } from '../../../extension/model/rows.ts';
import { exportGraph, exportText } from '../../../extension/model/snapshot-export.ts';
import type { Namespace, NamespaceKey, Process } from '../../../extension/model/types.ts';
import { explainNamespace, explainProcess, explainWorkload } from '../../../extension/model/words.ts';
import { recorded, recordedGraph } from './records.ts';

const graph = recordedGraph();

function namespace(key: NamespaceKey): Namespace {
  const found = graph.namespaces.get(key);
  assert.ok(found, key);
  return found;
}

function process(pid: number): Process {
  const found = graph.processes.get(pid);
  assert.ok(found, String(pid));
  return found;
}

function label(view: View, ref: NodeRef): string {
  const row = rowOf(view, ref);
  assert.ok(row, idOf(ref));
  return row.description === '' ? row.label : `${row.label} | ${row.description}`;
}

/** The rows that are there when everything down to `depth` is open. */
function outline(view: View, refs: readonly NodeRef[], depth: number, indent = ''): string[] {
  return refs.flatMap((ref) => [
    `${indent}${label(view, ref)}`,
    ...(depth > 1 ? outline(view, children(view, ref), depth - 1, `${indent}  `) : []),
  ]);
}

void test('workloads of a real host', () => {
  const named = Array.from(graph.workloadList, ({ kind, name }) => `${kind} ${name}`);
  assert.deepEqual(named, [
    'chromium chromium',
    'container job',
    'process kdevtmpfs',
    'bubblewrap sleep',
    'process unshare',
    'podman web',
  ]);
});

void test('the tree by workload', () => {
  const view: View = { graph, grouping: 'workload', visible: undefined };
  const lines = outline(view, roots(view), 2);
  assert.deepEqual(lines.slice(0, 3), [
    'The host’s own | 8',
    '  host | mnt · 4026531832 · 13 processes · owned by host',
    '  host | uts · 4026531838 · 16 processes · owned by host',
  ]);
  assert.deepEqual(lines.slice(lines.indexOf('web | Podman container · 1 process')), [
    'web | Podman container · 1 process',
    '  web | mnt · 4026541379 · 1 process · owned by host',
    '  web | uts · 4026541590 · 1 process · owned by host',
    '  web | ipc · 4026541591 · 1 process · owned by host',
    '  web | pid · 4026541592 · 1 process · owned by host',
    '  web | net · 4026541593 · 1 process · owned by host',
    'Without processes | 2',
    '  blue | net · 4026541944 · 0 processes · owned by host',
    '  alice | user · 4026541664 · 0 processes · owned by host',
  ]);
});

void test('the tree by type: the host’s own first, then by name', () => {
  const view: View = { graph, grouping: 'type', visible: undefined };
  const [net] = roots(view).filter((ref) => ref.kind === 'type' && ref.type === 'net');
  assert.ok(net);
  assert.deepEqual(outline(view, [net], 2), [
    'Network | 7',
    '  host | 4026531833 · 11 processes · owned by host',
    '  blue | 4026541944 · 0 processes · owned by host',
    '  chromium zygote | 4026541666 · 3 processes · owned by alice',
    '  job | 4026542017 · 1 process · owned by host',
    '  sleep | 4026541875 · 2 processes · owned by sleep',
    '  sleep | 4026542089 · 2 processes · owned by sleep',
    '  web | 4026541593 · 1 process · owned by host',
  ]);
  const blue: NodeRef = { kind: 'namespace', key: 'net:4026541944', under: 'type' };
  assert.deepEqual(outline(view, children(view, blue), 1), ['/run/netns/blue | bind mount']);
  // What a process of another namespace keeps by its sockets is one row.
  const zygote: NodeRef = { kind: 'namespace', key: 'net:4026541666', under: 'type' };
  assert.deepEqual(
    outline(view, children(view, zygote), 1)[0],
    'chromium (pid 22631) | socket, file descriptor 70 and 4 others',
  );
});

void test('the tree by owner: user namespaces nest, and pid namespaces within them', () => {
  const view: View = { graph, grouping: 'owner', visible: undefined };
  const [host] = roots(view);
  assert.ok(host);
  assert.equal(roots(view).length, 1);
  const lines = outline(view, [host], 6).filter((line) => !/ \d+ · (root|alice) · /.test(line));
  const start = lines.findIndex((line) => line.startsWith('  alice | user'));
  assert.deepEqual(lines.slice(start, start + 9), [
    '  alice | user · 4026541664',
    '    chromium zygote | user · 4026541662',
    '      Processes | 3',
    '      chromium utility | pid · 4026542164',
    '        Processes | 1',
    '    chromium zygote | pid · 4026541665',
    '      Processes | 2',
    '    chromium zygote | net · 4026541666 · 3 processes',
    '      chromium (pid 22631) | socket, file descriptor 70 and 4 others',
  ]);
  // Containers that root made: their pid namespaces stand below the host's.
  const pid: NodeRef = { kind: 'namespace', key: 'pid:4026541592', under: 'owner:pid:4026531836' };
  const above = parentOf(view, pid);
  assert.ok(above);
  assert.equal(label(view, above), 'host | pid · 4026531836');
});

void test('what is said of a namespace', () => {
  assert.equal(
    explainNamespace(graph, namespace('net:4026541593')),
    [
      'web: network namespace, number 4026541593. Its processes have network devices, addresses, routes, firewall rules and ports to themselves.',
      "It is named after its leading process or what that belongs to. It is owned by the host's own user namespace.",
      'It is kept alive by the process sleep (pid 14623). Not everything on this host is visible, so there may be more.',
      'As far as is visible, only the Podman container web is in it. Its leading process sleep (pid 14623) shares user, cgroup and time with the host and has other namespaces for mnt, uts, ipc, pid and net.',
    ].join('\n\n'),
  );
  assert.equal(
    explainNamespace(graph, namespace('user:4026541662')),
    [
      'chromium zygote: user namespace, number 4026541662. Its processes have user and group ids, capabilities and keys to themselves.',
      'It is named after its leading process or what that belongs to. It is owned by user namespace alice (4026541664). It was made by alice (uid 1000).',
      'It is below user namespace alice (4026541664).',
      'It is kept alive by 3 processes, the first of them chromium (pid 22663) and a namespace that is below it or that it owns. Not everything on this host is visible, so there may be more.',
      'As far as is visible, only the Chromium sandbox chromium is in it. Its leading process chromium (pid 22663) shares mnt, uts, ipc, cgroup and time with the host and has other namespaces for pid, net and user.',
    ].join('\n\n'),
  );
  assert.equal(
    explainNamespace(graph, namespace('net:4026541944')),
    [
      'blue: network namespace, number 4026541944. Its processes have network devices, addresses, routes, firewall rules and ports to themselves.',
      "It is named after where it is mounted. It is owned by the host's own user namespace.",
      'It is kept alive by the bind mount /run/netns/blue. Not everything on this host is visible, so there may be more.',
    ].join('\n\n'),
  );
  assert.match(
    explainNamespace(graph, namespace('pid:4026531836')),
    /It lives as long as the kernel\. 12 processes are in it\./,
  );
  assert.match(explainNamespace(graph, namespace('pid:4026531836')), /5 pid namespaces are directly below it\./);
});

void test('holders that were not looked for are not said to be missing', () => {
  const plain = new HostGraph();
  plain.apply(
    recorded('containers.jsonl').map((record) =>
      'snapshot' in record ? { snapshot: { ...record.snapshot, source: ['proc', 'mounts', 'ioctl'] } } : record,
    ),
  );
  const blue = plain.namespaces.get('net:4026541944');
  assert.ok(blue);
  assert.match(explainNamespace(plain, blue), /Not looked at: threads, open files and sockets; a deep refresh does\./);
});

void test('what is said of a process and a workload', () => {
  assert.equal(
    explainProcess(graph, process(14827)),
    [
      'sleep, process 14827 of root.',
      'Command: sleep 600',
      'Its parent is unshare (pid 14804). It belongs to the process tree unshare. In the pid namespaces below, its pid is 1.',
      'It shares uts, ipc, cgroup and time with the host and has other namespaces for mnt, pid, net and user.',
    ].join('\n\n'),
  );
  assert.match(explainProcess(graph, process(1)), /Its namespaces may not be seen by this user\.$/);
  assert.match(explainProcess(graph, process(22671)), /Its root directory is \/proc\/22670\/fdinfo\./);
  const web = graph.workloads.get(process(14623).workload ?? '');
  assert.ok(web);
  assert.equal(
    explainWorkload(graph, web),
    [
      'web: Podman container, 4dfa46e4c5b847daa2bc4fa50ed40f9f47fb6ea79147ab5394f4214bd0ca81b5.',
      "1 process in 5 namespaces that are not the host's own.",
      'Its leading process sleep (pid 14623) shares user, cgroup and time with the host and has other namespaces for mnt, uts, ipc, pid and net.',
    ].join('\n\n'),
  );
});

void test('nsenter commands: what owns a namespace decides the flags', () => {
  const text = (key: NamespaceKey): string | undefined => nsenterNamespace(graph, namespace(key))?.text;
  assert.equal(text('net:4026541593'), 'nsenter --target 14623 --net');
  assert.equal(nsenterNamespace(graph, namespace('net:4026541593'))?.needsRoot, true);
  assert.equal(text('net:4026541944'), 'nsenter --net=/run/netns/blue');
  // Owned by the user namespace that its process is in.
  assert.equal(text('net:4026542089'), 'nsenter --target 14827 --user --preserve-credentials --net');
  assert.equal(nsenterNamespace(graph, namespace('net:4026542089'))?.needsRoot, false);
  assert.equal(text('pid:4026541873'), 'nsenter --target 14801 --user --preserve-credentials --pid');
  assert.equal(text('user:4026541662'), 'nsenter --target 22663 --user --preserve-credentials');
  // Its owner has no process: nothing that could be opened by a path leads there.
  assert.equal(text('user:4026541664'), undefined);
  assert.equal(text('net:4026541666'), 'nsenter --target 22663 --net');
  assert.equal(nsenterNamespace(graph, namespace('net:4026541666'))?.needsRoot, true);
  assert.equal(
    nsenterProcess(graph, process(14810))?.text,
    'nsenter --target 14810 --user --preserve-credentials --mount --uts --ipc --pid --net --cgroup',
  );
  assert.equal(nsenterProcess(graph, process(14810))?.needsRoot, false);
  assert.equal(nsenterProcess(graph, process(14623))?.needsRoot, true);
  assert.equal(nsenterProcess(graph, process(2)), undefined);
  assert.equal(nsenterProcess(graph, process(1)), undefined);
});

void test('paths to open a namespace by, quoted for a shell', () => {
  assert.equal(pathOf(graph, namespace('mnt:4026541379')), '/proc/14623/ns/mnt');
  const made = new HostGraph();
  made.apply([
    { process: { pid: 1, start: 0, ppid: 0, comm: 'init', ns: { pid: 4026531836, mnt: 1, user: 4026531837 } } },
    { process: { pid: 70, start: 5, ppid: 1, comm: 'lxc', ns: { mnt: 2 } } },
    { ns: { type: 'net', id: 10, held: [{ by: 'mount', path: "/run/netns/it's me", mntns: 1 }] } },
    { ns: { type: 'net', id: 11, held: [{ by: 'mount', path: '/run/netns/in', mntns: 2 }] } },
    { ns: { type: 'net', id: 12, held: [{ by: 'mount', path: '/run/netns/gone', mntns: 3 }] } },
    { ns: { type: 'net', id: 13, held: [{ by: 'fd', pid: 70, fd: 9 }] } },
    { ns: { type: 'net', id: 14, held: [{ by: 'task', pid: 70, tid: 71 }] } },
    { ns: { type: 'pid', id: 15, held: [{ by: 'for_children', pid: 70 }] } },
    { ns: { type: 'net', id: 16, held: [{ by: 'socket', pid: 70, fd: 3 }] } },
    { ns: { type: 'net', id: 17, held: [{ by: 'mount', path: '/run/netns/\u001b[201~x', mntns: 1 }] } },
  ]);
  const text = (key: NamespaceKey): string | undefined => {
    const found = made.namespaces.get(key);
    assert.ok(found);
    return nsenterNamespace(made, found)?.text;
  };
  assert.equal(text('net:10'), String.raw`nsenter '--net=/run/netns/it'\''s me'`);
  assert.equal(text('net:11'), 'nsenter --net=/proc/70/root/run/netns/in');
  assert.equal(text('net:12'), undefined);
  assert.equal(text('net:13'), 'nsenter --net=/proc/70/fd/9');
  assert.equal(text('net:14'), 'nsenter --net=/proc/70/task/71/ns/net');
  assert.equal(text('pid:15'), 'nsenter --pid=/proc/70/ns/pid_for_children');
  assert.equal(text('net:16'), undefined);
  // Pasted, it would end the terminal's bracketed paste.
  assert.equal(text('net:17'), undefined);
  assert.equal(shellQuote('$(reboot)`x`'), "'$(reboot)`x`'");
});

void test('a namespace of which the owner is not its process’s user namespace is joined through the owner', () => {
  const made = new HostGraph();
  made.apply([
    { ns: { type: 'user', id: 20, owner: 4026531837, parent: 4026531837, uid: 1000, held: [] } },
    { ns: { type: 'user', id: 21, owner: 20, parent: 20, uid: 1000, held: [] } },
    { ns: { type: 'net', id: 30, owner: 20, held: [] } },
    { process: { pid: 1, start: 0, ppid: 0, comm: 'init', ns: { pid: 4026531836, user: 4026531837, net: 1 } } },
    { process: { pid: 50, start: 5, ppid: 1, comm: 'outer', ns: { user: 20, net: 1 } } },
    { process: { pid: 60, start: 6, ppid: 50, comm: 'inner', ns: { user: 21, net: 30 } } },
  ]);
  const net = made.namespaces.get('net:30');
  assert.ok(net);
  const command = nsenterNamespace(made, net);
  assert.equal(command?.text, 'nsenter --target 60 --user=/proc/50/ns/user --preserve-credentials --net');
  assert.equal(command.needsRoot, false);
});

void test('two processes compared', () => {
  const result = compare(
    graph,
    { kind: 'process', process: process(14623) },
    { kind: 'process', process: process(14824) },
  );
  assert.deepEqual(result.titles, ['sleep (pid 14623)', 'sleep (pid 14824)']);
  assert.deepEqual(result.shared, ['user', 'cgroup', 'time']);
  assert.deepEqual(result.different, ['mnt', 'uts', 'ipc', 'pid', 'net']);
  assert.deepEqual(result.unknown, []);
  const [left, right] = result.texts.map((text) => text.split('\n'));
  assert.equal(left?.length, right?.length);
  assert.ok(left?.includes('net: 4026541593 (web)') && right?.includes('net: 4026542017 (job)'));
  assert.ok(left?.includes('user: 4026531837 (host)') && right?.includes('user: 4026531837 (host)'));
});

void test('two namespaces compared, also one without processes', () => {
  const result = compare(
    graph,
    { kind: 'namespace', namespace: namespace('net:4026541593') },
    { kind: 'namespace', namespace: namespace('net:4026541944') },
  );
  assert.deepEqual(result.titles, ['web (net:4026541593)', 'blue (net:4026541944)']);
  assert.equal(result.unknown.length, 8);
  assert.match(result.texts[1], /^other holders:\n {2}the bind mount \/run\/netns\/blue$/m);
  assert.match(result.texts[1], /^leading process of net:4026541944:\n {2}none$/m);
  const hidden = compare(graph, { kind: 'process', process: process(1) }, { kind: 'process', process: process(2) });
  assert.equal(hidden.unknown.length, 8);
});

void test('details as plain data in a fixed order', () => {
  const details = namespaceDetails(graph, namespace('net:4026541593'));
  assert.deepEqual(JSON.parse(JSON.stringify(details)), details);
  assert.deepEqual(Object.keys(details), [
    'namespace',
    'type',
    'id',
    'kernel id',
    'name',
    'name from',
    'summary',
    'owner',
    'leading process',
    'held by',
    'members',
    'workloads',
    'path',
    'nsenter',
  ]);
  const text = JSON.stringify(processDetails(graph, process(14623)));
  assert.match(text, /"pid at each level":\[14623,1\]/);
  assert.match(text, /"net":"net:4026541593 \(web\)"/);
  assert.match(JSON.stringify(processDetails(graph, process(1))), /"namespaces":"may not be seen by this user"/);
  const web = graph.workloads.get(process(14623).workload ?? '');
  assert.ok(web);
  assert.match(JSON.stringify(workloadDetails(graph, web)), /"kind":"Podman container"/);
});

void test('the export is the same whatever order the records came in', () => {
  const records = recorded('containers.jsonl');
  const [snapshot, ...rest] = records;
  const end = rest.pop();
  assert.ok(snapshot !== undefined && end !== undefined);
  const turned = new HostGraph();
  turned.apply([snapshot, ...rest.toReversed(), end]);
  assert.equal(exportText(turned), exportText(graph));
  const exported = exportGraph(graph);
  assert.equal(exported.namespaces.length, 36);
  assert.equal(exported.processes.length, 21);
  assert.match(exportText(graph), /^\{\n {2}"format": "linux-namespaces-snapshot",\n {2}"version": 1,/);
});
