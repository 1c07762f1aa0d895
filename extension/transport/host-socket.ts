/** A TCP connection to an SSH server. */
import { Socket, type OnReadOpts, type SocketConstructorOpts, type TcpNetConnectOpts } from 'node:net';

/** Several packets of SSH (32 KiB each, RFC 4254, 5.2): a fast stream needs few reads, and little is said of each. */
const readAtOnce = 256 * 1024;

export class HostSocket extends Socket {
  #readsInPlace = false;

  constructor() {
    const onread: OnReadOpts = {
      buffer: Buffer.allocUnsafeSlow(readAtOnce),
      callback: (length, buffer) => this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, length)),
    };
    // Of the constructor, although @types/node has them for `connect`, which passes over them.
    const options: SocketConstructorOpts & Pick<TcpNetConnectOpts, 'noDelay' | 'keepAlive' | 'onread'> = {
      // Small requests and answers: each has to leave at once.
      noDelay: true,
      // TCPKeepAlive, which ssh_config(5) has on by default.
      keepAlive: true,
      onread,
    };
    super(options);
  }

  /**
   * From now on, what `data` gives may be overwritten as soon as it was heard. To make and collect buffers takes as long as all
   * else that is done for a fast stream.
   */
  set readsInPlace(isAllowed: boolean) {
    this.#readsInPlace = isAllowed;
  }

  #take(bytes: Buffer): boolean {
    if (!this.#readsInPlace || this.readableFlowing !== true || this.readableLength > 0)
      return this.push(Buffer.from(bytes));
    this.emit('data', bytes);
    return this.readableFlowing;
  }
}
