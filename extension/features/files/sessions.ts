/** Open connections to the files of targets: one for each target, opened on first use and after it was lost. */
import { setTimeout as delay } from 'node:timers/promises';
import { DisposableStore, Emitter } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import { openFiles, TargetEnded, type FileClient } from '../../files/client.ts';
import { formatTarget } from '../../files/address.ts';
import type { FileTarget } from '../../files/address.ts';
import { targetWords } from '../../files/target-words.ts';
import { HelperError } from '../../helper/session.ts';
import type { HelperSession } from '../../helper/session.ts';
import type { Host, Hosts } from '../../host/types.ts';
import { ConnectionError } from '../../transport/errors.ts';
import { Unreachable } from './unreachable.ts';

/** Milliseconds without any use after which a target is let go, so that its namespaces are not kept for nothing. */
const idle = 60_000;
/** Milliseconds that an operation waits for a host that is being reconnected. */
const patience = 20_000;
/** Milliseconds after a connect that came to nothing in which it is not tried again: the editor asks for every open file. */
const coolDown = 15_000;

export interface FileSessionsOptions {
  readonly hosts: Hosts;
  /** The list of hosts has been read. */
  readonly ready: Promise<void>;
  readonly connector: () => { connect(host: Host): Promise<boolean> };
}

interface Opened {
  readonly client: Promise<FileClient>;
  uses: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class FileSessions implements Disposable {
  readonly #options: FileSessionsOptions;
  readonly #opened = new Map<string, Opened>();
  readonly #refusedAt = new Map<Host, number>();
  readonly #reached = new Emitter<string>();
  #disposed = false;

  constructor(options: FileSessionsOptions) {
    this.#options = options;
  }

  /** Runs an operation on the files of a target. Rejects with `Unreachable` where there is no way to them. */
  async use<T>(host: string, target: FileTarget, operation: (client: FileClient) => Promise<T>): Promise<T> {
    const key = keyOf(host, target);
    const opened = await this.#acquire(key, host, target);
    try {
      return await operation(await opened.client);
    } catch (error) {
      throw error instanceof TargetEnded
        ? new Unreachable(`${describe(target)} has ended on the host. What was saved there before is saved.`, error)
        : error instanceof ConnectionError
          ? new Unreachable(`${error.message} ${error.remedy}`, error)
          : error;
    } finally {
      this.#release(key, opened);
    }
  }

  /** Resolves when somebody has reached the target anew, its host was connected again, or `store` is disposed of. */
  async reachable(hostId: string, target: FileTarget, store: DisposableStore): Promise<void> {
    const key = keyOf(hostId, target);
    const host = this.#options.hosts.get(hostId);
    const waiting = new DisposableStore();
    await new Promise<void>((resolve) => {
      store.add({ dispose: resolve });
      waiting.add(this.#reached.event((reached) => void (reached === key && resolve())));
      if (host !== undefined)
        waiting.add(host.onDidChangeState(({ kind }) => void (kind === 'connected' && resolve())));
    });
    waiting.dispose();
  }

  dispose(): void {
    this.#disposed = true;
    this.#reached.dispose();
    for (const key of this.#opened.keys()) this.#drop(key);
  }

  async #acquire(key: string, hostId: string, target: FileTarget): Promise<Opened> {
    const known = this.#opened.get(key);
    if (known !== undefined) return this.#hold(known);
    const session = await this.#session(hostId);
    const meanwhile = this.#opened.get(key);
    if (meanwhile !== undefined) return this.#hold(meanwhile);
    const opened: Opened = { client: this.#open(session, target), uses: 1, timer: undefined };
    this.#opened.set(key, opened);
    void this.#follow(key, opened);
    return opened;
  }

  async #follow(key: string, opened: Opened): Promise<void> {
    try {
      const client = await opened.client;
      client.onEnd(() => this.#forget(key, opened));
      this.#reached.fire(key);
    } catch {
      this.#forget(key, opened);
    }
  }

  #hold(opened: Opened): Opened {
    clearTimeout(opened.timer);
    opened.uses += 1;
    return opened;
  }

  #release(key: string, opened: Opened): void {
    opened.uses -= 1;
    if (opened.uses > 0 || this.#opened.get(key) !== opened) return;
    opened.timer = setTimeout(() => this.#drop(key), idle);
    opened.timer.unref();
  }

  #forget(key: string, opened: Opened): void {
    if (this.#opened.get(key) === opened) this.#opened.delete(key);
    clearTimeout(opened.timer);
  }

  #drop(key: string): void {
    const opened = this.#opened.get(key);
    this.#opened.delete(key);
    clearTimeout(opened?.timer);
    void opened?.client.then(
      (client) => client.dispose(),
      () => undefined,
    );
  }

  async #open(place: Connected, target: FileTarget): Promise<FileClient> {
    try {
      return await openTarget(place, target);
    } catch (error) {
      const outdated = error instanceof HelperError ? gone.has(error.record.errno) : error instanceof Unreachable;
      if (!outdated) throw this.#explained(place, target, error);
    }
    // Nobody need have looked at the host for long: what has come or gone since need not have been seen yet.
    try {
      await place.host.refresh({ deep: false });
      return await openTarget(place, target);
    } catch (error) {
      throw this.#explained(place, target, error);
    }
  }

  #explained({ host }: Connected, target: FileTarget, error: unknown): unknown {
    return error instanceof HelperError ? new Unreachable(refusal(host, target, error), error) : error;
  }

  async #session(id: string): Promise<Connected> {
    await this.#options.ready;
    const host = this.#options.hosts.get(id);
    if (host === undefined)
      throw new Unreachable(`${id} is not in the Hosts view. Add the host, then open the folder again.`);
    if (host.session === undefined) await this.#connect(host);
    if (host.session === undefined || this.#disposed)
      throw new Unreachable(`${host.label} is not connected. Connect to it in the Hosts view.`);
    return { host, session: host.session };
  }

  async #connect(host: Host): Promise<void> {
    const { kind } = host.state;
    if (kind === 'lost' || kind === 'connecting') {
      await untilConnected(host, patience);
      return;
    }
    if (performance.now() - (this.#refusedAt.get(host) ?? -Infinity) < coolDown) return;
    if (!(await this.#options.connector().connect(host))) this.#refusedAt.set(host, performance.now());
  }
}

function keyOf(host: string, target: FileTarget): string {
  return `${host} ${formatTarget(target)}`;
}

interface Connected {
  readonly host: Host;
  readonly session: HelperSession;
}

/** What is said of a process or namespace that is not there any more, or another one by now. */
const gone: ReadonlySet<string> = new Set(['ESRCH', 'ENOENT', 'ESTALE']);

async function openTarget({ host, session }: Connected, target: FileTarget): Promise<FileClient> {
  const { graph, facts } = host;
  if (graph === undefined) throw new Unreachable(`Nothing is known of ${host.label} yet. Try again.`);
  const found = targetWords(graph, facts?.own, target);
  if ('gone' in found) throw new Unreachable(found.gone);
  return openFiles(session, found.words);
}

async function untilConnected(host: Host, milliseconds: number): Promise<void> {
  const store = new DisposableStore();
  const over = new AbortController();
  const settled = new Promise<void>((resolve) => {
    store.add(
      host.onDidChangeState(({ kind }) => {
        if (kind !== 'lost' && kind !== 'connecting') resolve();
      }),
    );
  });
  const late = delay(milliseconds, undefined, { ref: false, signal: over.signal }).catch(() => undefined);
  await Promise.race([settled, late]);
  over.abort();
  store.dispose();
}

function describe(target: FileTarget): string {
  if (target.kind === 'process') return `Process ${target.pid}`;
  return target.kind === 'instance' ? `Instance ${target.name}` : `The process that was used of ${target.key}`;
}

function refusal(host: Host, target: FileTarget, { record }: HelperError): string {
  const { errno, detail } = record;
  const denied = errno === 'EACCES' || errno === 'EPERM';
  const cause = denied
    ? `The root of ${formatTarget(target)} may not be used by this user: it takes the rights of ptrace(2) over the process.`
    : `The files of ${formatTarget(target)} cannot be reached${detail === undefined ? '' : `: ${detail}`} (${record.step}: ${errno}).`;
  return denied && !host.spec.sudo ? `${cause} Connect with sudo to use them.` : cause;
}
