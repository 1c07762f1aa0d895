import { mkdir, chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connecting } from '../../../extension/host/connecting.ts';
import { ManagedHost } from '../../../extension/host/host.ts';
import { hostFunctions } from '../../../extension/host/wiring.ts';
import { marker, markerVariable } from '../../helper/support/marker.ts';
import { until } from '../../helper/support/wait.ts';
import { temporaryFolder } from '../../ssh/support/folder.ts';
import { scripted } from '../../ssh/support/interaction.ts';
import { generateKey } from '../../ssh/support/keys.ts';
import { startSshd, type Sshd } from '../../ssh/support/sshd.ts';
import { MemoryLog } from './fakes.ts';
import { helperPids, publishHelper } from './real-helper.ts';

/** This machine as a host over a real sshd with a key, as one of its users. */
export interface HostOverSsh extends AsyncDisposable {
  readonly host: ManagedHost;
  readonly server: Sshd;
}

/** @param environment of everything that is started there, beside HOME and the tests' marker */
export async function hostOverSsh(
  user: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<HostOverSsh> {
  const folder = await temporaryFolder();
  await publishHelper(folder.path);
  const home = join(folder.path, 'home');
  await mkdir(home);
  // Whoever logs in has to be able to write there, and to get there.
  await chmod(home, 0o777);
  await chmod(folder.path, 0o755);
  const key = await generateKey(join(folder.path, 'key'), 'ed25519');
  const variables = Object.entries({ HOME: home, [markerVariable]: marker, ...environment });
  const server = await startSshd({
    authorizedKeys: [key.line],
    config: [`SetEnv ${variables.map(([name, value]) => `${name}=${value}`).join(' ')}`],
  });
  const configFile = join(folder.path, 'config');
  const lines = [
    'Host build7',
    '  HostName 127.0.0.1',
    `  Port ${server.port}`,
    `  User ${user}`,
    `  IdentityFile ${key.file}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    `  UserKnownHostsFile ${join(folder.path, 'known_hosts')}`,
    '',
  ];
  await writeFile(configFile, lines.join('\n'));
  const host = new ManagedHost(
    { kind: 'ssh', target: 'build7', sudo: false },
    {
      functions: hostFunctions({ helperFolder: folder.path, configFile }),
      connecting: () => Promise.resolve(connecting),
      interaction: scripted({ hostKey: 'once' }),
      log: new MemoryLog(),
      onDidWake: () => ({ dispose: () => {} }),
      policy: { initialDelay: 20, maximumDelay: 100, tries: 1_000, stableAfter: 0, attemptTimeout: 30_000 },
      random: () => 0.5,
    },
  );
  return {
    host,
    server,
    async [Symbol.asyncDispose]() {
      host.dispose();
      await until('the helper to end', () => helperPids(folder.path).length === 0);
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
