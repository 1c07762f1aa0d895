import { DisposableStore } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import { inspectAll } from '../../helper/verbs.ts';
import type { InsideRecord, RightsRecord } from '../../helper/protocol.ts';
import type { Host } from '../../host/types.ts';
import { judge } from '../../model/findings/judge.ts';
import type { Inspection } from '../../model/findings/types.ts';
import type { NamespaceKey } from '../../model/types.ts';
import { count } from '../../model/plain-words.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { followHosts } from '../follow-hosts.ts';
import { netnsNames } from '../leaks/netns-names.ts';
import { Problems } from './problems.ts';

/** Milliseconds between two looks at a host, and between two judgements; longer where they take long. */
const lookGap = 30_000;
const judgeGap = 1_500;
/** How many times as long as one takes the gap after it is at least. */
const share = 50;
/** Milliseconds after which a refresh is followed by a look. */
const soon = 150;
/** Milliseconds for which a process has to have ended before it is said that nobody waits for it. */
const patience = 5_000;

/** Follows every connected host while the view is visible, and puts what it finds into the store and the Problems panel. */
export const activateJudging: Feature = (context) => {
  const store = new DisposableStore();
  store.add(new Problems(context));
  store.add(followHosts(context.hosts, (host) => new HostJudge(context, host)));
  return store;
};

class HostJudge implements Disposable {
  readonly #context: FeatureContext;
  readonly #host: Host;
  readonly #store = new DisposableStore();
  readonly #look = this.#store.add(new Timer(() => this.#lookNow()));
  readonly #judge = this.#store.add(new Timer(() => this.#judgeNow()));
  #abort: AbortController | undefined;
  #inspection: Inspection | undefined;
  #names: readonly string[] | undefined;
  /** When each ended process was first seen as such, by `PID.START`. */
  #ended = new Map<string, number>();
  /** Before this time, by `performance.now()`, there is no other judgement. */
  #next = 0;

  constructor(context: FeatureContext, host: Host) {
    this.#context = context;
    this.#host = host;
    this.#store.add(host.onDidChangeState(() => this.#update()));
    this.#store.add(context.tree.onDidChangeVisibility(() => this.#update()));
    this.#store.add(
      host.onDidChangeGraph(({ reset }) => {
        // Someone has asked for what there is now.
        if (reset) this.#look.in(soon);
        this.#judgeSoon();
      }),
    );
    this.#update();
  }

  dispose(): void {
    this.#store.dispose();
    this.#forget();
  }

  get #active(): boolean {
    return this.#host.session !== undefined && this.#host.graph !== undefined && this.#context.tree.visible;
  }

  #update(): void {
    if (this.#host.session === undefined) this.#forget();
    else if (this.#active) this.#look.in(soon);
  }

  #forget(): void {
    this.#abort?.abort();
    this.#inspection = undefined;
    this.#names = undefined;
    this.#ended.clear();
    this.#context.findings.set(this.#host, []);
  }

  #judgeSoon(): void {
    this.#judge.in(Math.max(judgeGap / 3, this.#next - performance.now()));
  }

  async #lookNow(): Promise<void> {
    const { session, label } = this.#host;
    if (!this.#active || session === undefined || this.#abort !== undefined) return;
    const abort = new AbortController();
    this.#abort = abort;
    const begin = performance.now();
    const inside = new Map<NamespaceKey, InsideRecord>();
    const rights: RightsRecord[] = [];
    try {
      await inspectAll(
        session,
        (record) => {
          if ('inside' in record) inside.set(`${record.inside.type}:${record.inside.id}`, record.inside);
          else if ('rights' in record) rights.push(record.rights);
        },
        abort.signal,
      );
      const names = await netnsNames(this.#host);
      // Another connection, of which nothing is known yet.
      if (abort.signal.aborted || this.#host.session !== session) return;
      this.#inspection = { inside, rights };
      this.#names = names;
      this.#next = 0;
      this.#judgeNow();
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#context.log.info(`[${label}] Not inspected: ${error instanceof Error ? error.message : String(error)}`);
      // What the tree shows is known all the same.
      this.#judgeNow();
    } finally {
      this.#abort = undefined;
      this.#look.in(Math.max(lookGap, share * (performance.now() - begin)));
    }
  }

  #judgeNow(): void {
    const { graph, facts, label } = this.#host;
    if (!this.#active || graph === undefined || facts === undefined) return;
    const begin = performance.now();
    const lasting = this.#lasting(begin);
    const findings = judge({
      graph,
      facts,
      inspection: this.#inspection,
      lasting,
      rights: { elevated: facts.uid === 0, hidepid: facts.hidepid },
      mntns: facts.own.mnt,
      netnsNames: this.#names,
    });
    const took = performance.now() - begin;
    this.#next = begin + Math.max(judgeGap, share * took);
    this.#context.log.debug(`[${label}] ${count(findings.length, 'finding')} in ${Math.round(took)} ms`);
    this.#context.findings.set(this.#host, findings);
  }

  #lasting(now: number): ReadonlySet<string> {
    const ended = new Map<string, number>();
    const lasting = new Set<string>();
    for (const { pid, start, zombie } of this.#host.graph?.processes.values() ?? []) {
      if (!zombie) continue;
      const id = `${pid}.${start}`;
      const since = this.#ended.get(id) ?? now;
      ended.set(id, since);
      if (now - since >= patience) lasting.add(id);
    }
    this.#ended = ended;
    return lasting;
  }
}

/** Runs an action at the earliest of the times that were asked for. */
class Timer implements Disposable {
  readonly #action: () => void | Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Infinity;
  #disposed = false;

  constructor(action: () => void | Promise<void>) {
    this.#action = action;
  }

  in(delay: number): void {
    const due = performance.now() + delay;
    if (this.#disposed || due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#due = Infinity;
      void this.#action();
    }, delay);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }
}
