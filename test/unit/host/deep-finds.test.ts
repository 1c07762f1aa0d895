import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { HelperRecord, Holder, NamespaceRecord, NamespaceType } from '../../../extension/helper/protocol.ts';
import { DeepFinds } from '../../../extension/host/deep-finds.ts';
import { GraphFeed } from '../../../extension/host/graph-feed.ts';
import { HostGraph } from '../../../extension/model/graph.ts';
import type { Change, Graph, NamespaceKey } from '../../../extension/model/types.ts';
import { tick } from './fakes.ts';

function process(pid: number, start = pid * 10): HelperRecord {
  return { process: { pid, start, ppid: 1, comm: `p${pid}`, ns: { net: 1 } } };
}

function ns(id: number, held: readonly Holder[] = [], more: Partial<NamespaceRecord> = {}): HelperRecord {
  return { ns: { type: 'net', id, held, ...more } };
}

function scan(source: readonly string[], time: number, records: readonly HelperRecord[], boot = 'b1'): HelperRecord[] {
  return [{ snapshot: { boot, time, complete: true, source } }, ...records];
}

function gone(pid: number, start = pid * 10): HelperRecord {
  return { gone: { process: { pid, start } } };
}

function goneNs(id: number, type: NamespaceType = 'net'): HelperRecord {
  return { gone: { ns: `${type}:${id}` } };
}

function texts(holders: readonly Holder[] | undefined): string[] | undefined {
  return holders?.map((holder) => Object.values(holder).join()).toSorted();
}

describe('what only a deep scan finds', () => {
  const plain = ['proc', 'mounts'];
  const deep = ['proc', 'mounts', 'fds', 'listns'];
  /** What a plain scan sees too. */
  const mount: Holder = { by: 'mount', path: '/run/netns/red', mntns: 7 };
  const fd: Holder = { by: 'fd', pid: 20, fd: 3 };
  const socket: Holder = { by: 'socket', pid: 30, fd: 4 };
  const everyone = [process(10), process(20), process(30)];

  let feed: GraphFeed;
  let changes: Change[];

  beforeEach(() => {
    changes = [];
    feed = new GraphFeed(new HostGraph(), (change) => changes.push(change));
  });

  function graph(): Graph {
    assert.ok(feed.graph);
    return feed.graph;
  }

  /** All but the one namespace that every process here is in. */
  function ids(): number[] {
    return [...graph().namespaces.values()]
      .map(({ id }) => id)
      .filter((id) => id !== 1)
      .toSorted((a, b) => a - b);
  }

  /** In whatever order: that is the graph's affair. */
  function assertHeld(key: NamespaceKey, expected: readonly Holder[]): void {
    assert.deepEqual(texts(graph().namespaces.get(key)?.held), texts(expected));
  }

  function watchSnapshot(records: readonly HelperRecord[], boot?: string): void {
    feed.apply([...scan(plain, 200, records, boot), tick], true);
  }

  function watchChange(...records: readonly HelperRecord[]): void {
    feed.apply([...records, tick], false);
  }

  /** A deep scan that finds 2 by a mount and a descriptor, 3 by a descriptor and a socket, 4 by listns alone. */
  function refresh(): void {
    feed.refresh(scan(deep, 100, [...everyone, ns(2, [mount, fd]), ns(3, [fd, socket]), ns(4)]));
    watchSnapshot([...everyone, ns(2, [mount])]);
  }

  it('is not in the graph without one', () => {
    watchSnapshot([...everyone, ns(2, [mount])]);
    assert.deepEqual(ids(), [2]);
    assert.equal(feed.deepTime, undefined);
    assert.deepEqual(graph().completeness.source, plain);
  });

  it('joins what is watched, with its holders, its sources and its time', () => {
    refresh();
    assert.deepEqual(ids(), [2, 3, 4]);
    assertHeld('net:2', [mount, fd]);
    assertHeld('net:3', [fd, socket]);
    assert.deepEqual(graph().completeness.source, deep);
    assert.equal(feed.deepTime, 100);
    assert.equal(graph().time, 200);
  });

  it('makes the view as incomplete as the less complete of both', () => {
    const records = scan(deep, 100, [...everyone, ns(3, [fd])]);
    feed.refresh(records.with(0, { snapshot: { boot: 'b1', time: 100, complete: false, source: deep } }));
    watchSnapshot(everyone);
    assert.equal(graph().completeness.complete, false);
  });

  it('stays over later snapshots while a holder lives; what nobody is known to hold does not', () => {
    refresh();
    watchSnapshot([...everyone, ns(2, [mount])]);
    assert.deepEqual(ids(), [2, 3]);
    assert.deepEqual(graph().completeness.source, deep);
    watchSnapshot([process(10), process(30), ns(2, [mount])]);
    assert.deepEqual(ids(), [2, 3]);
    assertHeld('net:2', [mount]);
    assertHeld('net:3', [socket]);
  });

  it('goes, with the claim to have looked deeply, when no holder is left in a snapshot', () => {
    refresh();
    watchSnapshot([process(10), ns(2, [mount])]);
    assert.deepEqual(ids(), [2]);
    assert.deepEqual(graph().completeness.source, plain);
    assert.equal(feed.deepTime, undefined);
  });

  it('is not kept by another process with the same pid, nor after another boot', () => {
    refresh();
    watchSnapshot([process(10), process(20, 999), process(30), ns(2, [mount])]);
    assertHeld('net:3', [socket]);
    watchSnapshot([...everyone, ns(2, [mount])], 'b2');
    assert.deepEqual(ids(), [2]);
    assert.equal(feed.deepTime, undefined);
  });

  it('loses holders as their processes end, and goes with the last', () => {
    refresh();
    watchChange(gone(20));
    assertHeld('net:2', [mount]);
    assertHeld('net:3', [socket]);
    watchChange(gone(30));
    assert.deepEqual(ids(), [2, 4]);
    assert.ok(changes.at(-1)?.removed.has('net:3'));
  });

  it('is not touched by the end of an earlier process with the same pid', () => {
    refresh();
    watchChange(gone(20, 5));
    assertHeld('net:3', [fd, socket]);
  });

  it('loses a holder whose pid belongs to another process now', () => {
    refresh();
    watchChange(process(20, 999));
    assertHeld('net:3', [socket]);
  });

  it('keeps its holders when the watch tells about the namespace again', () => {
    refresh();
    const other: Holder = { by: 'mount', path: '/run/netns/blue', mntns: 7 };
    watchChange(ns(2, [mount, other]));
    assertHeld('net:2', [mount, other, fd]);
    watchChange(ns(3, [other]));
    assertHeld('net:3', [other, fd, socket]);
    watchChange(goneNs(3));
    assertHeld('net:3', [fd, socket]);
  });

  it('keeps a namespace whose last mount went while a descriptor holds it, until that goes too', () => {
    refresh();
    watchChange(gone(10), goneNs(2));
    assertHeld('net:2', [fd]);
    watchChange(gone(20));
    assert.deepEqual(ids(), [3, 4]);
  });

  it('goes when mount and descriptor go in one batch, in any order', () => {
    for (const records of [
      [gone(10), gone(20), goneNs(2)],
      [goneNs(2), gone(20), gone(10)],
    ]) {
      refresh();
      watchChange(...records);
      assert.deepEqual(ids(), [3, 4]);
    }
  });

  it('keeps the owner and the parents of what it keeps, and lets them go together', () => {
    const child: Holder = { by: 'child' };
    feed.refresh(
      scan(deep, 100, [
        ...everyone,
        { ns: { type: 'user', id: 50, held: [child] } },
        { ns: { type: 'user', id: 51, parent: 50, held: [child] } },
        ns(3, [fd], { owner: 51 }),
      ]),
    );
    watchSnapshot(everyone);
    assert.deepEqual(ids(), [3, 50, 51]);
    watchSnapshot(everyone);
    assert.deepEqual(ids(), [3, 50, 51]);
    watchChange(gone(20));
    assert.deepEqual(ids(), []);
  });

  it('is replaced by the next deep scan and dropped by a plain one', () => {
    refresh();
    feed.refresh(scan(deep, 300, [...everyone, ns(5, [fd])]));
    watchSnapshot(everyone);
    assert.deepEqual(ids(), [5]);
    assert.equal(feed.deepTime, 300);
    feed.refresh(undefined);
    assert.deepEqual(ids(), [5]);
    watchSnapshot(everyone);
    assert.deepEqual(ids(), []);
    assert.equal(feed.deepTime, undefined);
  });

  it('says that a deep scan was made although it found nothing more', () => {
    feed.refresh(scan(deep, 100, everyone));
    watchSnapshot(everyone);
    assert.equal(feed.deepTime, 100);
    assert.deepEqual(graph().completeness.source, deep);
    watchSnapshot(everyone);
    assert.equal(feed.deepTime, undefined);
    assert.deepEqual(graph().completeness.source, plain);
  });

  it('does not name a holder twice that the watch names too', () => {
    const task: Holder = { by: 'task', pid: 20, tid: 21 };
    feed.refresh(scan(deep, 100, [...everyone, ns(2, [mount, task])]));
    watchSnapshot([...everyone, ns(2, [mount, task])]);
    assertHeld('net:2', [mount, task]);
  });

  it('leaves batches alone that it has nothing to say about', () => {
    const finds = new DeepFinds([]);
    const records = [process(10), tick];
    assert.equal(finds.mergeChanges(records), records);
  });

  it('agrees with the kernel’s truth over random histories', () => {
    // Mounts and descriptors of processes that end: a namespace is there while either is.
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const living = new Set(Array.from({ length: 12 }, (_, index) => index + 10));
      const mounts = new Map<number, Set<number>>();
      const descriptors = new Map<number, Set<number>>();
      for (let id = 100; id < 110; id++) {
        mounts.set(id, new Set(Array.from({ length: random(3) }, () => random(12) + 10)));
        descriptors.set(id, new Set(Array.from({ length: random(3) }, () => random(12) + 10)));
      }
      const held = (id: number, deepToo: boolean): Holder[] => [
        ...[...(mounts.get(id) ?? [])].slice(0, 1).map((pid): Holder => ({ by: 'mount', path: `/${pid}`, mntns: pid })),
        ...(deepToo ? [...(descriptors.get(id) ?? [])].map((pid): Holder => ({ by: 'fd', pid, fd: 3 })) : []),
      ];
      const all = [...mounts.keys()];
      const processes = (): HelperRecord[] => [...living].map((pid) => process(pid));
      const watched = (): number[] => all.filter((id) => (mounts.get(id)?.size ?? 0) > 0);
      const truth = (): number[] => all.filter((id) => held(id, true).length > 0);

      feed.refresh(scan(deep, 100, [...processes(), ...truth().map((id) => ns(id, held(id, true)))]));
      watchSnapshot([...processes(), ...watched().map((id) => ns(id, held(id, false)))]);
      assert.deepEqual(ids(), truth());
      while (living.size > 0) {
        const before = new Set(watched());
        const ended = [...living].filter(() => random(4) === 0);
        for (const pid of ended) {
          living.delete(pid);
          for (const set of [...mounts.values(), ...descriptors.values()]) set.delete(pid);
        }
        if (random(3) === 0) watchSnapshot([...processes(), ...watched().map((id) => ns(id, held(id, false)))]);
        else {
          const lost = [...before].filter((id) => !watched().includes(id));
          const records = [...ended.map((pid) => gone(pid)), ...lost.map((id) => goneNs(id))];
          watchChange(...(random(2) === 0 ? records : records.toReversed()));
        }
        assert.deepEqual(ids(), truth());
      }
    }
  });
});
