import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import type {
  GoneRecord,
  HelperRecord,
  NamespaceRecord,
  ProcessRecord,
  TickRecord,
} from '../../../extension/helper/protocol.ts';
import { assertHealthy, helper } from './helper.ts';
import { JsonLines } from './lines.ts';
import { marker, markerVariable } from './marker.ts';
import { ended } from './process.ts';
import type { Scope } from './scope.ts';
import { checkRecord } from './shape.ts';
import { key } from './snapshot.ts';
import { patience, within } from './wait.ts';

/** What a watch's records say is there now. Fails on changes that make no sense, such as the end of something that was not there. */
export class Picture {
  readonly namespaces = new Map<string, NamespaceRecord>();
  readonly processes = new Map<number, ProcessRecord>();
  /** Processes that are gone. */
  readonly gone: { readonly pid: number; readonly start: number }[] = [];
  /** The last tick. */
  tick: TickRecord | undefined;
  ticks = 0;
  /** Something was told that no tick has closed yet. */
  open = false;

  apply(record: HelperRecord): void {
    this.open = !('tick' in record);
    if ('ns' in record) this.namespaces.set(key(record.ns), record.ns);
    else if ('process' in record) this.#process(record.process);
    else if ('gone' in record) this.#gone(record.gone);
    else if ('tick' in record) this.#close(record.tick);
    else if ('snapshot' in record) assert.equal(this.ticks + this.processes.size, 0, 'a second snapshot');
    else assert.ok('user' in record, `a record that a watch has not: ${JSON.stringify(record)}`);
  }

  #process(record: ProcessRecord): void {
    const before = this.processes.get(record.pid);
    assert.equal(
      record.start,
      before?.start ?? record.start,
      `process ${record.pid} became another one without being gone`,
    );
    this.processes.set(record.pid, record);
  }

  #gone(gone: GoneRecord): void {
    if ('ns' in gone) {
      assert.ok(this.namespaces.delete(gone.ns), `${gone.ns} went without having been there`);
      return;
    }
    const { pid, start } = gone.process;
    assert.equal(this.processes.get(pid)?.start, start, `process ${pid} went without having been there`);
    this.processes.delete(pid);
    this.gone.push(gone.process);
  }

  /** A tick closes a batch: now everything has to fit together. */
  #close(tick: TickRecord): void {
    this.tick = tick;
    this.ticks++;
    assert.equal(this.processes.size, tick.processes, 'the tick counts other processes than were told');
    assert.equal(this.namespaces.size, tick.namespaces, 'the tick counts other namespaces than were told');
    for (const { pid, ns } of this.processes.values()) {
      for (const [type, id] of Object.entries(ns ?? {})) {
        const name = `${type.replace('_for_children', '')}:${id}`;
        assert.ok(this.namespaces.has(name), `${name} of process ${pid} is not there`);
      }
    }
  }
}

export class Watch {
  readonly picture = new Picture();
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #lines: JsonLines;
  #stderr = '';

  constructor(args: readonly string[], through: readonly string[]) {
    const [program = '', ...rest] = [...through, helper, 'watch', ...args];
    this.child = spawn(program, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, [markerVariable]: marker },
    });
    this.child.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.#lines = new JsonLines(this.child.stdout, (value) => this.picture.apply(checkRecord(value)));
  }

  /** Resolves as soon as the picture is as the probe wants it. */
  async until<T>(what: string, probe: (picture: Picture) => T | undefined | false, deadline?: number): Promise<T> {
    return this.#lines.until(what, () => probe(this.picture), deadline);
  }

  /** Resolves at the end of the next batch that begins after the call. */
  async nextTick(): Promise<TickRecord> {
    const first = this.picture.ticks;
    return this.until('the next ticks', ({ ticks, tick }) => (ticks >= first + 2 ? tick : undefined));
  }

  /**
   * Resolves as soon as the picture is as the probe wants it. The watch may take as long as it says itself that a change of an old process can
   * take, with slack for a machine that is busy; what it says grows when others start processes meanwhile.
   */
  async seen<T>(what: string, probe: (picture: Picture) => T | undefined | false): Promise<T> {
    const start = Date.now();
    let bound = 0;
    return this.until(
      what,
      (picture) => {
        const value = probe(picture);
        bound = Math.max(bound, picture.tick?.bound ?? 0);
        const late = Date.now() - start > 3 * bound + patience;
        if (late && (value === undefined || value === false))
          throw new Error(`The bound of ${bound} ms passed without ${what}`);
        return value;
      },
      // The ticks bring the probe to be asked; this is for when even they stop.
      20 * patience,
    );
  }

  async close(): Promise<void> {
    this.child.kill('SIGTERM');
    const { code, signal } = await within('the end of the watch', ended(this.child));
    this.#lines.check();
    assertHealthy(code, signal === 'SIGTERM' ? null : signal, this.#stderr);
  }
}

/** Starts a watch and resolves when its first snapshot is complete. */
export async function watch(
  scope: Scope,
  args: readonly string[] = [],
  through: readonly string[] = [],
): Promise<Watch> {
  const started = new Watch(args, through);
  scope.defer(async () => started.close());
  await started.until('the first snapshot', ({ tick }) => tick);
  return started;
}
