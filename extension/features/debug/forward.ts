/** A port of this machine's loopback whose connections go on in a net namespace of a host. Free of `vscode`. */
import { createServer, type Socket } from 'node:net';
import type { Disposable } from '../../disposable.ts';
import type { HelperSession } from '../../helper/session.ts';

export interface Forward extends Disposable {
  readonly port: number;
}

/** @param words after the verb `relay` */
export function forward(session: HelperSession, words: readonly string[]): Promise<Forward> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const stream = session.openStream(['relay', ...words]);
    const end = (): void => {
      sockets.delete(socket);
      socket.destroy();
      stream.destroy();
    };
    socket.on('error', end);
    socket.on('close', end);
    // A connection that is refused there is one that ends here.
    stream.on('error', end);
    stream.pipe(socket);
    socket.pipe(stream);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') {
        reject(new Error('no port of this machine is free'));
        return;
      }
      const dispose = (): void => {
        server.close();
        for (const socket of sockets) socket.destroy();
      };
      resolve({ port: address.port, dispose });
    });
  });
}
