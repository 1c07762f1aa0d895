import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import { bench, code, facts, failure, FakeTransport, lossOf, pass, policy, settle, snapshot } from './fakes.ts';
import type { Bench, FakeSession } from './fakes.ts';

describe('a lost connection', () => {
  let at: Bench;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
    at = bench({ policy });
  });

  afterEach(() => {
    at.host.dispose();
    mock.timers.reset();
  });

  async function cut(error: Error | undefined = failure('lost')): Promise<void> {
    at.functions.transports.at(-1)?.close(error);
    await settle();
  }

  it('keeps the graph and comes back by itself, into the same graph', async () => {
    await at.host.connect();
    const { graph } = at.host;
    await cut();
    assert.equal(at.host.state.kind, 'lost');
    assert.deepEqual(lossOf(at).retryAt, 1_000_500);
    assert.equal(at.host.graph, graph);
    assert.equal(at.host.session, undefined);
    assert.equal(at.functions.open, 0);
    await pass(499);
    assert.equal(at.functions.transports.length, 1);
    await pass(1);
    assert.deepEqual(at.host.state, { kind: 'connected' });
    assert.equal(at.host.graph, graph);
    assert.equal(at.graphs.length, 1);
    assert.equal(at.graphs[0]?.batches.length, 2);
  });

  it('says nothing of connecting while it tries by itself; the reason stays in view', async () => {
    await at.host.connect();
    at.states.length = 0;
    await cut();
    await pass(500);
    assert.deepEqual(
      at.states.map((state) => state.kind),
      ['lost', 'lost', 'connected'],
    );
  });

  it('is noticed when the helper ends or the transport closes without a reason', async () => {
    await at.host.connect();
    at.functions.sessions[0]?.close(new ConnectionError('helper', 'Killed.', 'Reconnect.'));
    await settle();
    assert.equal(lossOf(at).code, 'helper');
    await pass(500);
    assert.equal(at.host.state.kind, 'connected');
    await cut();
    at.functions.transports.at(-1)?.close(undefined);
    await settle();
    assert.equal(lossOf(at).code, 'lost');
    assert.equal(at.functions.open, 0);
  });

  it('waits longer from try to try, and gives up after the last', async () => {
    await at.host.connect();
    at.functions.connectTransport = () => Promise.reject(failure('unreachable'));
    await cut();
    for (const delay of [500, 1_000, 2_000, 4_000]) {
      assert.deepEqual(lossOf(at).retryAt, Date.now() + delay);
      await pass(delay);
    }
    assert.deepEqual(lossOf(at).code, 'unreachable');
    assert.deepEqual(lossOf(at).retryAt, undefined);
    const tried = at.functions.specs.length;
    await pass(3_600_000);
    assert.equal(at.functions.specs.length, tried);
    assert.notEqual(at.host.graph, undefined);
  });

  it('shows during an attempt that it is under way', async () => {
    await at.host.connect();
    at.functions.connectTransport = () => new Promise(() => {});
    await cut();
    await pass(500);
    assert.equal(at.functions.specs.length, 2);
    assert.equal(lossOf(at).retryAt, Date.now());
  });

  it('ends an attempt that hangs, and goes on trying', async () => {
    await at.host.connect();
    at.functions.connectTransport = () => new Promise(() => {});
    await cut();
    await pass(500);
    await pass(policy.attemptTimeout);
    assert.equal(lossOf(at).code, 'timeout');
    at.functions.connectTransport = () => Promise.resolve(new FakeTransport());
    await pass(1_000);
    assert.equal(at.host.state.kind, 'connected');
  });

  for (const refused of [
    'authentication',
    'sudo',
    'host-key-unknown',
    'host-key-changed',
    'host-key-revoked',
    'cancelled',
    'configuration',
    'unsupported-host',
    'deployment',
  ] as const) {
    it(`is not tried again after ${refused}`, async () => {
      await at.host.connect();
      at.functions.connectTransport = () => Promise.reject(failure(refused));
      await cut();
      await pass(500);
      assert.equal(at.functions.specs.length, 2);
      assert.equal(lossOf(at).code, refused);
      assert.equal(lossOf(at).retryAt, undefined);
      await pass(3_600_000);
      at.wake.fire();
      await settle();
      assert.equal(at.functions.specs.length, 2);
    });
  }

  it('counts on when a connection breaks soon after it stood, and afresh when it lasted', async () => {
    await at.host.connect();
    for (const delay of [500, 1_000, 2_000]) {
      await cut();
      assert.equal(lossOf(at).retryAt, Date.now() + delay);
      await pass(delay);
    }
    assert.equal(at.host.state.kind, 'connected');
    await pass(policy.stableAfter);
    await cut();
    assert.equal(lossOf(at).retryAt, Date.now() + 500);
  });

  it('is given up by disconnect', async () => {
    await at.host.connect();
    await cut();
    at.host.disconnect();
    assert.equal(at.host.graph, undefined);
    await pass(3_600_000);
    assert.deepEqual(at.host.state, { kind: 'disconnected' });
    assert.equal(at.functions.specs.length, 1);
  });

  it('is made again at once when a person connects, and only once', async () => {
    await at.host.connect();
    await cut();
    await at.host.connect();
    assert.equal(at.host.state.kind, 'connected');
    await pass(3_600_000);
    assert.equal(at.functions.specs.length, 2);
  });

  it('gives way to a person’s attempt: the silent one under way ends', async () => {
    await at.host.connect();
    let silent: AbortSignal | undefined;
    at.functions.connectTransport = (options) => {
      silent = options.signal;
      return new Promise(() => {});
    };
    await cut();
    await pass(500);
    assert.equal(silent?.aborted, false);
    at.functions.connectTransport = () => Promise.resolve(new FakeTransport());
    await at.host.connect();
    assert.equal(silent?.aborted, true);
    assert.equal(at.host.state.kind, 'connected');
  });

  it('stays lost for its old reason when a person cancels the attempt, and stops trying', async () => {
    await at.host.connect();
    await cut();
    at.functions.connectTransport = () => new Promise(() => {});
    const controller = new AbortController();
    const done = at.host.connect(controller.signal);
    assert.equal(at.host.state.kind, 'connecting');
    assert.notEqual(at.host.graph, undefined);
    controller.abort();
    await assert.rejects(done, code('cancelled'));
    assert.equal(lossOf(at).code, 'lost');
    assert.equal(lossOf(at).retryAt, undefined);
  });

  it('goes on trying by itself when a person’s attempt finds the host still away', async () => {
    await at.host.connect();
    await cut();
    at.functions.connectTransport = () => Promise.reject(failure('unreachable'));
    await assert.rejects(at.host.connect(), code('unreachable'));
    assert.equal(lossOf(at).retryAt, Date.now() + 500);
  });

  it('is tried at once when the machine wakes, also after it had given up', async () => {
    await at.host.connect();
    at.functions.connectTransport = () => Promise.reject(failure('unresolvable'));
    await cut();
    for (const delay of [500, 1_000, 2_000, 4_000]) await pass(delay);
    assert.equal(lossOf(at).retryAt, undefined);
    at.functions.connectTransport = () => Promise.resolve(new FakeTransport());
    at.wake.fire();
    await settle();
    assert.equal(at.host.state.kind, 'connected');
  });

  it('is found out on waking when the connection no longer answers', async () => {
    await at.host.connect();
    at.functions.probe = () => new Promise(() => {});
    at.wake.fire();
    await settle();
    assert.equal(at.host.state.kind, 'connected');
    await pass(15_000);
    assert.equal(lossOf(at).code, 'lost');
    await pass(500);
    assert.equal(at.host.state.kind, 'connected');
  });

  it('is none when the connection still answers on waking', async () => {
    await at.host.connect();
    at.functions.probe = () => {
      at.functions.probes++;
      return Promise.resolve();
    };
    at.wake.fire();
    await pass(60_000);
    assert.equal(at.functions.probes, 1);
    assert.equal(at.host.state.kind, 'connected');
    assert.equal(at.functions.transports.length, 1);
  });

  it('is one when the watch ends by itself: a tree that no longer changes must not look fresh', async () => {
    await at.host.connect();
    const views = at.host.watch();
    at.functions.watches.at(-1)?.done.reject(new Error('the helper’s child was killed'));
    await settle();
    assert.equal(at.host.state.kind, 'lost');
    await pass(500);
    assert.equal(at.host.state.kind, 'connected');
    assert.equal(at.functions.running, 1);
    views.dispose();
  });

  it('is one when a batch cannot be applied', async () => {
    await at.host.connect();
    const [graph] = at.graphs;
    assert.ok(graph);
    const apply = graph.apply.bind(graph);
    graph.apply = () => {
      throw new Error('no such thing');
    };
    at.functions.watches.at(-1)?.onBatch(snapshot(3));
    await settle();
    assert.equal(at.host.state.kind, 'lost');
    graph.apply = apply;
    await pass(500);
    assert.equal(at.host.state.kind, 'connected');
  });
});

describe('several hosts', () => {
  it('break and come back each by itself', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
    const first = bench({ policy });
    const second = bench({ policy }, { kind: 'local', sudo: false });
    try {
      await Promise.all([first.host.connect(), second.host.connect()]);
      first.functions.connectSession = () => new Promise<FakeSession>(() => {});
      first.functions.facts = () => Promise.resolve(facts);
      first.functions.transports[0]?.close(failure('lost'));
      await settle();
      mock.timers.tick(500);
      await settle();
      assert.equal(first.host.state.kind, 'lost');
      assert.equal(second.host.state.kind, 'connected');
      assert.equal(second.functions.transports.length, 1);
    } finally {
      first.host.dispose();
      second.host.dispose();
      mock.timers.reset();
    }
    await settle();
    assert.equal(first.functions.open + second.functions.open, 0);
  });
});
