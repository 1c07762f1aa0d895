/** What the SSH configuration says: all about one host, ready to connect with, and which hosts there are. */
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration, systemFolder, type ConfigFile } from './config-files.ts';
import { hostnameOf, selectOptions, type ConfigOptions } from './config-options.ts';
import { expand, identityAgent, type Tokens } from './config-tokens.ts';
import { ConnectionError } from './errors.ts';
import { runLocalCommand } from './local-command.ts';
import { checkHost, checkUser, knownHostsName, parseTarget, type Target } from './target.ts';

export type StrictHostKeyChecking = 'yes' | 'ask' | 'accept-new' | 'no';

export type Proxy =
  | { readonly kind: 'none' }
  /** Hops in the order in which they are passed; each is a target of its own. */
  | { readonly kind: 'jump'; readonly hops: readonly string[] }
  /** Tokens are expanded. */
  | { readonly kind: 'command'; readonly command: string };

export type AuthenticationMethod = 'publickey' | 'keyboard-interactive' | 'password';
export type AlgorithmKeyword = 'kexalgorithms' | 'ciphers' | 'macs' | 'hostkeyalgorithms';

export interface ResolvedHost {
  /** The host as it was typed: an alias or a name. */
  readonly alias: string;
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  readonly identityFiles: readonly string[];
  /** IdentityFile was configured; otherwise `identityFiles` are OpenSSH's default names, of which most do not exist. */
  readonly identityFilesConfigured: boolean;
  readonly identitiesOnly: boolean;
  /** Socket of the agent. */
  readonly identityAgent: string | undefined;
  readonly proxy: Proxy;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly strictHostKeyChecking: StrictHostKeyChecking;
  readonly hostKeyAlias: string | undefined;
  readonly hashKnownHosts: boolean;
  /** Seconds; 0 is off. */
  readonly serverAliveInterval: number;
  readonly serverAliveCountMax: number;
  /** Seconds for the way to the host and the key exchange, and for each answer while signing in. */
  readonly connectTimeout: number;
  readonly addressFamily: 4 | 6 | undefined;
  readonly bindAddress: string | undefined;
  /** In the order in which they are to be tried. */
  readonly methods: readonly AuthenticationMethod[];
  /** Values of KexAlgorithms and the like as they are written. */
  readonly algorithms: Readonly<Record<AlgorithmKeyword, string | undefined>>;
  /** What in the configuration has no effect here, in words. */
  readonly warnings: readonly string[];
}

export interface ResolveOptions {
  /** As `ssh -F`: only this file is read. Otherwise `~/.ssh/config` and the system's. */
  readonly configFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where the person set nothing: a host that is gone shall be noticed within a minute, not after hours. */
const defaultAliveInterval = 15;
/** ssh(1) waits for the system's TCP timeout, which is minutes. */
const defaultConnectTimeout = 20;

const defaultIdentities = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk'];

/**
 * `Match exec` runs its command in the person's own shell, as ssh(1) does: the file is the person's own and already holds
 * commands that run on connecting (ProxyCommand). Listing hosts never runs any.
 * @throws ConnectionError `configuration`
 */
export async function resolveHost(target: string | Target, options: ResolveOptions = {}): Promise<ResolvedHost> {
  const parsed = typeof target === 'string' ? parseTarget(target) : target;
  const files = await loadConfiguration(options.configFile);
  return resolveFrom(files, parsed, async (command) => (await runLocalCommand(command, options.signal)) === 0);
}

export async function resolveFrom(
  files: readonly ConfigFile[],
  target: Target,
  execute: (command: string) => Promise<boolean>,
): Promise<ResolvedHost> {
  const chosen = await selectOptions(files, { ...target, execute });
  // Names are lower case from here on, as in ssh(1): known_hosts is looked up by them.
  const hostname = hostnameOf(chosen, target.host).toLowerCase();
  const port = portOf(chosen.get('port') ?? '22');
  const user = chosen.get('user') ?? userInfo().username;
  checkHost(hostname, target.host);
  const hostKeyAlias = chosen.get('hostkeyalias');
  const tokens: Tokens = { original: target.host, hostname, user, port, hostKeyAlias };
  const identities = chosen.identityFiles.filter((name) => name.toLowerCase() !== 'none');
  return {
    alias: target.host,
    hostname,
    user,
    port,
    identityFiles:
      chosen.identityFiles.length === 0
        ? defaultIdentities.map((name) => join(homedir(), '.ssh', name))
        : identities.map((name) => expand(name, tokens, 'IdentityFile')),
    identityFilesConfigured: chosen.identityFiles.length > 0,
    identitiesOnly: flag(chosen, 'identitiesonly', false),
    identityAgent: identityAgent(chosen.get('identityagent'), tokens),
    proxy: proxyOf(chosen, tokens),
    userKnownHostsFiles: knownHosts(chosen, 'userknownhostsfile', tokens, [
      join(homedir(), '.ssh', 'known_hosts'),
      join(homedir(), '.ssh', 'known_hosts2'),
    ]),
    globalKnownHostsFiles: knownHosts(chosen, 'globalknownhostsfile', tokens, [
      join(systemFolder(), 'ssh_known_hosts'),
      join(systemFolder(), 'ssh_known_hosts2'),
    ]),
    strictHostKeyChecking: strictness(chosen.get('stricthostkeychecking')),
    hostKeyAlias,
    hashKnownHosts: flag(chosen, 'hashknownhosts', false),
    serverAliveInterval: seconds(chosen, 'serveraliveinterval') ?? defaultAliveInterval,
    serverAliveCountMax: count(chosen, 'serveralivecountmax') ?? 3,
    connectTimeout: seconds(chosen, 'connecttimeout') ?? defaultConnectTimeout,
    addressFamily: family(chosen.get('addressfamily')),
    bindAddress: chosen.get('bindaddress'),
    methods: methodsOf(chosen),
    algorithms: {
      kexalgorithms: chosen.get('kexalgorithms'),
      ciphers: chosen.get('ciphers'),
      macs: chosen.get('macs'),
      hostkeyalgorithms: chosen.get('hostkeyalgorithms'),
    },
    warnings: [...chosen.warnings, ...unsupported(chosen)],
  };
}

function proxyOf(options: ConfigOptions, tokens: Tokens): Proxy {
  const jump = options.get('proxyjump');
  if (jump !== undefined) {
    if (jump.toLowerCase() === 'none') return { kind: 'none' };
    const hops = jump.split(',').map((hop) => hop.trim());
    for (const hop of hops) parseTarget(hop);
    return { kind: 'jump', hops };
  }
  const command = options.get('proxycommand');
  if (command === undefined || command.toLowerCase() === 'none') return { kind: 'none' };
  if (flag(options, 'proxyusefdpass', false)) {
    throw invalid('ProxyUseFdpass is not supported: an editor cannot be passed a file descriptor.');
  }
  // Here and not before: as long as no shell reads it, a user name from the configuration may be anything.
  checkUser(tokens.user, tokens.original);
  return { kind: 'command', command: expand(command, tokens, 'ProxyCommand', 'command') };
}

function knownHosts(options: ConfigOptions, keyword: string, tokens: Tokens, standard: string[]): readonly string[] {
  const configured = options.list(keyword);
  if (configured === undefined) return standard;
  return configured.filter((name) => name.toLowerCase() !== 'none').map((name) => expand(name, tokens, keyword));
}

function methodsOf(options: ConfigOptions): AuthenticationMethod[] {
  const all: readonly AuthenticationMethod[] = ['publickey', 'keyboard-interactive', 'password'];
  const preferred = options.get('preferredauthentications')?.split(',');
  const ordered =
    preferred === undefined ? all : preferred.flatMap((name) => all.filter((each) => each === name.trim()));
  const interactive = options.get('kbdinteractiveauthentication') ?? options.get('challengeresponseauthentication');
  const refused = new Set<AuthenticationMethod>();
  // PubkeyAuthentication has further values (`unbound`, `host-bound`), which all mean yes.
  if (options.get('pubkeyauthentication')?.toLowerCase() === 'no') refused.add('publickey');
  if (interactive?.toLowerCase() === 'no') refused.add('keyboard-interactive');
  if (!flag(options, 'passwordauthentication', true)) refused.add('password');
  return ordered.filter((method) => !refused.has(method));
}

/** GSSAPIAuthentication is not among them: distributions turn it on for every host, and where it matters the refusal names it. */
function unsupported(options: ConfigOptions): string[] {
  const found = ['CertificateFile', 'PKCS11Provider', 'SecurityKeyProvider', 'KnownHostsCommand'].filter(
    (keyword) => (options.get(keyword.toLowerCase()) ?? 'none').toLowerCase() !== 'none',
  );
  const canonicalize = options.get('canonicalizehostname')?.toLowerCase() ?? 'no';
  if (!['no', 'none', 'false'].includes(canonicalize)) found.push('CanonicalizeHostname');
  return found.map((keyword) => `${keyword} is not supported and has no effect here`);
}

function strictness(value: string | undefined): StrictHostKeyChecking {
  switch (value?.toLowerCase()) {
    case undefined:
    case 'ask':
      return 'ask';
    case 'yes':
    case 'true':
      return 'yes';
    case 'accept-new':
      return 'accept-new';
    case 'no':
    case 'off':
    case 'false':
      return 'no';
    default:
      throw invalid(`StrictHostKeyChecking cannot be "${value ?? ''}".`);
  }
}

function family(value: string | undefined): 4 | 6 | undefined {
  if (value?.toLowerCase() === 'inet') return 4;
  return value?.toLowerCase() === 'inet6' ? 6 : undefined;
}

function flag(options: ConfigOptions, keyword: string, standard: boolean): boolean {
  const value = options.get(keyword)?.toLowerCase();
  return value === undefined ? standard : value === 'yes' || value === 'true';
}

function portOf(value: string): number {
  const port = /^\d+$/.test(value) ? Number(value) : 0;
  if (port < 1 || port > 65_535) throw invalid(`Port cannot be "${value}".`);
  return port;
}

function count(options: ConfigOptions, keyword: string): number | undefined {
  const value = options.get(keyword);
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw invalid(`${keyword} cannot be "${value}".`);
  return Number(value);
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Time as sshd_config(5) writes it: `90`, `1m30s`, `none`. */
function seconds(options: ConfigOptions, keyword: string): number | undefined {
  const value = options.get(keyword)?.toLowerCase();
  if (value === undefined || value === 'none') return undefined;
  if (!/^(?:\d+[smhdw])*\d*$/.test(value)) throw invalid(`${keyword} cannot be "${value}".`);
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+)([smhdw]?)/g)) total += Number(amount) * (units[unit ?? ''] ?? 1);
  return total;
}

function invalid(message: string): ConnectionError {
  return new ConnectionError('configuration', message, 'Correct the SSH configuration file.');
}

export interface ConfiguredHost {
  readonly alias: string;
  readonly user: string;
  readonly hostname: string;
  readonly port: number;
  /** Where it leads, for people: `alice@10.0.0.7:2222`. */
  readonly description: string;
}

/**
 * Concrete aliases of all Host lines, in the order of the files, once each. Patterns are no hosts. Runs no command: what a
 * `Match exec` would say is not known before connecting.
 * @throws ConnectionError `configuration` with file and line
 */
export async function listConfiguredHosts(configFile?: string): Promise<ConfiguredHost[]> {
  const files = await loadConfiguration(configFile);
  const aliases = new Set(files.flatMap((file) => aliasesOf(file)));
  return Promise.all([...aliases].map((alias) => describe(files, alias)));
}

function aliasesOf(file: ConfigFile): string[] {
  return file.lines.flatMap((line) => {
    if (line.included !== undefined) return line.included.flatMap((included) => aliasesOf(included));
    return line.keyword === 'host' ? line.args.filter((arg) => isConcrete(arg)) : [];
  });
}

function isConcrete(pattern: string): boolean {
  if (/^$|[*?!]/.test(pattern)) return false;
  try {
    checkHost(pattern, pattern);
    return true;
  } catch {
    return false;
  }
}

/** A host with broken settings is listed by its name: connecting to it tells what is wrong. */
async function describe(files: readonly ConfigFile[], alias: string): Promise<ConfiguredHost> {
  try {
    const target = { host: alias, user: undefined, port: undefined };
    const { user, hostname, port } = await resolveFrom(files, target, () => Promise.resolve(false));
    return { alias, user, hostname, port, description: `${user}@${knownHostsName(hostname, port)}` };
  } catch {
    return { alias, user: '', hostname: alias, port: 22, description: '' };
  }
}
