/** Dropbear: a real server that is not OpenSSH. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import { describeKey, type Key } from './keys.ts';
import { descendants, endTree, freePort, run, signal, until } from './processes.ts';
import type { TestUser } from './users.ts';

const program = '/usr/sbin/dropbear';
/** Compiled into Debian's dropbear as the SFTP server that it starts. */
const sftpServer = '/usr/lib/sftp-server';

export interface DropbearOptions {
  /** Accounts that may log in with `authorizedKeys`: dropbear knows only `~/.ssh/authorized_keys`. */
  readonly users: readonly TestUser[];
  readonly authorizedKeys: readonly string[];
  /** Default false: as on hosts where OpenSSH is not installed, there is no SFTP server that it could start. */
  readonly sftp?: boolean;
}

export interface Dropbear extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly hostKey: Key;
  readonly folder: string;
  readonly knownHosts: string;
  log(): string;
  connections(): number[];
  dropConnections(): void;
  stop(): Promise<void>;
}

/** Why `startDropbear` cannot work here; undefined where it can. */
export function dropbearMissing(): string | undefined {
  if (userInfo().uid !== 0) return 'only root can log others in';
  return existsSync(program) ? undefined : `${program} is missing (Debian: dropbear-bin)`;
}

export async function startDropbear(options: DropbearOptions): Promise<Dropbear> {
  const folder = await temporaryFolder();
  const keyFile = join(folder.path, 'host_key');
  await run('dropbearkey', ['-t', 'ed25519', '-f', keyFile]);
  const { stdout } = await run('dropbearkey', ['-y', '-f', keyFile]);
  await writeFile(`${keyFile}.pub`, `${/^ssh-ed25519 .*$/m.exec(stdout)?.[0] ?? ''}\n`);
  const hostKey = await describeKey(keyFile);
  await Promise.all(options.users.map((user) => authorize(user, options.authorizedKeys)));
  const logFile = join(folder.path, 'log');
  await writeFile(logFile, '');
  const log = (): string => readFileSync(logFile, 'utf8');
  const port = await freePort();
  const command = `exec ${program} -F -E -r ${keyFile} -p 127.0.0.1:${port} -P ${join(folder.path, 'pid')} 2>>${logFile}`;
  const hide = options.sftp !== true && existsSync(sftpServer);
  // A mount namespace of its own hides the machine's SFTP server from this dropbear alone.
  const child = hide
    ? spawn('unshare', ['--mount', 'sh', '-c', `mount --bind /dev/null ${sftpServer} && ${command}`], {
        stdio: 'ignore',
      })
    : spawn('sh', ['-c', command], { stdio: 'ignore' });
  await until('dropbear listens', () => {
    if (child.exitCode !== null) throw new Error(`dropbear does not start: ${log()}`);
    return /Not backgrounding/.test(log());
  });
  const connections = (): number[] => (child.pid === undefined ? [] : descendants(child.pid));
  const stop = async (): Promise<void> => {
    await endTree(child);
    await folder[Symbol.asyncDispose]();
  };
  return {
    host: '127.0.0.1',
    port,
    hostKey,
    folder: folder.path,
    knownHosts: `[127.0.0.1]:${port} ${hostKey.line}\n`,
    log,
    connections,
    dropConnections: () => connections().forEach((pid) => signal(pid, 'SIGKILL')),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function authorize(user: TestUser, keys: readonly string[]): Promise<void> {
  const folder = join(user.home, '.ssh');
  await run('install', ['-d', '-m', '700', '-o', user.name, '-g', user.name, folder]);
  const file = join(folder, 'authorized_keys');
  await writeFile(file, keys.map((key) => `${key}\n`).join(''), { mode: 0o600 });
  await run('chown', [`${user.name}:${user.name}`, file]);
}
