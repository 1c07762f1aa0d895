/** Starting processes so that a cancelled start leaves none behind. */
import type { ExitStatus, RemoteCommand, RemoteProcess, Transport } from '../transport/transport.ts';
import { cancelled } from './failures.ts';
import { Tail } from './lines.ts';

/**
 * The process outlives `signal`: whoever gets it ends it. Rejects with ConnectionError; with `cancelled` at once when
 * aborted, and what is started all the same is ended.
 */
export async function start(transport: Transport, command: RemoteCommand, signal: AbortSignal): Promise<RemoteProcess> {
  if (signal.aborted) throw cancelled(signal);
  const starting = transport.exec(command);
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(cancelled(signal)), { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([starting, aborted]);
  } catch (error) {
    starting.then(
      (process) => process.dispose(),
      () => undefined,
    );
    throw error;
  } finally {
    settled.abort();
  }
}

export interface Execution {
  /** Ends of what was printed. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: ExitStatus;
}

const tailLimit = 16 * 1024;

/** Runs a command without input to its end. */
export async function execute(transport: Transport, command: RemoteCommand, signal: AbortSignal): Promise<Execution> {
  const process = await start(transport, command, signal);
  const [stdout, stderr] = [new Tail(tailLimit), new Tail(tailLimit)];
  for (const stream of [process.stdin, process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  process.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  process.stdin.end();
  const abort = (): void => process.dispose();
  signal.addEventListener('abort', abort, { once: true });
  const exit = await process.exit;
  signal.removeEventListener('abort', abort);
  if (signal.aborted) throw cancelled(signal);
  return { stdout: stdout.text, stderr: stderr.text, exit };
}
