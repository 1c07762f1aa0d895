/** What features see of hosts. `hosts.ts` and `host.ts` own the state; nothing else connects or keeps sessions. */
import type { Disposable, Event } from '../disposable.ts';
import type { EndRecord, FactsRecord } from '../helper/protocol.ts';
import type { HelperSession } from '../helper/session.ts';
import type { Change, Graph } from '../model/types.ts';
import type { ConnectionError } from '../transport/errors.ts';

export type HostSpec =
  | { readonly kind: 'local'; readonly sudo: boolean }
  /** `target` is an ssh_config alias or `[user@]host[:port]`. */
  | { readonly kind: 'ssh'; readonly target: string; readonly sudo: boolean };

export type HostState =
  | { readonly kind: 'disconnected' }
  /** `stage` in words: `Verifying the host key`, `Uploading the helper`. */
  | { readonly kind: 'connecting'; readonly stage: string }
  | { readonly kind: 'connected' }
  /**
   * The connection broke. The graph stays, stale. `retryAt` (ms since the epoch) while reconnecting by itself; a time that
   * has passed means that an attempt is under way. Undefined: nothing more is tried until someone calls `connect`.
   */
  | { readonly kind: 'lost'; readonly error: ConnectionError; readonly retryAt: number | undefined }
  | { readonly kind: 'failed'; readonly error: ConnectionError };

export interface Host {
  /** `local`, or the ssh target. Stable across restarts. */
  readonly id: string;
  readonly label: string;
  readonly spec: HostSpec;
  readonly state: HostState;
  /**
   * The last known graph; stale unless `state.kind` is `connected`. While nobody holds `watch()` it is as old as
   * `graph.time` says. Undefined before the first snapshot and after `disconnect`.
   */
  readonly graph: Graph | undefined;
  /**
   * Seconds since the epoch, by the host's clock, of the deep scan whose finds (fds, sockets, threads, listns) are in the
   * graph; undefined when it holds none. A find stays while a process that holds it lives, until the next refresh.
   */
  readonly deepTime: number | undefined;
  readonly facts: FactsRecord | undefined;
  /** Undefined unless connected. */
  readonly session: HelperSession | undefined;
  readonly onDidChangeState: Event<HostState>;
  readonly onDidChangeGraph: Event<Change>;
  /**
   * Resolves when the first snapshot is in the graph. Rejects with ConnectionError (`cancelled` when aborted). Calls during
   * one attempt share its promise; aborting any caller's signal ends the attempt.
   */
  connect(signal?: AbortSignal): Promise<void>;
  disconnect(): void;
  /**
   * One fresh scan into the graph. A plain one drops the finds of an earlier deep one. Rejects with ConnectionError (`lost`
   * when not connected, `cancelled` when aborted) or HelperError.
   */
  refresh(options: { readonly deep: boolean; readonly signal?: AbortSignal }): Promise<EndRecord>;
  /** The helper is polled only while at least one view holds this. */
  watch(): Disposable;
}

export interface Hosts {
  readonly all: readonly Host[];
  get(id: string): Host | undefined;
  add(spec: HostSpec): Promise<Host>;
  remove(id: string): Promise<void>;
  readonly onDidChange: Event<void>;
}
