/** known_hosts: reading, looking up as OpenSSH's hostfile.c does, adding. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { matchesList } from './patterns.ts';
import { knownHostsName } from './target.ts';

export interface KnownHostsEntry {
  readonly file: string;
  readonly line: number;
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  /** Patterns, or one hashed name. */
  readonly hosts: string;
  readonly keyType: string;
  readonly key: Buffer;
}

export type HostKeyStatus =
  | { readonly kind: 'known' }
  /** `authority`: a certificate authority is trusted for this host, which only certificates could use. */
  | {
      readonly kind: 'unknown';
      readonly authority: KnownHostsEntry | undefined;
      readonly elsewhere: readonly KnownHostsEntry[];
    }
  | { readonly kind: 'changed'; readonly expected: readonly KnownHostsEntry[] }
  | { readonly kind: 'revoked'; readonly entry: KnownHostsEntry };

/** A file that is missing is empty; one that cannot be read is an error, since it may hold a revocation. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHostsEntry[]> {
  const read = files.map(async (file) => {
    try {
      return parseKnownHosts(await readFile(file, 'utf8'), file);
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
      throw error;
    }
  });
  return (await Promise.all(read)).flat();
}

export function parseKnownHosts(text: string, file: string): KnownHostsEntry[] {
  const entries: KnownHostsEntry[] = [];
  for (const [index, whole] of text.split('\n').entries()) {
    const words = whole.trim().split(/[ \t]+/);
    const first = words[0] ?? '';
    if (first === '' || first.startsWith('#')) continue;
    const marker = first.startsWith('@') ? markers[words.shift() ?? ''] : 'none';
    const [hosts, keyType, base64] = words;
    // Lines that cannot be read are passed over, as OpenSSH does; so are SSH 1 keys, which are all digits.
    if (marker === undefined || hosts === undefined || keyType === undefined || base64 === undefined) continue;
    const key = Buffer.from(base64, 'base64');
    if (keyTypeOf(key) !== keyType) continue;
    entries.push({ file, line: index + 1, marker, hosts, keyType, key });
  }
  return entries;
}

const markers: Readonly<Record<string, 'revoked' | 'cert-authority' | undefined>> = {
  '@revoked': 'revoked',
  '@cert-authority': 'cert-authority',
};

/** The type that the key's own encoding names (RFC 4253 section 6.6); undefined for what is no key. */
export function keyTypeOf(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  return length > 0 && length <= 64 && key.length > 4 + length ? key.toString('latin1', 4, 4 + length) : undefined;
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function concerns(entry: KnownHostsEntry, name: string): boolean {
  const lowered = name.toLowerCase();
  if (!entry.hosts.startsWith('|1|')) return matchesList(lowered, entry.hosts, true);
  const [, , salt, hash] = entry.hosts.split('|');
  if (salt === undefined || hash === undefined) return false;
  const wanted = Buffer.from(hash, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(lowered).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** Under which names a host's key may stand. HostKeyAlias replaces host and port. */
export function lookupNames(
  host: string,
  port: number,
  hostKeyAlias: string | undefined,
): { name: string; plain: string } {
  return hostKeyAlias === undefined
    ? { name: knownHostsName(host, port), plain: host }
    : { name: hostKeyAlias, plain: hostKeyAlias };
}

/**
 * What is known of `key` for the host.
 * @param plain the name without a port: a matching key under it counts, a differing one does not (sshconnect.c)
 */
export function checkHostKey(
  entries: readonly KnownHostsEntry[],
  names: { readonly name: string; readonly plain: string },
  key: Buffer,
): HostKeyStatus {
  const relevant = entries.filter((entry) => concerns(entry, names.name));
  const revoked = entries.find(
    (entry) =>
      entry.marker === 'revoked' &&
      entry.key.equals(key) &&
      (concerns(entry, names.name) || concerns(entry, names.plain)),
  );
  if (revoked !== undefined) return { kind: 'revoked', entry: revoked };
  const plainKeys = relevant.filter((entry) => entry.marker === 'none');
  if (plainKeys.some((entry) => entry.key.equals(key))) return { kind: 'known' };
  if (plainKeys.length > 0) return { kind: 'changed', expected: plainKeys };
  const same = entries.filter((entry) => entry.marker === 'none' && entry.key.equals(key));
  if (same.some((entry) => concerns(entry, names.plain))) return { kind: 'known' };
  return {
    kind: 'unknown',
    authority: relevant.find((entry) => entry.marker === 'cert-authority'),
    elsewhere: same,
  };
}

/** Key types that are on record for the host: offered first, so that a further key of the server is no "changed" one. */
export function knownKeyTypes(
  entries: readonly KnownHostsEntry[],
  names: { readonly name: string; readonly plain: string },
): string[] {
  const plainKeys = entries.filter((entry) => entry.marker === 'none');
  const named = plainKeys.filter((entry) => concerns(entry, names.name));
  const found = named.length > 0 ? named : plainKeys.filter((entry) => concerns(entry, names.plain));
  return [...new Set(found.map((entry) => entry.keyType))];
}

/** Adds a line in one write, so that another program that adds at the same time cannot be interleaved with. */
export async function addKnownHost(file: string, name: string, key: Buffer, hashed: boolean): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    const separator = size > 0 && last.toString() !== '\n' ? '\n' : '';
    const hosts = hashed ? hashName(name) : name.toLowerCase();
    await handle.appendFile(`${separator}${hosts} ${keyTypeOf(key) ?? ''} ${key.toString('base64')}\n`);
  } finally {
    await handle.close();
  }
}

function hashName(name: string): string {
  const salt = randomBytes(20);
  const hash = createHmac('sha1', salt).update(name.toLowerCase()).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}
