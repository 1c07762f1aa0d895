/** SSH configuration files for tests: nothing of the machine's own is ever read. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

let count = 0;

/** A file with one alias, `target`. Lines of `more` come first, so they win; `sections` come after. */
export async function writeConfig(
  folder: string,
  server: Endpoint,
  options: {
    readonly user?: string;
    readonly keys?: readonly string[];
    /** Text of known_hosts; undefined names no file at all. */
    readonly knownHosts?: string;
    readonly more?: readonly string[];
    readonly sections?: string;
  } = {},
): Promise<string> {
  count += 1;
  const file = join(folder, `config-${count}`);
  const known = join(folder, `known_hosts-${count}`);
  if (options.knownHosts !== undefined) await writeFile(known, options.knownHosts);
  const keys = (options.keys ?? []).map((key) => `IdentityFile ${key}`);
  const lines = [
    ...(options.more ?? []),
    `HostName ${server.host}`,
    `Port ${server.port}`,
    ...(options.user === undefined ? [] : [`User ${options.user}`]),
    ...(keys.length === 0 ? ['IdentityFile none'] : keys),
    'IdentityAgent none',
    `UserKnownHostsFile ${known}`,
    'GlobalKnownHostsFile none',
  ];
  await writeFile(file, `Host target\n${lines.map((line) => `  ${line}\n`).join('')}${options.sections ?? ''}`);
  return file;
}

/** The known_hosts file that `writeConfig` named in this configuration. */
export function knownHostsOf(configFile: string): string {
  return configFile.replace(/config-(\d+)$/, 'known_hosts-$1');
}
