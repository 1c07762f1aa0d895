/** Writes one new file over SFTP. */
import type { Client, SFTPWrapper } from 'ssh2';
import { ConnectionError } from './errors.ts';
import { UploadUnsupported } from './transport.ts';
import { plainText } from './words.ts';

/** OpenSSH takes 256 KiB per packet, everybody at least 32 KiB (draft-ietf-secsh-filexfer-02 section 3). */
const chunk = 32 * 1024;
/** Packets under way at once, so that a long round trip does not hold up a large file. */
const window = 16;

/**
 * Aborting rejects at once; what was written is removed in the background.
 * @throws UploadUnsupported where SFTP cannot be started
 * @throws Error in the server's words; a partial file is removed
 */
export function uploadBySftp(
  client: Client,
  bytes: Uint8Array,
  path: string,
  mode: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    upload(client, bytes, path, mode, signal)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

async function upload(
  client: Client,
  bytes: Uint8Array,
  path: string,
  mode: number,
  signal: AbortSignal,
): Promise<void> {
  const sftp = await start(client);
  const closed = new Promise<never>((_, reject) => {
    sftp.once('close', () => reject(new Error('the SFTP session ended')));
    sftp.on('error', reject);
  });
  // ssh2 leaves the callbacks of a session that ends unanswered.
  const request = <T = void>(begin: (done: Done<T>) => void): Promise<T> => Promise.race([call(begin), closed]);
  try {
    signal.throwIfAborted();
    await write(sftp, request, bytes, path, mode, signal);
  } finally {
    closed.catch(() => undefined);
    sftp.end();
  }
}

async function write(
  sftp: SFTPWrapper,
  request: <T = void>(begin: (done: Done<T>) => void) => Promise<T>,
  bytes: Uint8Array,
  path: string,
  mode: number,
  signal: AbortSignal,
): Promise<void> {
  let handle: Buffer;
  try {
    // `x` is O_CREAT | O_EXCL: an existing file or symbolic link is never followed or replaced (open(2)).
    handle = await request<Buffer>((done) => sftp.open(path, 'wx', { mode }, done));
  } catch (error) {
    throw explained(error, `${path} cannot be created`);
  }
  try {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < data.length) {
        signal.throwIfAborted();
        const from = next;
        next += chunk;
        const length = Math.min(chunk, data.length - from);
        // oxlint-disable-next-line no-await-in-loop
        await request((done) => sftp.write(handle, data, from, length, from, done));
      }
    };
    await Promise.all(Array.from({ length: window }, worker));
    // The server's umask may have taken bits away.
    await request((done) => sftp.fchmod(handle, mode, done));
    await request((done) => sftp.close(handle, done));
    signal.throwIfAborted();
  } catch (error) {
    // What is half written is no use to anybody. If the connection is gone, nothing can be done about it.
    await request((done) => sftp.close(handle, () => sftp.unlink(path, done))).catch(() => undefined);
    throw explained(error, `${path} cannot be written`);
  }
}

function start(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new ConnectionError('lost', 'The connection was lost.', 'Connect again.'));
    client.once('close', lost);
    client.sftp((error, sftp) => {
      client.off('close', lost);
      if (error === undefined) return resolve(sftp);
      // No subsystem, no server program behind it, or one that says something else: there is no SFTP here.
      reject(new UploadUnsupported(plainText(error.message), { cause: error }));
    });
  });
}

type Done<T> = (error: Error | null | undefined, value: T) => void;

/** A call with ssh2's callback as a promise. */
function call<T>(begin: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    begin((error, value) => {
      if (error instanceof Error) reject(error);
      else resolve(value);
    });
  });
}

/** ssh2 gives SFTP's status codes as numbers. */
function explained(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  // SFTP version 3 has no code for "exists" or "disk full": both are SSH_FX_FAILURE.
  const vague = 'code' in error && error.code === 4;
  const hint = vague ? ' (a file of that name may exist, or the disk be full)' : '';
  return new Error(`${what}: ${plainText(error.message)}${hint}`, { cause: error });
}
