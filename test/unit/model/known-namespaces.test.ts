import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostGraph } from '../../../extension/model/graph.ts';
import { knownNamespaces, mountsSeen } from '../../../extension/model/known-namespaces.ts';
import { World } from './world.ts';

const hostsMnt = 4026531841;

function host(complete = true, source = ['proc', 'mounts']): HostGraph {
  const graph = new HostGraph();
  const [, ...own] = new World(1).snapshot().filter((record) => !('end' in record));
  graph.apply([
    { snapshot: { time: 1, complete, source } },
    ...own,
    {
      ns: { type: 'net', id: 7, owner: 4026531837, held: [{ by: 'mount', path: '/run/netns/blue', mntns: hostsMnt }] },
    },
    { ns: { type: 'net', id: 8, owner: 4026531837, held: [{ by: 'mount', path: '/run/netns/far', mntns: 99 }] } },
    {
      ns: {
        type: 'net',
        id: 9,
        owner: 4026531837,
        held: [{ by: 'mount', path: '/run/netns/o\u202edd', mntns: hostsMnt }],
      },
    },
    { ns: { type: 'uts', id: 10, owner: 4026531837, held: [{ by: 'fd', pid: 1, fd: 3 }] } },
    { end: { processes: 1, namespaces: 12, unreadable: 0, milliseconds: 1 } },
  ]);
  return graph;
}

test('the host’s own and what has a path where the helper is can be meant by a file; nothing else', () => {
  const known = knownNamespaces(host(), hostsMnt);
  assert.deepEqual(
    known
      .filter(({ initial }) => !initial)
      .map(({ type, id, name, paths, members }) => [type, id, name, paths, members]),
    [['net', 7, 'blue', ['/run/netns/blue'], 0]],
  );
  const own = known.filter(({ initial }) => initial);
  assert.ok(own.some(({ type, pids, workloads }) => type === 'net' && pids.includes(1) && workloads.length === 0));
});

test('from the host’s own mount namespace, a path that is not known has no namespace', () => {
  assert.equal(mountsSeen(host(), hostsMnt), true);
  // What cannot be seen of processes is another matter.
  assert.equal(mountsSeen(host(false), hostsMnt), true);
  assert.equal(mountsSeen(host(), 99), false);
  assert.equal(mountsSeen(host(), undefined), false);
  assert.equal(mountsSeen(host(true, ['proc']), hostsMnt), false);
});
