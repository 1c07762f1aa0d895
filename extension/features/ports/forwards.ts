/** All forwards of this window. Free of `vscode`. */
import { Emitter, type Disposable } from '../../disposable.ts';
import type { HelperStream } from '../../helper/session.ts';
import type { Host } from '../../host/types.ts';
import { placeName, type Place } from '../../model/sockets.ts';
import { Forward, type LocalAddress } from './forward.ts';
import { relayWords, type Network } from './network.ts';

export interface ForwardOptions {
  readonly host: Host;
  readonly network: Network;
  /** What the person calls the net namespace. */
  readonly where: string;
  readonly place: Place;
  readonly local: LocalAddress;
}

/** A forward and what it is for. It goes on while its host is not connected, and then refuses what comes. */
export interface Item extends ForwardOptions {
  readonly forward: Forward;
}

export class Forwards implements Disposable {
  readonly #items = new Set<Item>();
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

  remove(item: Item): void {
    if (!this.#items.delete(item)) return;
    item.forward.dispose();
    this.#changed.fire(undefined);
  }

  dispose(): void {
    for (const { forward } of this.#items) forward.dispose();
    this.#items.clear();
    this.#changed.dispose();
  }

  async #begin(options: ForwardOptions): Promise<Item> {
    const { host, network, place, local } = options;
    const forward: Forward = new Forward(local, place.kind === 'udp', () =>
      openRelay(host, network, place, () => forward.succeeded()),
    );
    const actual = await forward.start();
    const item: Item = { ...options, local: actual, forward };
    this.#items.add(item);
    forward.onDidChange(() => this.#changed.fire(item));
    this.#changed.fire(undefined);
    return item;
  }
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
