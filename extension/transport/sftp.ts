/** Writes one new file over SFTP. */
import type { Client, SFTPWrapper } from 'ssh2';
import { ConnectionError } from './errors.ts';
import { UploadUnsupported } from './transport.ts';
import { plainText } from './words.ts';

/** OpenSSH's sftp-server takes 256 KiB per packet at most and everybody at least 32 KiB (draft-ietf-secsh-filexfer-02 section 3). */
const chunk = 32 * 1024;
/** Packets under way at once, so that a long round trip does not hold up a large file. */
const window = 16;

/**
 * @throws UploadUnsupported where SFTP cannot be started
 * @throws Error in the server's words; a partial file is removed
 */
export async function uploadBySftp(
  client: Client,
  bytes: Uint8Array,
  path: string,
  mode: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const sftp = await start(client);
  // A channel that closes leaves ssh2's callbacks unanswered; an abort must not wait for them either.
  const ended = new Promise<never>((_, reject) => {
    sftp.once('close', () => reject(new Error('the SFTP session ended')));
    signal.addEventListener('abort', () => reject(reasonOf(signal)), { once: true });
  });
  ended.catch(() => undefined);
  const wait = <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, ended]);
  try {
    // Aborted while the session was being opened.
    signal.throwIfAborted();
    await write(sftp, bytes, path, mode, wait);
  } finally {
    sftp.end();
  }
}

async function write(
  sftp: SFTPWrapper,
  bytes: Uint8Array,
  path: string,
  mode: number,
  wait: <T>(promise: Promise<T>) => Promise<T>,
): Promise<void> {
  // `x` is O_CREAT | O_EXCL: an existing file or symbolic link is never followed or replaced (open(2)).
  const handle = await wait(
    call<Buffer>((done) => sftp.open(path, 'wx', { mode }, done)).catch((error: unknown) => {
      throw explained(error, `${path} cannot be created`);
    }),
  );
  try {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < data.length) {
        const from = next;
        next += chunk;
        const length = Math.min(chunk, data.length - from);
        // oxlint-disable-next-line no-await-in-loop
        await wait(call((done) => sftp.write(handle, data, from, length, from, done)));
      }
    };
    await Promise.all(Array.from({ length: window }, worker));
    // The server's umask may have taken bits away.
    await wait(call((done) => sftp.fchmod(handle, mode, done)));
    await wait(call((done) => sftp.close(handle, done)));
  } catch (error) {
    // What is half written is no use to anybody. If the connection is gone, nothing can be done about it.
    sftp.close(handle, () => undefined);
    sftp.unlink(path, () => undefined);
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

/** A call with ssh2's callback as a promise. */
function call<T = void>(begin: (done: (error: Error | null | undefined, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    begin((error, value) => {
      if (error instanceof Error) reject(error);
      else resolve(value);
    });
  });
}

function explained(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') return error;
  // SFTP version 3 has no code for "exists" or "disk full": both are SSH_FX_FAILURE.
  const hint = error.code === 4 ? ' (a file of that name may exist, or the disk be full)' : '';
  return new Error(`${what}: ${plainText(error.message)}${hint}`, { cause: error });
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
