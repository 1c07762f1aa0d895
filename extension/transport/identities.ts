/** Public keys to try, from the agent and from key files, in OpenSSH's order (sshconnect2.c pubkey_prepare). */
import { readFile } from 'node:fs/promises';
import ssh2, { type BaseAgent, type ParsedKey, type SigningRequestOptions } from 'ssh2';
import { asError } from '../as-error.ts';
import type { ResolvedHost } from './config.ts';
import { ConnectionError } from './errors.ts';
import type { Interaction } from './interaction.ts';
import { fingerprint } from './known-hosts.ts';
import type { AskPerson } from './patience.ts';

export type Hash = NonNullable<SigningRequestOptions['hash']>;

export interface Identity {
  /** For people: the file, or the agent's comment and the fingerprint. */
  readonly description: string;
  /** Undefined for old encrypted files without a `.pub` beside them: those have to be decrypted first. */
  readonly publicKey: ParsedKey | undefined;
  /** Decrypts the file, asking for its passphrase once; nothing to do for the agent's keys. */
  unlock(ask: AskPerson): Promise<ParsedKey | undefined>;
  /** @param hash for RSA; undefined for SHA-1 and for all other key types */
  sign(data: Buffer, hash: Hash | undefined, ask: AskPerson): Promise<Buffer>;
}

export interface Identities {
  readonly list: readonly Identity[];
  /** What could not be used and why, in words. */
  readonly unusable: readonly string[];
}

interface KeyFile {
  readonly path: string;
  readonly publicKey: ParsedKey | undefined;
  /** Undefined for a public key that only selects one of the agent's. */
  readonly identity: Identity | undefined;
}

/** An agent that hangs must not hold up connecting; signing may take as long as a person needs to confirm it. */
const agentTimeout = 5000;

export async function findIdentities(host: ResolvedHost, interaction: Interaction): Promise<Identities> {
  const unusable: string[] = [];
  const files: KeyFile[] = [];
  for (const found of await Promise.all(host.identityFiles.map((path) => readKeyFile(path, interaction)))) {
    if (typeof found !== 'string') files.push(found);
    // Most of the default names do not exist, which is worth no word.
    else if (host.identityFilesConfigured || !found.endsWith(missing)) unusable.push(found);
  }
  unusable.push(...(await certificates(host)));
  const inAgent = await agentIdentities(host, unusable);
  const named = (key: ParsedKey): boolean =>
    files.some((file) => file.publicKey !== undefined && same(file.publicKey, key));
  const first = inAgent.filter((each) => named(each.publicKey));
  const others = host.identitiesOnly ? [] : inAgent.filter((each) => !named(each.publicKey));
  const onlyInFiles = files.flatMap(({ identity, publicKey }) =>
    identity === undefined || (publicKey !== undefined && inAgent.some((each) => same(each.publicKey, publicKey)))
      ? []
      : [identity],
  );
  return { list: [...first, ...others, ...onlyInFiles], unusable };
}

/** ssh(1) uses certificates that lie beside a key; where a server wants one, the bare key will not do. */
async function certificates(host: ResolvedHost): Promise<string[]> {
  const paths = host.identityFiles.map((path) => `${path}-cert.pub`);
  const found = await Promise.all(paths.map((path) => read(path)));
  return paths
    .filter((_, index) => Buffer.isBuffer(found[index]))
    .map((path) => `${path} is a certificate, which is not supported`);
}

const missing = 'does not exist';

async function readKeyFile(path: string, interaction: Interaction): Promise<KeyFile | string> {
  const [text, publicText] = await Promise.all([read(path), read(`${path}.pub`)]);
  const beside = Buffer.isBuffer(publicText) ? parsePublic(publicText) : undefined;
  if (!Buffer.isBuffer(text)) {
    // Only the public half is here: its private half may be in the agent.
    if (beside !== undefined) return { path, publicKey: beside, identity: undefined };
    return isMissing(text) ? `${path} ${missing}` : `${path} cannot be read: ${text.message}`;
  }
  if (isSecurityKey(text) || (Buffer.isBuffer(publicText) && isSecurityKey(publicText))) {
    return `${path} belongs to a security key (FIDO), which is not supported`;
  }
  const parsed = parse(text);
  if (!(parsed instanceof Error)) {
    if (!parsed.isPrivateKey()) return { path, publicKey: parsed, identity: undefined };
    return { path, publicKey: parsed, identity: fileIdentity(path, text, parsed, parsed, interaction) };
  }
  if (!/encrypted/i.test(parsed.message)) return `${path} cannot be used: ${parsed.message}`;
  const publicKey = publicPartOf(text) ?? beside;
  return { path, publicKey, identity: fileIdentity(path, text, publicKey, undefined, interaction) };
}

function fileIdentity(
  path: string,
  text: Buffer,
  publicKey: ParsedKey | undefined,
  plain: ParsedKey | undefined,
  interaction: Interaction,
): Identity {
  let unlocked: Promise<ParsedKey> | undefined = plain === undefined ? undefined : Promise.resolve(plain);
  const unlock = (ask: AskPerson): Promise<ParsedKey> => (unlocked ??= askPassphrase(path, text, interaction, ask));
  return {
    description: path,
    publicKey,
    unlock,
    async sign(data, hash, ask) {
      const signature: unknown = (await unlock(ask)).sign(data, hash);
      // ssh2 gives errors back instead of throwing them, which its types do not say.
      if (signature instanceof Error) throw signature;
      if (!Buffer.isBuffer(signature)) throw new Error('the key gives no signature');
      return signature;
    },
  };
}

/** One typed answer. A stored passphrase that does not fit is forgotten, and then the person is asked. */
async function askPassphrase(path: string, text: Buffer, interaction: Interaction, ask: AskPerson): Promise<ParsedKey> {
  const storeKey = `passphrase:${path}`;
  for (;;) {
    const question = {
      kind: 'passphrase',
      subject: path,
      prompt: `Passphrase for ${path}`,
      echo: false,
      storeKey,
    } as const;
    // One question after the other.
    // oxlint-disable-next-line no-await-in-loop
    const answer = await ask((signal) => interaction.askSecret(question, signal));
    if (answer === undefined) {
      throw new ConnectionError(
        'cancelled',
        `No passphrase was given for ${path}.`,
        'Connect again when you are ready.',
      );
    }
    const key = parse(text, answer.value);
    if (!(key instanceof Error)) {
      // oxlint-disable-next-line no-await-in-loop
      await answer.accepted();
      return key;
    }
    // oxlint-disable-next-line no-await-in-loop
    if (answer.stored) await interaction.forgetSecret(storeKey);
    else
      throw new ConnectionError(
        'authentication',
        `The passphrase for ${path} is wrong.`,
        'Connect again and type it anew.',
      );
  }
}

async function agentIdentities(
  host: ResolvedHost,
  unusable: string[],
): Promise<(Identity & { publicKey: ParsedKey })[]> {
  const { identityAgent } = host;
  if (identityAgent === undefined) return [];
  try {
    const agent = ssh2.createAgent(identityAgent);
    const keys = await listAgent(agent);
    return keys.map((key) => ({
      description: `${key.comment === '' ? key.type : key.comment} in the agent (${fingerprint(key.getPublicSSH())})`,
      publicKey: key,
      unlock: () => Promise.resolve(undefined),
      sign: (data, hash, ask) => ask(() => signWithAgent(agent, key, data, hash)),
    }));
  } catch (error) {
    unusable.push(
      `the agent at ${identityAgent} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
    return [];
  }
}

function listAgent(agent: BaseAgent): Promise<ParsedKey[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it does not answer')), agentTimeout);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      if (error instanceof Error) reject(error);
      else resolve((keys ?? []).filter((key) => isKey(key)));
    });
  });
}

function signWithAgent(agent: BaseAgent, key: ParsedKey, data: Buffer, hash: Hash | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    agent.sign(key, data, hash === undefined ? {} : { hash }, (error, signature) => {
      if (signature === undefined) reject(error ?? new Error('the agent gives no signature'));
      else resolve(signature);
    });
  });
}

function parse(data: Buffer, passphrase?: string): ParsedKey | Error {
  const key: unknown = ssh2.utils.parseKey(data, passphrase);
  // Against its types, ssh2 gives a list for files that may hold several keys; OpenSSH writes one only.
  const first: unknown = Array.isArray(key) ? key[0] : key;
  if (first instanceof Error || isKey(first)) return first;
  return new Error('it holds no key');
}

function isKey(value: unknown): value is ParsedKey {
  return typeof value === 'object' && value !== null && 'getPublicSSH' in value;
}

function same(a: ParsedKey, b: ParsedKey): boolean {
  return a.getPublicSSH().equals(b.getPublicSSH());
}

function parsePublic(text: Buffer): ParsedKey | undefined {
  const key = parse(text);
  return key instanceof Error ? undefined : key;
}

/** The public key of an encrypted file in OpenSSH's own format, which is not encrypted (PROTOCOL.key). */
function publicPartOf(text: Buffer): ParsedKey | undefined {
  const armoured = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]*)-----END/.exec(text.toString('latin1'));
  const bytes = Buffer.from(armoured?.[1] ?? '', 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined;
  let at = magic.length;
  const next = (): Buffer => {
    const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    const value = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  // Cipher, key derivation and its options; then the number of keys; then the first public key.
  next();
  next();
  next();
  at += 4;
  return parsePublic(next());
}

function isSecurityKey(text: Buffer): boolean {
  const type = 'sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh.com';
  if (new RegExp(`^${type} `).test(text.toString('latin1'))) return true;
  const armoured = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]*)-----END/.exec(text.toString('latin1'));
  return new RegExp(type).test(Buffer.from(armoured?.[1] ?? '', 'base64').toString('latin1'));
}

async function read(path: string): Promise<Buffer | Error> {
  try {
    return await readFile(path);
  } catch (error) {
    return asError(error);
  }
}

function isMissing(error: Error): boolean {
  return 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
