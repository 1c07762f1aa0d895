/** A local TCP socket whose connections are carried on by streams. Free of `vscode`. */
import { createServer, type Socket } from 'node:net';
import { asError } from '../../as-error.ts';
import { gatherWrites } from '../../gather-writes.ts';
import type { HelperStream } from '../../helper/session.ts';
import type { Carrier, LocalAddress, LocalListener } from './forward.ts';

/** Bytes that wait for one side before the other one is not read on. With fewer a fast stream stops at every packet. */
const onTheWay = 1024 * 1024;

/** Rejects with what listen(2) says: EADDRINUSE, EACCES. */
export function listenTcp({ host, port }: LocalAddress, carrier: Carrier): Promise<LocalListener> {
  const sockets = new Set<Socket>();
  // Each side is closed by itself, and every byte leaves at once: who wanted to gather them has done so.
  const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: onTheWay }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    begin(socket, carrier);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      // One connection that could not be accepted (EMFILE) is no reason to end the others.
      server.on('error', (error) => carrier.failed(error));
      const address = server.address();
      const actual = typeof address === 'object' && address !== null ? address.port : port;
      resolve({
        address: { host, port: actual },
        dispose: () => {
          server.close();
          for (const socket of sockets) socket.resetAndDestroy();
        },
      });
    });
  });
}

function begin(socket: Socket, carrier: Carrier): void {
  try {
    carry(socket, carrier.open(), carrier);
  } catch (error) {
    socket.resetAndDestroy();
    carrier.failed(asError(error));
  }
}

/** Carries bytes between a local socket and a stream to the host, each of which may begin to be connected, until both have ended. */
export function carry(socket: Socket, stream: HelperStream, carrier: Omit<Carrier, 'open'>): void {
  const { traffic } = carrier;
  traffic.open += 1;
  traffic.total += 1;
  carrier.changed();
  let failure: Error | undefined;
  socket.on('data', (chunk: Buffer) => {
    traffic.sent += chunk.length;
    carrier.changed();
  });
  stream.on('data', (chunk: Buffer) => {
    traffic.received += chunk.length;
    carrier.changed();
    gatherWrites(socket);
  });
  // `pipe` waits for the slower side, and passes on the end of either by itself.
  socket.pipe(stream);
  stream.pipe(socket);
  socket.on('error', (error) => {
    // Reset by the local side, or nobody is there: `close` passes it on.
    failure ??= error;
  });
  socket.once('close', (hadError) => {
    // Without an error both sides have ended; what was written last may still be on its way.
    if (hadError || !stream.readableEnded) stream.destroy();
  });
  stream.on('error', (error) => {
    failure ??= error;
    // What came through before the reset is on its way already; a reset may overtake it, as any does (RFC 9293, 3.10.7).
    socket.resetAndDestroy();
  });
  stream.once('close', () => {
    traffic.open -= 1;
    if (failure === undefined) carrier.changed();
    else carrier.failed(failure);
  });
  // Of this promise only the error is new, and `error` tells it.
  stream.ended.catch(() => undefined);
}
