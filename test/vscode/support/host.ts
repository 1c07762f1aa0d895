/** A host to connect to: a real sshd on loopback, with a home directory of its own on the far side. */
import { appendFile, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { marker, markerVariable, temporaryFolder } from '../../helper/support/marker.ts';
import type { Scope } from '../../helper/support/scope.ts';
import { describeKey, generateKey, type Key } from '../../ssh/support/keys.ts';

import { startSshd, type Sshd } from '../../ssh/support/sshd.ts';

export interface TestHost {
  /** Its name in `~/.ssh/config`, the row's label. */
  readonly alias: string;
  readonly port: number;
  readonly hostKey: Key;
  /** HOME of those who log in. */
  readonly home: string;
  /**
   * Writes `~/.ssh/config` with the key that the host lets in, and the default key, which it lets in too but which needs a
   * passphrase; `known` also `known_hosts`.
   */
  introduce(home: string, options?: { readonly known?: boolean }): Promise<void>;
  /** A configuration file for OpenSSH's own client. */
  sshConfig(): Promise<string>;
  /** As if nobody had connected before. */
  removeHelper(): void;
  /** The server and all its connections end, as on a reboot. */
  stop(): Promise<void>;
  /** It comes back on the same port; with a new host key it looks like another machine. */
  start(options?: { readonly newHostKey?: boolean }): Promise<void>;
  /** Cuts all connections; the server goes on listening. */
  cut(): void;
  /** Pids of the helpers that connections of this server run, `serve` itself and its children. */
  helpers(): { readonly serving: readonly number[]; readonly working: readonly number[] };
  log(): string;
}

/** Of the default key. */
export const passphrase = 'correct horse';

/** @param config further lines of sshd_config */
export async function startHost(scope: Scope, alias: string, config: readonly string[] = []): Promise<TestHost> {
  const folder = temporaryFolder(scope);
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o700 });
  const clientKey = await generateKey(join(folder, 'client'), 'ed25519');
  const lockedKey = await generateKey(join(folder, 'locked'), 'ed25519', { passphrase });
  const keys = [
    await generateKey(join(folder, 'host-1'), 'ed25519'),
    await generateKey(join(folder, 'host-2'), 'ed25519'),
  ];
  let hostKey = keys.pop() ?? (await describeKey(join(folder, 'host-1')));
  const run = (port?: number): Promise<Sshd> =>
    startSshd({
      authorizedKeys: [clientKey.line, lockedKey.line],
      hostKeys: [hostKey],
      ...(port === undefined ? {} : { port }),
      // What is put on the host must not meet what others have put there; and the marker tells whose processes they are.
      config: [`SetEnv HOME=${home} ${markerVariable}=${marker}`, ...config],
    });
  let server: Sshd | undefined = await run();
  const { port } = server;
  const configuration = (identity: string): string =>
    [`Host ${alias}`, '  HostName 127.0.0.1', `  Port ${port}`, '  User root', `  IdentityFile ${identity}`]
      .concat('  IdentitiesOnly yes', '')
      .join('\n');
  const knownLine = (): string => `[127.0.0.1]:${port} ${hostKey.line}\n`;
  const stop = async (): Promise<void> => {
    const running = server;
    server = undefined;
    await running?.stop();
  };
  scope.defer(stop);
  return {
    alias,
    port,
    home,
    get hostKey() {
      return hostKey;
    },
    async introduce(editorHome, { known = false } = {}) {
      const sshFolder = join(editorHome, '.ssh');
      const knownHosts = join(sshFolder, 'known_hosts');
      await copyFile(clientKey.file, join(sshFolder, alias));
      await copyFile(lockedKey.file, join(sshFolder, 'id_ed25519'));
      await appendFile(join(sshFolder, 'config'), configuration(`~/.ssh/${alias}`), { mode: 0o600 });
      if (known) await appendFile(knownHosts, knownLine());
    },
    async sshConfig() {
      const file = join(folder, 'ssh_config');
      const knownHosts = join(folder, 'known_hosts');
      await writeFile(knownHosts, knownLine());
      await writeFile(file, `${configuration(clientKey.file)}  UserKnownHostsFile ${knownHosts}\n`);
      return file;
    },
    removeHelper: () => rmSync(join(home, '.cache'), { recursive: true, force: true }),
    stop,
    async start({ newHostKey = false } = {}) {
      if (newHostKey) hostKey = keys.pop() ?? hostKey;
      server = await run(port);
    },
    cut: () => server?.dropConnections(),
    helpers() {
      const helpers = (server?.connections() ?? []).filter(isHelper);
      const working = helpers.filter((pid) => helpers.includes(parentOf(pid)));
      return { serving: helpers.filter((pid) => !working.includes(pid)), working };
    },
    log: () => server?.log() ?? '',
  };
}

function isHelper(pid: number): boolean {
  try {
    // Not by its file: `serve` goes on from a copy in memory.
    const [program = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return program.includes('/nshelper-');
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
