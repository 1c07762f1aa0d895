/** A local UDP socket: for each peer a stream of its own, on which datagrams travel behind their length. Free of `vscode`. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { asError } from '../../as-error.ts';
import type { HelperStream } from '../../helper/session.ts';
import type { Carrier, LocalAddress, LocalListener } from './forward.ts';

/** Milliseconds without a datagram after which a peer is forgotten: the least of RFC 4787, REQ-5. */
const idle = 120_000;
/** Peers at once; one more takes the place of the one that has been silent for longest. */
const maximumPeers = 256;
/** Bytes that wait for the host before datagrams are dropped, as a full queue drops them. */
const maximumWaiting = 1_048_576;

interface Peer {
  readonly stream: HelperStream;
  timer: NodeJS.Timeout;
}

/** Rejects with what bind(2) says. */
export function listenUdp({ host, port }: LocalAddress, carrier: Carrier): Promise<LocalListener> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.off('error', reject);
      socket.on('error', (error) => carrier.failed(error));
      const peers = new Peers(socket, carrier);
      socket.on('message', (bytes, from) => peers.take(bytes, from));
      resolve({
        address: { host, port: socket.address().port },
        dispose: () => {
          peers.dispose();
          socket.close();
        },
      });
    });
  });
}

class Peers {
  readonly #socket: Socket;
  readonly #carrier: Carrier;
  /** Those who spoke last are last. */
  readonly #peers = new Map<string, Peer>();
  #over = false;

  constructor(socket: Socket, carrier: Carrier) {
    this.#socket = socket;
    this.#carrier = carrier;
  }

  take(bytes: Buffer, from: RemoteInfo): void {
    const key = `${from.address} ${from.port}`;
    const peer = this.#peers.get(key) ?? this.#begin(key, from);
    if (peer === undefined) return;
    this.#spoke(key, peer);
    if (peer.stream.writableLength > maximumWaiting) return;
    this.#carrier.traffic.sent += bytes.length;
    this.#carrier.changed();
    peer.stream.write(frame(bytes));
  }

  dispose(): void {
    this.#over = true;
    for (const { stream } of this.#peers.values()) stream.destroy();
  }

  #begin(key: string, from: RemoteInfo): Peer | undefined {
    const [oldest] = this.#peers.values();
    if (this.#peers.size >= maximumPeers) oldest?.stream.destroy();
    const { traffic } = this.#carrier;
    let stream: HelperStream;
    try {
      stream = this.#carrier.open();
    } catch (error) {
      this.#carrier.failed(asError(error));
      return undefined;
    }
    traffic.open += 1;
    traffic.total += 1;
    const peer: Peer = { stream, timer: setTimeout(() => stream.destroy(), idle) };
    this.#peers.set(key, peer);
    const frames = new Frames((datagram) => {
      traffic.received += datagram.length;
      this.#carrier.changed();
      this.#spoke(key, peer);
      if (!this.#over) this.#socket.send(datagram, from.port, from.address);
    });
    stream.on('data', (chunk: Buffer) => frames.push(chunk));
    let failure: Error | undefined;
    stream.on('error', (error) => (failure = error));
    stream.once('close', () => {
      clearTimeout(peer.timer);
      if (this.#peers.get(key) === peer) this.#peers.delete(key);
      traffic.open -= 1;
      if (failure === undefined) this.#carrier.changed();
      else this.#carrier.failed(failure);
    });
    // Of this promise only the error is new, and `error` tells it.
    stream.ended.catch(() => undefined);
    return peer;
  }

  #spoke(key: string, peer: Peer): void {
    peer.timer.refresh();
    if (this.#peers.get(key) !== peer) return;
    this.#peers.delete(key);
    this.#peers.set(key, peer);
  }
}

function frame(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Cuts a stream into what was framed. Holds no more than one frame and one chunk. */
export class Frames {
  readonly #onFrame: (bytes: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(onFrame: (bytes: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= 2) {
      const length = bytes.readUInt16BE();
      if (bytes.length < 2 + length) break;
      this.#onFrame(bytes.subarray(2, 2 + length));
      bytes = bytes.subarray(2 + length);
    }
    this.#rest = bytes;
  }
}
