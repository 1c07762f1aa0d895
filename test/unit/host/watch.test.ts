import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { EndRecord, HelperRecord } from '../../../extension/helper/protocol.ts';
import { bench, code, Deferred, pass, settle, snapshot, tick } from './fakes.ts';
import type { Bench } from './fakes.ts';

const grace = 2_000;

/** The last batch that reached the graph has this record. */
function shows({ graphs }: Bench, wanted: HelperRecord): boolean {
  const last = graphs[0]?.batches.at(-1) ?? [];
  return last.some((record) => JSON.stringify(record) === JSON.stringify(wanted));
}

describe('watching', () => {
  let at: Bench;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
    at = bench({ watchGrace: grace });
  });

  afterEach(async () => {
    at.host.dispose();
    await settle();
    assert.equal(at.functions.open, 0);
    mock.timers.reset();
  });

  it('stops after a grace when no view shows the host, also right after connecting', async () => {
    await at.host.connect();
    assert.equal(at.functions.running, 1);
    await pass(grace - 1);
    assert.equal(at.functions.running, 1);
    await pass(1);
    assert.equal(at.functions.running, 0);
    assert.equal(at.host.state.kind, 'connected');
  });

  it('goes on while at least one view holds it', async () => {
    const first = at.host.watch();
    await at.host.connect();
    const second = at.host.watch();
    first.dispose();
    first.dispose();
    await pass(10 * grace);
    assert.equal(at.functions.running, 1);
    second.dispose();
    await pass(grace);
    assert.equal(at.functions.running, 0);
    assert.equal(at.functions.watches.length, 1);
  });

  it('restarts nothing when a view returns within the grace', async () => {
    await at.host.connect();
    const first = at.host.watch();
    first.dispose();
    await pass(grace - 1);
    const second = at.host.watch();
    await pass(10 * grace);
    assert.equal(at.functions.watches.length, 1);
    assert.equal(at.functions.running, 1);
    second.dispose();
  });

  it('begins again with a fresh snapshot, into the same graph, when a view returns later', async () => {
    await at.host.connect();
    await pass(grace);
    const [graph] = at.graphs;
    assert.equal(graph?.batches.length, 1);
    const view = at.host.watch();
    await settle();
    assert.equal(at.functions.watches.length, 2);
    assert.deepEqual(graph?.batches.at(-1), snapshot(2));
    view.dispose();
  });

  it('ignores what a cancelled request still delivers', async () => {
    await at.host.connect();
    await pass(grace);
    const batches = at.graphs[0]?.batches.length;
    at.functions.watches[0]?.onBatch(snapshot(99));
    assert.equal(at.graphs[0]?.batches.length, batches);
  });

  it('is resumed after a reconnect for views that stayed', async () => {
    const view = at.host.watch();
    await at.host.connect();
    at.functions.transports[0]?.close(new Error('cut'));
    await settle();
    assert.equal(at.functions.running, 0);
    await pass(500);
    assert.equal(at.host.state.kind, 'connected');
    await pass(10 * grace);
    assert.equal(at.functions.running, 1);
    view.dispose();
  });
});

describe('refreshing', () => {
  let at: Bench;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
    at = bench({ watchGrace: grace });
  });

  afterEach(async () => {
    at.host.dispose();
    await settle();
    assert.equal(at.functions.open, 0);
    mock.timers.reset();
  });

  it('needs a connection', async () => {
    await assert.rejects(at.host.refresh({ deep: false }), code('lost'));
  });

  it('brings one fresh snapshot and its figures, whether views are open or not', async () => {
    await at.host.connect();
    mock.timers.tick(grace);
    assert.equal(at.functions.running, 0);
    const end = await at.host.refresh({ deep: false });
    assert.deepEqual(end, { processes: 1, namespaces: 1, unreadable: 0, milliseconds: 2 });
    assert.deepEqual(at.graphs[0]?.batches.at(-1), snapshot(2));
    mock.timers.tick(grace);
    assert.equal(at.functions.running, 0);

    const view = at.host.watch();
    await settle();
    await at.host.refresh({ deep: false });
    assert.deepEqual(at.graphs[0]?.batches.at(-1), snapshot(4));
    assert.equal(at.functions.running, 1);
    view.dispose();
  });

  it('answers every caller with a snapshot taken after its call', async () => {
    await at.host.connect();
    at.functions.onWatch = () => {};
    const first = at.host.refresh({ deep: false });
    await settle();
    const early = at.functions.watches.at(-1);
    const second = at.host.refresh({ deep: false });
    await settle();
    early?.onBatch(snapshot(50));
    at.functions.watches.at(-1)?.onBatch(snapshot(51));
    await Promise.all([first, second]);
    assert.deepEqual(at.graphs[0]?.batches.at(-1), snapshot(51));
    assert.equal(at.functions.running, 1);
  });

  it('can be cancelled; what is watched goes on', async () => {
    await at.host.connect();
    const view = at.host.watch();
    at.functions.onWatch = () => {};
    const controller = new AbortController();
    const done = at.host.refresh({ deep: false, signal: controller.signal });
    await settle();
    controller.abort();
    await assert.rejects(done, code('cancelled'));
    assert.equal(at.functions.running, 1);
    assert.equal(at.host.state.kind, 'connected');
    view.dispose();
  });

  it('ends with the connection, saying why', async () => {
    await at.host.connect();
    at.functions.onWatch = () => {};
    const plain = at.host.refresh({ deep: false });
    at.functions.deepScan = () => new Deferred<EndRecord>().promise;
    const deep = at.host.refresh({ deep: true });
    await settle();
    at.functions.transports[0]?.close(new Error('cut'));
    await assert.rejects(plain, code('lost'));
    await assert.rejects(deep, code('lost'));
  });

  it('is cancelled by disconnecting', async () => {
    await at.host.connect();
    at.functions.onWatch = () => {};
    const done = at.host.refresh({ deep: false });
    await settle();
    at.host.disconnect();
    await assert.rejects(done, code('cancelled'));
  });

  describe('deeply', () => {
    const holder: HelperRecord = { process: { pid: 5, start: 50, ppid: 1, comm: 'keeper' } };
    const kept: HelperRecord = { ns: { type: 'net', id: 77, held: [{ by: 'fd', pid: 5, fd: 3 }] } };

    beforeEach(async () => {
      await at.host.connect();
      at.functions.deep = [
        { snapshot: { boot: 'boot', time: 700, complete: true, source: ['proc', 'fds'] } },
        holder,
        kept,
      ];
      at.functions.onWatch = (watch) => {
        const [first, ...rest] = snapshot(++at.functions.snapshots);
        assert.ok(first);
        watch.onBatch([first, holder, ...rest]);
      };
    });

    it('adds what only a deep scan sees, and says since when', async () => {
      assert.deepEqual(await at.host.refresh({ deep: true }), { processes: 7 });
      assert.ok(shows(at, kept));
      assert.equal(at.host.deepTime, 700);
    });

    it('keeps it when the watch begins again', async () => {
      await at.host.refresh({ deep: true });
      mock.timers.tick(grace);
      const view = at.host.watch();
      await settle();
      assert.ok(shows(at, kept));
      assert.equal(at.host.deepTime, 700);
      view.dispose();
    });

    it('keeps it over a lost connection', async () => {
      await at.host.refresh({ deep: true });
      at.functions.transports[0]?.close(new Error('cut'));
      await settle();
      assert.equal(at.host.deepTime, 700);
      mock.timers.tick(500);
      await settle();
      assert.equal(at.host.state.kind, 'connected');
      assert.ok(shows(at, kept));
    });

    it('drops it at a plain refresh', async () => {
      await at.host.refresh({ deep: true });
      await at.host.refresh({ deep: false });
      assert.ok(!shows(at, kept));
      assert.equal(at.host.deepTime, undefined);
    });

    it('drops it when its holder ends', async () => {
      await at.host.refresh({ deep: true });
      at.functions.watches.at(-1)?.onBatch([{ gone: { process: { pid: 5, start: 50 } } }, tick]);
      assert.ok(shows(at, { gone: { ns: 'net:77' } }));
    });

    it('leaves the graph as it was when cancelled during the scan', async () => {
      const scan = new Deferred<EndRecord>();
      at.functions.deepScan = () => scan.promise;
      const controller = new AbortController();
      const done = at.host.refresh({ deep: true, signal: controller.signal });
      await settle();
      const batches = at.graphs[0]?.batches.length;
      controller.abort();
      await assert.rejects(done, code('cancelled'));
      scan.resolve({});
      await settle();
      assert.equal(at.graphs[0]?.batches.length, batches);
      assert.equal(at.host.deepTime, undefined);
    });
  });
});
