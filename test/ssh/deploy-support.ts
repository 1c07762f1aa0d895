/** A server, an account and the real helper, for tests of deployment. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { machine } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadBinaries, type Binaries } from '../../extension/helper/binaries.ts';
import { openSession, type OpenSessionOptions } from '../../extension/helper/open.ts';
import type { HelperSession } from '../../extension/helper/session.ts';
import { connectSsh } from '../../extension/transport/ssh.ts';
import type { Transport } from '../../extension/transport/transport.ts';
import { startDropbear, type Dropbear } from './support/dropbear.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { capturingLog, scripted, type CapturingLog, type ScriptedInteraction } from './support/interaction.ts';
import { generateKey } from './support/keys.ts';
import { run } from './support/processes.ts';
import { sshdMissing, startSshd, type SshdOptions } from './support/sshd.ts';
import { createUser, usersMissing, type TestUser } from './support/users.ts';

/** `LINUX_NAMESPACES_HELPERS` lets one set of sources be tested while another is being built. */
export const helperFolder =
  process.env['LINUX_NAMESPACES_HELPERS'] ?? fileURLToPath(new URL('../../dist/helper', import.meta.url));

/** Why deployment cannot be tested here; undefined where it can. */
export function deployMissing(shell?: string): string | undefined {
  if (!existsSync(join(helperFolder, 'manifest.json'))) return 'the helper is not built (npm run build)';
  return sshdMissing() ?? usersMissing(shell);
}

export const helpers = (): Promise<Binaries> => loadBinaries(helperFolder);

export interface Host extends AsyncDisposable {
  readonly user: TestUser;
  readonly server: { readonly port: number; log(): string; connections(): number[]; dropConnections(): void };
  /** `~/.cache/linux-namespaces` of the account. */
  readonly cache: string;
  connect(): Promise<Transport>;
  /** Runs a shell command on this machine as the account, without SSH. */
  asUser(command: string): Promise<string>;
}

export interface HostOptions {
  readonly shell?: string;
  readonly sshd?: SshdOptions;
  readonly dropbear?: boolean;
}

/** A server of its own with an account of its own that a key lets in. */
export async function newHost(options: HostOptions = {}): Promise<Host> {
  const folder = await temporaryFolder();
  const key = await generateKey(join(folder.path, 'key'), 'ed25519');
  const user = await createUser(options.shell === undefined ? {} : { shell: options.shell });
  const server =
    options.dropbear === true
      ? await startDropbear({ users: [user], authorizedKeys: [key.line] })
      : await startSshd({ home: 'own', ...options.sshd, authorizedKeys: [key.line] });
  const configFile = await writeConfiguration(folder, server, user, key.file);
  return {
    user,
    server,
    cache: join(user.home, '.cache', 'linux-namespaces'),
    connect: () => connectSsh('host', { configFile, interaction: scripted(), log: capturingLog() }),
    asUser: async (command) => (await run('su', ['-s', '/bin/sh', user.name, '-c', command])).stdout,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await user.remove();
      await run('rm', ['-rf', `/tmp/linux-namespaces-${user.uid}`]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function writeConfiguration(
  folder: Folder,
  server: Pick<Dropbear, 'port' | 'knownHosts'>,
  user: TestUser,
  keyFile: string,
): Promise<string> {
  const known = join(folder.path, 'known_hosts');
  const config = join(folder.path, 'config');
  await writeFile(known, server.knownHosts);
  await writeFile(
    config,
    [
      'Host host',
      '  HostName 127.0.0.1',
      `  Port ${server.port}`,
      `  User ${user.name}`,
      `  IdentityFile ${keyFile}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${known}`,
      '',
    ].join('\n'),
  );
  return config;
}

export interface Opening {
  readonly options: OpenSessionOptions;
  readonly stages: string[];
  readonly log: CapturingLog;
  readonly interaction: ScriptedInteraction;
}

export async function opening(change: Partial<OpenSessionOptions> = {}): Promise<Opening> {
  const stages: string[] = [];
  const log = capturingLog();
  const interaction = scripted();
  const options = {
    binaries: await helpers(),
    sudo: false,
    interaction,
    subject: 'alice@host',
    log,
    signal: new AbortController().signal,
    onStage: (stage: string) => void stages.push(stage),
    ...change,
  };
  return { options, stages, log, interaction };
}

/** Opens a session over a connection of its own, asks it something, closes both. Returns the stages. */
export async function useOnce(host: Host, change: Partial<OpenSessionOptions> = {}): Promise<string[]> {
  const { options, stages } = await opening(change);
  const transport = await host.connect();
  try {
    const session = await openSession(transport, options);
    await checkSession(session, options.binaries);
    session.dispose();
  } finally {
    transport.dispose();
  }
  return stages;
}

/** It is our build and it answers. */
export async function checkSession(session: HelperSession, binaries: Binaries): Promise<void> {
  if (session.version.build !== binaries.build) throw new Error(`build ${session.version.build} answers`);
  await session.request('version', []);
}

/** Names in a folder, sorted; empty where it is missing. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

export async function helperName(): Promise<string> {
  const { version, build } = await helpers();
  return `nshelper-${version}-${build}-${machine()}`;
}

/** `700 1001`: permission bits and owner. */
export function modeAndOwner(path: string): string {
  const { mode, uid } = statSync(path);
  return `${(mode & 0o7777).toString(8)} ${uid}`;
}

/** Command lines of the processes that an account has. */
export function processesOf(uid: number): string[] {
  const lines: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (statSync(`/proc/${pid}`).uid !== uid) continue;
      lines.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
    } catch {
      // It has ended.
    }
  }
  return lines.filter((line) => line !== '');
}
