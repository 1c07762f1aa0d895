/** All forwards of this window. Free of `vscode`. */
import { Emitter, type Disposable } from '../../disposable.ts';
import type { HelperStream } from '../../helper/session.ts';
import type { Host } from '../../host/types.ts';
import { placeName, type Place } from '../../model/sockets.ts';
import { Forward, type LocalAddress } from './forward.ts';
import { relayWords, type Network } from './network.ts';
import { ReverseForward, type Shown } from './reverse.ts';

export interface ForwardOptions {
  readonly host: Host;
  readonly network: Network;
  /** What the person calls the net namespace. */
  readonly where: string;
  readonly place: Place;
  /** Where it listens on this side; of a reverse one, where its connections go. */
  readonly local: LocalAddress;
}

/** A forward and what it is for. It goes on while its host is not connected, and then refuses what comes. */
export interface Item extends ForwardOptions {
  /** What listens is in the namespace. */
  readonly reverse: boolean;
  readonly forward: Shown;
}

export class Forwards implements Disposable {
  readonly #items = new Set<Item>();
  readonly #reverse = new Map<Item, ReverseForward>();
  readonly #changed = new Emitter<Item | undefined>();

  /** One is another one, or (undefined) there are others. Fires with every piece of data. */
  readonly onDidChange = this.#changed.event;

  /** In the order in which they were made. */
  get all(): readonly Item[] {
    return [...this.#items];
  }

  /** Begins to listen at the local address, or with `orAny` at any port of it where that one cannot be had. Rejects when neither works. */
  async add(options: ForwardOptions, orAny: boolean): Promise<Item> {
    try {
      return await this.#begin(options);
    } catch (error) {
      if (!orAny || options.local.port === 0) throw error;
      return this.#begin({ ...options, local: { ...options.local, port: 0 } });
    }
  }

  /** Listens elsewhere. What is open is cut off only once that has worked. */
  async move(item: Item, local: LocalAddress): Promise<Item> {
    const moved = await this.add({ ...item, local }, false);
    this.remove(item);
    return moved;
  }

  /** Listens in the namespace. Rejects when that fails. */
  async addReverse(options: ForwardOptions): Promise<Item> {
    const forward = new ReverseForward(options.local);
    const item = { ...options, reverse: true, forward };
    try {
      await listenWithin(item, forward);
    } catch (error) {
      forward.dispose();
      throw error;
    }
    this.#reverse.set(item, forward);
    return this.#put(item);
  }

  /** The host is connected again: what listened in its namespaces ended with the connection before. */
  async resume(host: Host): Promise<void> {
    const items = [...this.#reverse].filter(([item]) => item.host === host);
    // Why one cannot listen any more is said by its state.
    await Promise.allSettled(items.map(([item, forward]) => listenWithin(item, forward)));
  }

  remove(item: Item): void {
    if (!this.#items.delete(item)) return;
    this.#reverse.delete(item);
    item.forward.dispose();
    this.#changed.fire(undefined);
  }

  dispose(): void {
    for (const { forward } of this.#items) forward.dispose();
    this.#items.clear();
    this.#reverse.clear();
    this.#changed.dispose();
  }

  async #begin(options: ForwardOptions): Promise<Item> {
    const { host, network, place, local } = options;
    const forward: Forward = new Forward(local, place.kind === 'udp', () =>
      openRelay(host, network, place, () => forward.succeeded()),
    );
    const actual = await forward.start();
    return this.#put({ ...options, local: actual, reverse: false, forward });
  }

  #put(item: Item): Item {
    this.#items.add(item);
    item.forward.onDidChange(() => this.#changed.fire(item));
    this.#changed.fire(undefined);
    return item;
  }
}

async function listenWithin({ host, network, place }: ForwardOptions, forward: ReverseForward): Promise<void> {
  const { session } = host;
  if (session === undefined) throw new Error(`${host.label} is not connected.`);
  // After the verb the words are the same.
  await forward.start(session, relayWords(host, network, place).slice(1));
}

function openRelay(host: Host, network: Network, place: Place, onConnected: () => void): HelperStream {
  const { session } = host;
  if (session === undefined)
    throw new Error(`${host.label} is not connected, so ${placeName(place)} cannot be reached.`);
  return session.openStream(relayWords(host, network, place), {
    onRecord: (record) => {
      if ('connected' in record) onConnected();
    },
  });
}
