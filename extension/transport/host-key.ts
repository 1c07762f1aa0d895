/**
 * Decides about a server's host key. Nothing unknown is ever accepted without a person's yes: StrictHostKeyChecking `accept-new`
 * and `no` ask all the same, `yes` refuses without asking. A key that differs from the one on record is refused always.
 */
import type { AskPerson } from './patience.ts';
import type { ResolvedHost } from './config.ts';
import { ConnectionError, type FilePlace } from './errors.ts';
import type { Interaction, Log } from './interaction.ts';
import {
  addKnownHost,
  checkHostKey,
  fingerprint,
  keyTypeOf,
  knownKeyTypes,
  lookupNames,
  readKnownHosts,
  type HostKeyStatus,
  type KnownHostsEntry,
} from './known-hosts.ts';

/** Signature algorithms per key type (RFC 8332 gave RSA keys new ones), in the order in which ssh2 prefers the types. */
const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
};

export class HostKeyVerifier {
  readonly #host: ResolvedHost;
  readonly #names: { readonly name: string; readonly plain: string };
  readonly #entries: readonly KnownHostsEntry[];
  readonly #interaction: Interaction;
  readonly #log: Log;
  #accepted: Buffer | undefined;

  private constructor(host: ResolvedHost, entries: readonly KnownHostsEntry[], interaction: Interaction, log: Log) {
    this.#host = host;
    this.#names = lookupNames(host.hostname, host.port, host.hostKeyAlias);
    this.#entries = entries;
    this.#interaction = interaction;
    this.#log = log;
  }

  static async open(host: ResolvedHost, interaction: Interaction, log: Log): Promise<HostKeyVerifier> {
    try {
      const entries = await readKnownHosts([...host.userKnownHostsFiles, ...host.globalKnownHostsFiles]);
      return new HostKeyVerifier(host, entries, interaction, log);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ConnectionError(
        'configuration',
        `The host key of ${host.alias} cannot be checked: ${why}.`,
        'Make the known_hosts file readable.',
        error,
      );
    }
  }

  /** Host key algorithms to offer: those of keys on record first, as OpenSSH's order_hostkeyalgs does. */
  algorithms(): string[] {
    const known = knownKeyTypes(this.#entries, this.#names);
    const types = Object.keys(algorithmsOf);
    const ordered = [...types.filter((type) => known.includes(type)), ...types.filter((type) => !known.includes(type))];
    return ordered.flatMap((type) => algorithmsOf[type] ?? []);
  }

  /**
   * Resolves when the key is accepted. ssh2 asks again at every re-keying: the same key passes, another one is checked afresh.
   * @throws ConnectionError `host-key-unknown`, `host-key-changed`, `host-key-revoked`
   */
  async verify(key: Buffer, ask: AskPerson): Promise<void> {
    if (this.#accepted?.equals(key) === true) return;
    const status = checkHostKey(this.#entries, this.#names, key);
    if (this.#accepted !== undefined || status.kind === 'changed') throw this.#changed(key, status);
    if (status.kind === 'revoked') throw this.#revoked(key, status.entry);
    if (status.kind === 'unknown') await this.#confirm(key, status, ask);
    this.#accepted = key;
  }

  async #confirm(key: Buffer, status: HostKeyStatus & { kind: 'unknown' }, ask: AskPerson): Promise<void> {
    const { name } = this.#names;
    const print = fingerprint(key);
    if (this.#host.strictHostKeyChecking === 'yes') {
      throw new ConnectionError(
        'host-key-unknown',
        `The host key of ${name} is not known (${keyTypeOf(key) ?? 'unknown type'}, ${print}), and StrictHostKeyChecking is "yes".`,
        'Add the key to known_hosts after you have compared its fingerprint with the one that the administrator gives.',
      );
    }
    const file = this.#host.userKnownHostsFiles[0];
    const note = this.#note(status);
    const answer = await ask((signal) =>
      this.#interaction.confirmHostKey(
        {
          host: name,
          keyType: keyTypeOf(key) ?? 'unknown type',
          fingerprint: print,
          file: file ?? '',
          ...(note === undefined ? {} : { note }),
        },
        signal,
      ),
    );
    if (answer === 'refuse') {
      throw new ConnectionError(
        'host-key-unknown',
        `The host key of ${name} (${print}) was not accepted.`,
        'Ask the administrator for the fingerprint, then connect again.',
      );
    }
    this.#log.info(
      `Host key of ${name} (${print}) accepted by the person${answer === 'save' ? ' and kept' : ', this time only'}`,
    );
    if (answer === 'save' && file !== undefined) await this.#save(file, key);
  }

  /** A key that cannot be kept is asked about again next time; that is no reason to refuse the connection. */
  async #save(file: string, key: Buffer): Promise<void> {
    try {
      await addKnownHost(file, this.#names.name, key, this.#host.hashKnownHosts);
    } catch (error) {
      this.#log.warn(
        `The host key could not be added to ${file}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  #note(status: HostKeyStatus & { kind: 'unknown' }): string | undefined {
    const notes: string[] = [];
    const { authority, elsewhere } = status;
    if (authority !== undefined) {
      notes.push(
        `${authority.file} line ${authority.line} trusts a certificate authority for this host; certificates are not supported here, so the key itself has to be confirmed.`,
      );
    }
    if (elsewhere.length > 0) {
      const where = elsewhere.slice(0, 3).map((entry) => `${entry.file} line ${entry.line}`);
      notes.push(`The same key is on record under another name: ${where.join(', ')}.`);
    }
    return notes.length === 0 ? undefined : notes.join(' ');
  }

  #changed(key: Buffer, status: HostKeyStatus): ConnectionError {
    const type = keyTypeOf(key) ?? 'unknown type';
    const expected =
      status.kind === 'changed'
        ? status.expected.map(
            (entry) => `${entry.keyType} ${fingerprint(entry.key)} (${entry.file} line ${entry.line})`,
          )
        : [
            `${keyTypeOf(this.#accepted ?? key) ?? ''} ${fingerprint(this.#accepted ?? key)}, from the start of this connection`,
          ];
    return new ConnectionError(
      'host-key-changed',
      `The host key of ${this.#names.name} has changed. The server presented ${type} ${fingerprint(key)}; on record: ${expected.join(', ')}. Somebody may be intercepting the connection.`,
      'Ask the administrator whether the host was reinstalled. If so, remove the lines named above and connect again.',
      undefined,
      status.kind === 'changed' ? placeOf(status.expected[0]) : undefined,
    );
  }

  #revoked(key: Buffer, entry: KnownHostsEntry): ConnectionError {
    return new ConnectionError(
      'host-key-revoked',
      `The host key of ${this.#names.name} (${fingerprint(key)}) is marked as revoked in ${entry.file} line ${entry.line}.`,
      'Do not connect. Ask the administrator for the new host key.',
      undefined,
      placeOf(entry),
    );
  }
}

function placeOf(entry: KnownHostsEntry | undefined): FilePlace | undefined {
  return entry && { file: entry.file, line: entry.line };
}
