import { readFile } from 'node:fs/promises';
import { run } from './processes.ts';

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface Key {
  /** The private key's file. */
  readonly file: string;
  /** `TYPE BASE64`, as authorized_keys and known_hosts hold it. */
  readonly line: string;
  /** `SHA256:…`. */
  readonly fingerprint: string;
}

export async function generateKey(
  file: string,
  type: KeyType,
  options: { passphrase?: string; pem?: boolean } = {},
): Promise<Key> {
  const bits = type === 'rsa' ? ['-b', '2048'] : [];
  const format = options.pem === true ? ['-m', 'PEM'] : [];
  await run('ssh-keygen', [
    '-q',
    '-t',
    type,
    ...bits,
    ...format,
    '-N',
    options.passphrase ?? '',
    '-C',
    'test',
    '-f',
    file,
  ]);
  return describeKey(file);
}

export async function describeKey(file: string): Promise<Key> {
  const text = await readFile(`${file}.pub`, 'utf8');
  const { stdout } = await run('ssh-keygen', ['-l', '-f', `${file}.pub`]);
  return {
    file,
    line: text.trim().split(' ').slice(0, 2).join(' '),
    fingerprint: stdout.split(' ')[1] ?? '',
  };
}
