import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HelperRecord } from '../../../extension/helper/protocol.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import { keepersOf, withoutKeepers } from '../../../extension/model/keepers.ts';
import type { Namespace } from '../../../extension/model/types.ts';

const net = 4026532290;

function worldOf(...records: readonly HelperRecord[]): { graph: HostGraph; namespace: Namespace } {
  const graph = new HostGraph();
  graph.apply([{ snapshot: { time: 1, complete: true, source: ['proc', 'mounts'] } }, ...records]);
  const namespace = graph.namespaces.get(`net:${net}`);
  assert.ok(namespace);
  return { graph, namespace };
}

function process(pid: number, cmdline: string, ns: { readonly net?: number } = {}): HelperRecord {
  return { process: { pid, start: pid, ppid: 1, uid: 0, comm: 'x', cmdline, ns } };
}

test('a name of ip netns and a holding process keep a namespace, and nothing is left without them', () => {
  const { graph, namespace } = worldOf(
    {
      ns: {
        type: 'net',
        id: net,
        held: [
          { by: 'mount', path: '/run/netns/blue', mntns: 1 },
          { by: 'mount', path: '/run/netns/blue', mntns: 2 },
        ],
      },
    },
    process(7, `linux-namespaces: green net:${net}`),
    process(8, `linux-namespaces: other net:${net + 1}`),
    process(9, `x linux-namespaces: fake net:${net}`),
  );
  assert.deepEqual(keepersOf(graph, namespace), {
    mounts: ['/run/netns/blue'],
    holders: ['green'],
    instance: undefined,
  });
  assert.match(withoutKeepers(namespace, true), /^Nothing else keeps it: it ends/);
  assert.match(withoutKeepers(namespace, false), /that can be seen/);
});

test('processes in it, or descriptors, keep it without a name', () => {
  const mount = { by: 'mount', path: '/run/netns/blue', mntns: 1 } as const;
  const lived = worldOf({ ns: { type: 'net', id: net, held: [mount] } }, process(7, 'nginx', { net }));
  assert.match(withoutKeepers(lived.namespace, true), /while 1 process is in it/);
  const held = worldOf({ ns: { type: 'net', id: net, held: [mount, { by: 'fd', pid: 7, fd: 3 }] } });
  assert.match(withoutKeepers(held.namespace, true), /what else holds it/);
});

test('an instance is kept as a whole', () => {
  const { graph, namespace } = worldOf(
    { ns: { type: 'net', id: net, held: [] } },
    process(7, 'linux-namespaces: web mnt,net', { net }),
  );
  assert.equal(keepersOf(graph, namespace).instance, 'web');
});
