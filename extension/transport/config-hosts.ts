/** Hosts that the SSH configuration names, for a picker. */
import { resolveFrom } from './config.ts';
import { loadConfiguration, type ConfigFile } from './config-files.ts';
import { checkHost } from './target.ts';

export interface ConfiguredHost {
  readonly alias: string;
  readonly user: string;
  readonly hostname: string;
  readonly port: number;
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
    return { alias, user, hostname, port };
  } catch {
    return { alias, user: '', hostname: alias, port: 22 };
  }
}
