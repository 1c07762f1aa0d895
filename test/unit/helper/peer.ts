/** The far end of a session, in this process, so that a test decides byte for byte what arrives when. */
import { PassThrough } from 'node:stream';
import { startServe, type ServeSession } from '../../../extension/helper/serve-session.ts';
import type { ExitStatus, RemoteProcess } from '../../../extension/transport/transport.ts';

export const version = { version: '0.1.0', protocol: 1, arch: 'x86_64', build: 'abc' };
export const hello = `${JSON.stringify({ helper: version })}\n`;

export interface Peer {
  readonly process: RemoteProcess;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  /** Everything that was written to stdin. */
  readonly input: () => string;
  readonly inputEnded: () => boolean;
  readonly disposed: () => boolean;
  readonly say: (message: unknown) => void;
  readonly end: (status: Partial<ExitStatus>) => void;
}

export function newPeer(): Peer {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let input = '';
  let inputEnded = false;
  let disposed = false;
  stdin.on('data', (chunk: Buffer) => (input += chunk.toString()));
  stdin.on('end', () => (inputEnded = true));
  let resolveExit: ((status: ExitStatus) => void) | undefined;
  const exit = new Promise<ExitStatus>((resolve) => (resolveExit = resolve));
  const end = (status: Partial<ExitStatus>): void => resolveExit?.({ code: status.code, signal: status.signal });
  const process: RemoteProcess = {
    stdin,
    stdout,
    stderr,
    exit,
    resize: () => undefined,
    dispose: () => {
      disposed = true;
      end({ signal: 'TERM' });
    },
  };
  return {
    process,
    stdout,
    stderr,
    input: () => input,
    inputEnded: () => inputEnded,
    disposed: () => disposed,
    say: (message) => void stdout.write(`${JSON.stringify(message)}\n`),
    end,
  };
}

export async function openPeer(): Promise<Peer & { readonly session: ServeSession }> {
  const peer = newPeer();
  peer.stdout.write(hello);
  return { ...peer, session: await startServe(peer.process, { elevated: false }) };
}

/** Lets everything that is under way in streams and promises happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    // One turn of the event loop after the other.
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setImmediate(resolve));
  }
}
