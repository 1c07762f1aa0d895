import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { HelperError } from '../../../extension/helper/session.ts';
import type { FactsRecord } from '../../../extension/helper/protocol.ts';
import { ConnectionError } from '../../../extension/transport/errors.ts';
import { bench, code, Deferred, FakeSession, FakeTransport, facts, settle, snapshot } from './fakes.ts';
import type { Bench } from './fakes.ts';

describe('connecting a host', () => {
  let at: Bench;
  beforeEach(() => {
    at = bench();
  });
  afterEach(() => at.host.dispose());

  it('goes through its stages to a graph, facts and a session', async () => {
    at.functions.connectTransport = (options) => {
      options.onStage('Verifying the host key');
      return Promise.resolve(new FakeTransport());
    };
    assert.equal(at.host.graph, undefined);
    await at.host.connect();
    assert.deepEqual(at.states, [
      { kind: 'connecting', stage: 'Connecting' },
      { kind: 'connecting', stage: 'Verifying the host key' },
      { kind: 'connecting', stage: 'Reading the namespaces' },
      { kind: 'connected' },
    ]);
    assert.equal(at.host.graph, at.graphs[0]);
    assert.equal(at.host.facts, facts);
    assert.equal(at.host.session, at.functions.sessions[0]);
  });

  it('asks for facts and the first snapshot side by side', async () => {
    const waiting = new Deferred<FactsRecord>();
    at.functions.facts = () => waiting.promise;
    const done = at.host.connect();
    await settle();
    assert.equal(at.functions.watches.length, 1);
    assert.equal(at.host.state.kind, 'connecting');
    waiting.resolve(facts);
    await done;
    assert.equal(at.host.state.kind, 'connected');
  });

  it('tells what the first batches changed after it is connected, when the graph can be read', async () => {
    const seen: [string, boolean][] = [];
    at.host.onDidChangeGraph(() => seen.push([at.host.state.kind, at.host.graph !== undefined]));
    await at.host.connect();
    at.functions.watches[0]?.onBatch(snapshot(2));
    assert.deepEqual(seen, [
      ['connected', true],
      ['connected', true],
    ]);
  });

  it('gives every caller of one attempt the same promise, and connected ones none of their own', async () => {
    const first = at.host.connect();
    assert.equal(at.host.connect(), first);
    await first;
    await at.host.connect();
    assert.equal(at.functions.transports.length, 1);
  });

  it('makes one attempt when a listener of its first state connects too', async () => {
    at.host.onDidChangeState((state) => {
      if (state.kind === 'connecting') void at.host.connect();
    });
    await at.host.connect();
    assert.equal(at.functions.transports.length, 1);
  });

  it('rejects when a listener of its first state disconnects', async () => {
    at.host.onDidChangeState((state) => {
      if (state.kind === 'connecting') at.host.disconnect();
    });
    await assert.rejects(at.host.connect(), code('cancelled'));
    assert.equal(at.functions.open, 0);
  });

  it('survives a listener that throws', async () => {
    at.host.onDidChangeState(() => {
      throw new Error('a view is broken');
    });
    await at.host.connect();
    assert.equal(at.host.state.kind, 'connected');
    assert.ok(at.log.lines.some((line) => line.includes('a view is broken')));
  });

  it('fails with the transport’s error and holds nothing', async () => {
    const error = new ConnectionError('host-key-changed', 'The key changed.', 'Ask.');
    at.functions.connectTransport = () => Promise.reject(error);
    await assert.rejects(at.host.connect(), error);
    assert.deepEqual(at.host.state, { kind: 'failed', error });
    assert.equal(at.host.graph, undefined);
    assert.equal(at.functions.open, 0);
  });

  it('releases the transport when the helper cannot be started', async () => {
    at.functions.connectSession = () => Promise.reject(new ConnectionError('deployment', 'No room.', 'Make room.'));
    await assert.rejects(at.host.connect(), code('deployment'));
    assert.equal(at.functions.open, 0);
  });

  it('is failed, not lost, when the first snapshot came and the facts did not', async () => {
    const waiting = new Deferred<FactsRecord>();
    at.functions.facts = () => waiting.promise;
    const done = at.host.connect();
    await settle();
    waiting.reject(new HelperError({ step: 'open', errno: 'EMFILE', number: 24 }));
    await assert.rejects(done, code('helper'));
    assert.equal(at.host.state.kind, 'failed');
    assert.equal(at.host.graph, undefined);
    assert.equal(at.functions.open, 0);
  });

  it('fails when the connection ends before the first snapshot, even if requests then hang', async () => {
    at.functions.onWatch = () => {};
    at.functions.facts = () => new Promise(() => {});
    const done = at.host.connect();
    await settle();
    at.functions.transports[0]?.close(new ConnectionError('lost', 'Cut.', 'Reconnect.'));
    await assert.rejects(done, code('lost'));
    assert.equal(at.host.state.kind, 'failed');
    assert.equal(at.functions.open, 0);
  });

  it('can be tried again after a failure', async () => {
    at.functions.connectTransport = () => Promise.reject(new ConnectionError('unreachable', 'No route.', 'Check.'));
    await assert.rejects(at.host.connect(), code('unreachable'));
    at.functions.connectTransport = () => Promise.resolve(new FakeTransport());
    await at.host.connect();
    assert.equal(at.host.state.kind, 'connected');
  });

  it('uses a changed spec at the next connect', async () => {
    await at.host.connect();
    at.host.changeSpec({ kind: 'ssh', target: 'alice@build7', sudo: true });
    at.host.disconnect();
    await at.host.connect();
    assert.deepEqual(
      at.functions.specs.map((spec) => spec.sudo),
      [false, true],
    );
  });
});

function never(): Promise<never> {
  return new Promise(() => {});
}

describe('ending a connect', () => {
  const hangs: Record<string, (at: Bench) => void> = {
    transport: (at) => (at.functions.connectTransport = never),
    session: (at) => (at.functions.connectSession = never),
    facts: (at) => (at.functions.facts = never),
    'first snapshot': (at) => (at.functions.onWatch = () => {}),
  };

  for (const [stage, hang] of Object.entries(hangs)) {
    it(`works by signal while the ${stage} hangs and takes no notice`, async () => {
      const at = bench();
      hang(at);
      const controller = new AbortController();
      const done = at.host.connect(controller.signal);
      await settle();
      assert.equal(at.host.state.kind, 'connecting');
      controller.abort();
      await assert.rejects(done, code('cancelled'));
      assert.deepEqual(at.host.state, { kind: 'disconnected' });
      assert.equal(at.functions.open, 0);
    });

    it(`works by disconnect while the ${stage} hangs`, async () => {
      const at = bench();
      hang(at);
      const done = at.host.connect();
      await settle();
      at.host.disconnect();
      assert.deepEqual(at.host.state, { kind: 'disconnected' });
      await assert.rejects(done, code('cancelled'));
      assert.deepEqual(at.states.at(-1), { kind: 'disconnected' });
      assert.equal(at.functions.open, 0);
    });

    it(`works by dispose while the ${stage} hangs`, async () => {
      const at = bench();
      hang(at);
      const done = at.host.connect();
      await settle();
      at.host.dispose();
      await assert.rejects(done, code('cancelled'));
      assert.equal(at.functions.open, 0);
      await assert.rejects(at.host.connect(), code('cancelled'));
    });
  }

  it('starts nothing when the signal is aborted already', async () => {
    const at = bench();
    await assert.rejects(at.host.connect(AbortSignal.abort()), code('cancelled'));
    assert.deepEqual(at.states, []);
    assert.equal(at.functions.transports.length, 0);
  });

  it('starts nothing when it is aborted in the same turn', async () => {
    const at = bench();
    const controller = new AbortController();
    const done = at.host.connect(controller.signal);
    controller.abort();
    await assert.rejects(done, code('cancelled'));
    assert.equal(at.functions.specs.length, 0);
  });

  it('releases a transport and a session that come too late', async () => {
    const at = bench();
    const transport = new Deferred<FakeTransport>();
    const session = new Deferred<FakeSession>();
    at.functions.connectTransport = () => transport.promise;
    const first = at.host.connect();
    await settle();
    at.host.disconnect();
    await assert.rejects(first, code('cancelled'));
    transport.resolve(new FakeTransport());
    await settle();
    assert.equal(at.functions.open, 0);

    at.functions.connectTransport = () => Promise.resolve(new FakeTransport());
    at.functions.connectSession = () => session.promise;
    const second = at.host.connect();
    await settle();
    at.host.disconnect();
    await assert.rejects(second, code('cancelled'));
    session.resolve(new FakeSession());
    await settle();
    assert.equal(at.functions.sessions.length, 1);
    assert.equal(at.functions.open, 0);
  });

  it('by one caller ends it for all', async () => {
    const at = bench();
    hangs['transport']?.(at);
    const controller = new AbortController();
    const first = at.host.connect();
    const second = at.host.connect(controller.signal);
    controller.abort();
    await assert.rejects(first, code('cancelled'));
    await assert.rejects(second, code('cancelled'));
  });

  it('does not end a later connection with an old signal, nor what the transport still runs under it', async () => {
    const at = bench();
    const controller = new AbortController();
    let given: AbortSignal | undefined;
    at.functions.connectTransport = ({ signal }) => {
      given = signal;
      return Promise.resolve(new FakeTransport());
    };
    await at.host.connect(controller.signal);
    controller.abort();
    await settle();
    assert.equal(at.host.state.kind, 'connected');
    assert.equal(given?.aborted, false);
    at.host.dispose();
  });

  it('followed at once by a connect makes a new attempt that the old one does not disturb', async () => {
    const at = bench();
    const transport = new Deferred<FakeTransport>();
    at.functions.connectTransport = () => transport.promise;
    const first = at.host.connect();
    await settle();
    at.host.disconnect();
    const other = new Deferred<FakeTransport>();
    at.functions.connectTransport = () => other.promise;
    const second = at.host.connect();
    await assert.rejects(first, code('cancelled'));
    await settle();
    assert.equal(at.host.state.kind, 'connecting');
    assert.equal(at.host.connect(), second);
    other.resolve(new FakeTransport());
    await second;
    transport.resolve(new FakeTransport());
    await settle();
    assert.equal(at.host.state.kind, 'connected');
    at.host.disconnect();
    assert.equal(at.functions.open, 0);
  });
});

describe('disconnecting', () => {
  it('drops session, facts and graph, and says so once', async () => {
    const at = bench();
    await at.host.connect();
    at.host.disconnect();
    at.host.disconnect();
    assert.equal(at.host.graph, undefined);
    assert.equal(at.host.facts, undefined);
    assert.equal(at.host.session, undefined);
    assert.equal(at.functions.open, 0);
    assert.equal(at.states.filter((state) => state.kind === 'disconnected').length, 1);
  });

  it('takes no more notice of the old connection', async () => {
    const at = bench();
    await at.host.connect();
    const [session] = at.functions.sessions;
    const [watch] = at.functions.watches;
    at.host.disconnect();
    session?.close(new Error('late'));
    watch?.onBatch(snapshot(9));
    await settle();
    assert.deepEqual(at.host.state, { kind: 'disconnected' });
    assert.equal(at.graphs[0]?.batches.length, 1);
  });

  it('leaves other hosts alone, also ones that hang', async () => {
    const hanging = bench();
    hanging.functions.connectTransport = () => new Promise(() => {});
    const healthy = bench({}, { kind: 'ssh', target: 'bob@build8', sudo: false });
    const stuck = hanging.host.connect();
    await healthy.host.connect();
    assert.equal(hanging.host.state.kind, 'connecting');
    hanging.host.disconnect();
    await assert.rejects(stuck, code('cancelled'));
    assert.equal(healthy.host.state.kind, 'connected');
    healthy.host.dispose();
    hanging.host.dispose();
  });
});
