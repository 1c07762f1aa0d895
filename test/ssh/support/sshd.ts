/** A real OpenSSH server on a loopback port, with keys, configuration and log of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import { generateKey, type Key, type KeyType } from './keys.ts';
import { commandOf, descendants, endTree, freePort, signal, until, withEnvironment } from './processes.ts';

const program = '/usr/sbin/sshd';

export interface SshdOptions {
  /** Lines of authorized_keys. They hold for every user. */
  readonly authorizedKeys?: readonly string[];
  readonly hostKeyTypes?: readonly KeyType[];
  /** Host keys of an earlier server, to come back as the same host. */
  readonly hostKeys?: readonly Key[];
  readonly port?: number;
  readonly password?: boolean;
  /** Keyboard-interactive through PAM. */
  readonly keyboardInteractive?: boolean;
  readonly sftp?: boolean;
  readonly maxAuthTries?: number;
  readonly maxSessions?: number;
  /**
   * HOME of everything that the server starts. Default: an empty folder of the server's own, so that neither login scripts nor
   * caches of this machine's accounts have a part in a test. `own`: the account's real home.
   */
  readonly home?: 'own' | 'isolated';
  /** Further lines of sshd_config (LogLevel: INFO or more, which tells that it listens); the first value of a keyword wins, and these come first. */
  readonly config?: readonly string[];
}

export interface Sshd extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Who runs the tests: may log in with a key. */
  readonly user: string;
  readonly hostKeys: readonly Key[];
  /** Folder of this server, for further files of a test. */
  readonly folder: string;
  /** HOME of what it starts, unless it is the account's `own`. */
  readonly home: string;
  /** Lines for known_hosts. */
  readonly knownHosts: string;
  /** Its log at level DEBUG3. */
  log(): string;
  setAuthorizedKeys(lines: readonly string[]): Promise<void>;
  /** Pids of the processes that serve connections. */
  connections(): number[];
  /** Ends all connections at once, as a crash or a cut does. The server goes on listening. */
  dropConnections(): void;
  /** Connections stay open but nobody answers, until `thaw`. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** Why `startSshd` cannot work here; undefined where it can. */
export function sshdMissing(): string | undefined {
  return existsSync(program) ? undefined : `${program} is missing (Debian: openssh-server)`;
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = await temporaryFolder();
  const file = (name: string): string => join(folder.path, name);
  const hostKeys =
    options.hostKeys ??
    (await Promise.all(
      (options.hostKeyTypes ?? ['ed25519']).map((type) => generateKey(file(`ssh_host_${type}_key`), type)),
    ));
  const setAuthorizedKeys = (lines: readonly string[]): Promise<void> =>
    writeFile(file('authorized_keys'), lines.map((line) => `${line}\n`).join(''), { mode: 0o644 });
  await setAuthorizedKeys(options.authorizedKeys ?? []);
  const home = file('home');
  mkdirSync(home);
  // Whoever logs in has to be able to write there.
  chmodSync(home, 0o777);
  // sshd insists on its empty privilege-separation folder.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });

  const log = (): string => (existsSync(file('log')) ? readFileSync(file('log'), 'utf8') : '');
  let child: ChildProcess | undefined;
  let port = 0;
  for (let attempt = 0; child === undefined; attempt++) {
    // One attempt after the other: each may lose its port to somebody else.
    // oxlint-disable-next-line no-await-in-loop
    port = options.port ?? (await freePort());
    // oxlint-disable-next-line no-await-in-loop
    await writeFile(file('sshd_config'), configuration(options, port, folder.path, hostKeys));
    // oxlint-disable-next-line no-await-in-loop
    child = await listen(file('sshd_config'), file('log'), log);
    if (child === undefined && attempt === 9) throw new Error(`sshd does not start: ${log()}`);
  }
  const server = child;
  const connections = (): number[] => (server.pid === undefined ? [] : descendants(server.pid));
  const stop = async (): Promise<void> => {
    await endTree(server);
    await nothingLeft(folder.path);
    await folder[Symbol.asyncDispose]();
  };
  return {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    hostKeys,
    folder: folder.path,
    home,
    knownHosts: hostKeys.map((key) => `[127.0.0.1]:${port} ${key.line}\n`).join(''),
    log,
    setAuthorizedKeys,
    connections,
    dropConnections: () => connections().forEach((pid) => signal(pid, 'SIGKILL')),
    freeze: () => connections().forEach((pid) => signal(pid, 'SIGSTOP')),
    thaw: () => connections().forEach((pid) => signal(pid, 'SIGCONT')),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function configuration(options: SshdOptions, port: number, folder: string, hostKeys: readonly Key[]): string {
  return [
    ...(options.config ?? []),
    `ListenAddress 127.0.0.1:${port}`,
    ...hostKeys.map((key) => `HostKey ${key.file}`),
    `PidFile ${join(folder, 'pid')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'StrictModes no',
    'PermitRootLogin yes',
    `UsePAM ${yes(options.keyboardInteractive)}`,
    `PasswordAuthentication ${yes(options.password)}`,
    `KbdInteractiveAuthentication ${yes(options.keyboardInteractive)}`,
    ...(options.sftp === false ? [] : ['Subsystem sftp internal-sftp']),
    `MaxAuthTries ${options.maxAuthTries ?? 6}`,
    `MaxSessions ${options.maxSessions ?? 10}`,
    // Tests connect many times at once; the default drops some of them at random.
    'MaxStartups 200',
    `SetEnv ${marker}=${folder}${options.home === 'own' ? '' : ` HOME=${join(folder, 'home')}`}`,
    'UseDNS no',
    'PrintMotd no',
    'LogLevel DEBUG3',
    '',
  ].join('\n');
}

/** In the environment of everything that a server starts. */
const marker = 'LINUX_NAMESPACES_TEST_SSHD';

/** What a connection leaves on the host is a fault of the code under test; it may take a moment to notice that it is alone. */
async function nothingLeft(folder: string): Promise<void> {
  try {
    await until(
      'everything that was started over SSH has ended',
      () => withEnvironment(marker, folder).length === 0,
      5000,
    );
  } catch (error) {
    const left = withEnvironment(marker, folder).map((pid) => {
      const words = `${pid} ${commandOf(pid)}`;
      signal(pid, 'SIGKILL');
      return words;
    });
    throw new Error(`left behind: ${left.join('; ')}`, { cause: error });
  }
}

function yes(value: boolean | undefined): string {
  return value === true ? 'yes' : 'no';
}

/** Undefined when the port was taken meanwhile. */
async function listen(config: string, logFile: string, log: () => string): Promise<ChildProcess | undefined> {
  await writeFile(logFile, '');
  const child = spawn(program, ['-D', '-f', config, '-E', logFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', (error) => {
    complaint += error.message;
    ended = true;
  });
  try {
    await until('sshd listens', () => ended || /^Server listening on/m.test(log()));
  } catch (error) {
    await endTree(child);
    throw error;
  }
  if (!ended) return child;
  if (/Address already in use/.test(log())) return undefined;
  throw new Error(`sshd does not start: ${complaint}${log()}`);
}
