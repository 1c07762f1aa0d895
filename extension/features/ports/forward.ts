/** One forwarded port: a local socket, and behind it connections within a net namespace of a host. Free of `vscode`. */
import { asError } from '../../as-error.ts';
import { Emitter, type Disposable, type Event } from '../../disposable.ts';
import type { HelperStream } from '../../helper/session.ts';
import { listenTcp } from './tcp.ts';
import { listenUdp } from './udp.ts';

export interface LocalAddress {
  /** `127.0.0.1` unless the person asked for another one. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export type ForwardState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'listening'; readonly local: LocalAddress }
  /** Nothing listens: the local port is taken, or may not be used. */
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'stopped' };

/** Bytes since the forward began. */
export interface Traffic {
  /** To the namespace. */
  sent: number;
  /** From the namespace. */
  received: number;
  /** Connections, or peers of a UDP socket, now and in all. */
  open: number;
  total: number;
  /** Connections that could not be made or were cut off. */
  failed: number;
}

/** What a local socket needs of its forward. */
export interface Carrier {
  readonly traffic: Traffic;
  /** Opens a way to the other end. Throws where there is no connection to the host at present. */
  open(): HelperStream;
  /** A connection failed; the last of these errors is shown. */
  failed(error: Error): void;
  changed(): void;
}

export interface LocalListener extends Disposable {
  readonly address: LocalAddress;
}

export class Forward implements Disposable {
  readonly #changed = new Emitter<void>();
  readonly #open: () => HelperStream;
  readonly #udp: boolean;
  readonly #wanted: LocalAddress;
  #state: ForwardState = { kind: 'starting' };
  #listener: LocalListener | undefined;
  #error: Error | undefined;

  readonly traffic: Traffic = { sent: 0, received: 0, open: 0, total: 0, failed: 0 };
  /** The state or the traffic is another one. Fires with every piece of data: listeners have to gather. */
  readonly onDidChange: Event<void> = this.#changed.event;

  /** @param open see `Carrier.open` */
  constructor(wanted: LocalAddress, udp: boolean, open: () => HelperStream) {
    this.#wanted = wanted;
    this.#udp = udp;
    this.#open = open;
  }

  get state(): ForwardState {
    return this.#state;
  }

  /** Why the last connection that failed did so; undefined once one has got through. */
  get lastError(): Error | undefined {
    return this.#error;
  }

  /** Begins to listen. Rejects when that fails, and so says `state`. */
  async start(): Promise<LocalAddress> {
    const carrier: Carrier = {
      traffic: this.traffic,
      open: () => this.#open(),
      failed: (error) => {
        this.traffic.failed += 1;
        this.#error = error;
        this.#changed.fire();
      },
      changed: () => {
        this.#changed.fire();
      },
    };
    try {
      const listener = await (this.#udp ? listenUdp : listenTcp)(this.#wanted, carrier);
      if (this.#state.kind === 'stopped') {
        listener.dispose();
        return listener.address;
      }
      this.#listener = listener;
      this.#state = { kind: 'listening', local: listener.address };
      return listener.address;
    } catch (error) {
      this.#state = { kind: 'failed', error: asError(error) };
      throw error;
    } finally {
      this.#changed.fire();
    }
  }

  /** Some connection got through. */
  succeeded(): void {
    this.#error = undefined;
    this.#changed.fire();
  }

  /** Cuts off what is open and listens no more. */
  dispose(): void {
    if (this.#state.kind === 'stopped') return;
    this.#state = { kind: 'stopped' };
    this.#listener?.dispose();
    this.#changed.fire();
    this.#changed.dispose();
  }
}
