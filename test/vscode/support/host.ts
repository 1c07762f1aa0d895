/** A host to connect to: a real sshd on loopback, with a home directory of its own on the far side. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { readFileSync, readlinkSync } from 'node:fs';
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
  /** Writes `~/.ssh/config` and the key that the host lets in; `known` also `known_hosts`. */
  introduce(home: string, options?: { readonly known?: boolean }): Promise<void>;
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

export async function startHost(scope: Scope, alias: string): Promise<TestHost> {
  const folder = temporaryFolder(scope);
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o700 });
  const clientKey = await generateKey(join(folder, 'client'), 'ed25519');
  const keys = [
    await generateKey(join(folder, 'host-1'), 'ed25519'),
    await generateKey(join(folder, 'host-2'), 'ed25519'),
  ];
  let hostKey = keys.pop() ?? (await describeKey(join(folder, 'host-1')));
  const run = (port?: number): Promise<Sshd> =>
    startSshd({
      authorizedKeys: [clientKey.line],
      hostKeys: [hostKey],
      ...(port === undefined ? {} : { port }),
      // What is put on the host must not meet what others have put there; and the marker tells whose processes they are.
      config: [`SetEnv HOME=${home} ${markerVariable}=${marker}`],
    });
  let server: Sshd | undefined = await run();
  const { port } = server;
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
      const folderOfEditor = join(editorHome, '.ssh');
      await writeFile(join(folderOfEditor, alias), readFileSync(clientKey.file), { mode: 0o600 });
      const lines = [`Host ${alias}`, '  HostName 127.0.0.1', `  Port ${port}`, '  User root'];
      lines.push(`  IdentityFile ~/.ssh/${alias}`, '  IdentitiesOnly yes', '');
      await appendFile(join(folderOfEditor, 'config'), lines.join('\n'), { mode: 0o600 });
      if (known) await appendFile(join(folderOfEditor, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey.line}\n`);
    },
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
    return readlinkSync(`/proc/${pid}/exe`).includes('/nshelper-');
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
