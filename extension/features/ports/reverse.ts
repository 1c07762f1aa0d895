/** A port within a net namespace whose connections come out on this side. Free of `vscode`. */
import { connect, type Socket } from 'node:net';
import { asError } from '../../as-error.ts';
import { Emitter, type Disposable, type Event } from '../../disposable.ts';
import type { HelperSession } from '../../helper/session.ts';
import type { ForwardState, LocalAddress, Traffic } from './forward.ts';
import { carry } from './tcp.ts';

/** What a forward in either direction shows. */
export interface Shown extends Disposable {
  readonly state: ForwardState;
  readonly traffic: Traffic;
  /** Why the last connection that failed did so; undefined once one has got through. */
  readonly lastError: Error | undefined;
  readonly onDidChange: Event<void>;
}

export class ReverseForward implements Shown {
  readonly #changed = new Emitter<void>();
  readonly #local: LocalAddress;
  readonly #sockets = new Set<Socket>();
  #state: ForwardState = { kind: 'starting' };
  #error: Error | undefined;
  #listening: AbortController | undefined;

  readonly traffic: Traffic = { sent: 0, received: 0, open: 0, total: 0, failed: 0 };
  readonly onDidChange: Event<void> = this.#changed.event;

  /** @param local where each connection goes on this side */
  constructor(local: LocalAddress) {
    this.#local = local;
  }

  get state(): ForwardState {
    return this.#state;
  }

  get lastError(): Error | undefined {
    return this.#error;
  }

  /**
   * Listens within, by a session of the host; with the next one it has to be called again. Resolves when it does. Rejects as
   * `HelperSession.request` does: EADDRINUSE, EACCES.
   * @param words of `listen`, after the verb
   */
  start(session: HelperSession, words: readonly string[]): Promise<void> {
    this.#listening?.abort(new Error('listens anew'));
    const listening = (this.#listening = new AbortController());
    let name = '';
    return new Promise((resolve, reject) => {
      const over = (error: unknown): void => {
        reject(error);
        if (listening.signal.aborted) return;
        this.#state = { kind: 'failed', error: asError(error) };
        this.#changed.fire();
      };
      const ended = session.request('listen', words, {
        signal: listening.signal,
        onRecord: (record) => {
          if ('listening' in record) {
            ({ name } = record.listening);
            this.#state = { kind: 'listening', local: this.#local };
            this.#changed.fire();
            resolve();
          } else if ('accepted' in record) {
            this.#accept(session, name);
          }
        },
      });
      ended.then(() => over(new Error('It listens no more.')), over);
    });
  }

  /** Listens no more and cuts off what is open. */
  dispose(): void {
    if (this.#state.kind === 'stopped') return;
    this.#state = { kind: 'stopped' };
    this.#listening?.abort(new Error('the forward was stopped'));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#changed.fire();
    this.#changed.dispose();
  }

  #accept(session: HelperSession, name: string): void {
    const words = ['relay', `--accepted=${name}`];
    const socket = connect({ ...this.#local, allowHalfOpen: true, noDelay: true });
    const refused = (error: Error): void => {
      // Taken all the same, to be reset: it would wait for ever.
      const stream = session.openStream(words, { onRecord: () => stream.destroy() });
      stream.on('error', () => undefined);
      this.traffic.total += 1;
      this.#failed(error);
    };
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      this.#error = undefined;
      // What comes out of the namespace is received, as in the other direction.
      carry(socket, session.openStream(words), {
        traffic: this.traffic,
        failed: (error) => this.#failed(error),
        changed: () => {
          this.#changed.fire();
        },
      });
    });
  }

  #failed(error: Error): void {
    this.traffic.failed += 1;
    this.#error = error;
    this.#changed.fire();
  }
}
