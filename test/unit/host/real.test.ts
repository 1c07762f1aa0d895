/** The whole of `host/` with nothing faked: this machine, the real helper, real namespaces. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { release } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { Emitter } from '../../../extension/disposable.ts';
import type { ManagedHost } from '../../../extension/host/host.ts';
import type { Graph, Namespace } from '../../../extension/model/types.ts';
import { until } from '../../helper/support/wait.ts';
import { MemoryLog } from './fakes.ts';
import { helperMissing, helperPids } from './real-helper.ts';
import { thisMachine, type RealHost } from './this-machine.ts';

/** A process in a UTS namespace of its own, which lives until its stdin closes. */
class Isolated implements Disposable {
  readonly #child = spawn('unshare', ['--uts', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
  readonly #exit = new Promise<void>((resolve) => {
    this.#child.once('close', () => resolve());
  });

  get link(): string {
    return `/proc/${this.#child.pid}/ns/uts`;
  }

  /** Once `unshare` has run. */
  async id(): Promise<number> {
    const own = readlinkSync('/proc/self/ns/uts');
    return until('unshare', () => {
      const link = readlinkSync(this.link);
      return link === own ? undefined : Number(/\d+/.exec(link)?.[0]);
    });
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#exit;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

describe('this machine with the real helper', { skip: helperMissing() ?? false }, () => {
  let real: RealHost;
  let host: ManagedHost;
  const log = new MemoryLog();
  const wake = new Emitter<void>();

  before(async () => {
    real = await thisMachine('host', { log, onDidWake: wake.event });
    ({ host } = real);
  });

  after(() => real[Symbol.asyncDispose]());

  function graph(): Graph {
    assert.ok(host.graph);
    return host.graph;
  }

  function uts(id: number): Namespace | undefined {
    return graph().namespaces.get(`uts:${id}`);
  }

  it('connects, with facts and a graph that has this very process', async () => {
    const stages: string[] = [];
    host.onDidChangeState((state) => state.kind === 'connecting' && stages.push(state.stage));
    await host.connect();
    assert.equal(host.facts?.kernel, release());
    const own = Number(/\d+/.exec(readlinkSync('/proc/self/ns/uts'))?.[0]);
    assert.equal(graph().processes.get(process.pid)?.namespaces?.uts, `uts:${own}`);
    assert.ok(uts(own)?.members.includes(process.pid));
    assert.ok(stages.includes('Reading the namespaces'), stages.join());
  });

  it('sees a namespace come and go while it is watched', async () => {
    const watching = host.watch();
    using isolated = new Isolated();
    const id = await isolated.id();
    await until('the namespace to appear', () => uts(id));
    await isolated.end();
    await until('the namespace to go', () => uts(id) === undefined);
    watching.dispose();
  });

  it('sees it after a refresh while nothing is watched', async () => {
    using isolated = new Isolated();
    const id = await isolated.id();
    const end = await host.refresh({ deep: false });
    assert.ok(uts(id));
    assert.ok((end.processes ?? 0) > 1);
    await isolated.end();
    await host.refresh({ deep: false });
    assert.equal(uts(id), undefined);
  });

  it('finds what only a descriptor holds by a deep refresh, keeps it while it is watched, and drops it by a plain one', async () => {
    using isolated = new Isolated();
    const id = await isolated.id();
    const descriptor = await open(isolated.link);
    try {
      await isolated.end();
      await host.refresh({ deep: false });
      assert.equal(uts(id), undefined);
      await host.refresh({ deep: true });
      const found = uts(id);
      assert.ok(found);
      assert.ok(found.held.some((holder) => holder.by === 'fd' && holder.pid === process.pid));
      assert.ok((host.deepTime ?? 0) > 1_600_000_000);
      assert.ok(graph().completeness.source.includes('fds'));

      const watching = host.watch();
      using other = new Isolated();
      const later = await other.id();
      await until('another namespace to appear', () => uts(later));
      assert.ok(uts(id));
      watching.dispose();

      await host.refresh({ deep: false });
      assert.equal(uts(id), undefined);
      assert.equal(host.deepTime, undefined);
    } finally {
      await descriptor.close();
    }
  });

  it('comes back by itself when the helper is killed, and lets go of nothing in the graph', async () => {
    const watching = host.watch();
    const known = host.graph;
    const states: string[] = [];
    host.onDidChangeState(({ kind }) => states.push(kind));
    for (const pid of helperPids(real.folder)) process.kill(pid, 'SIGKILL');
    await until('the loss', () => states.includes('lost'));
    assert.equal(host.graph, known);
    await until('the host to be back', () => host.state.kind === 'connected');
    using isolated = new Isolated();
    const id = await isolated.id();
    await until('a namespace to appear after that', () => uts(id));
    watching.dispose();
  });

  it('answers on waking and stays connected', async () => {
    const { session } = host;
    wake.fire();
    await host.refresh({ deep: false });
    assert.equal(host.session, session);
  });

  it('leaves no helper running after disconnecting', async () => {
    host.disconnect();
    await until('the helper to end', () => helperPids(real.folder).length === 0);
    assert.deepEqual(host.state, { kind: 'disconnected' });
  });

  it('connects again, with the helper in place, and is cancelled while at it', async () => {
    await host.connect();
    host.disconnect();
    const controller = new AbortController();
    const done = host.connect(controller.signal);
    const stage = new Promise<void>((resolve) => {
      const subscription = host.onDidChangeState((state) => {
        if (state.kind !== 'connecting') return;
        subscription.dispose();
        resolve();
      });
    });
    await stage;
    controller.abort();
    await assert.rejects(done, /cancelled/);
    assert.deepEqual(host.state, { kind: 'disconnected' });
    await until('the helper to end', () => helperPids(real.folder).length === 0);
  });
});
