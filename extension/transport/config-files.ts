/** Reads ssh_config files with everything they include. */
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { ConfigSyntaxError, readConfigLines, type ConfigLine } from './config-lines.ts';
import { ConnectionError } from './errors.ts';
import { matchesPattern } from './patterns.ts';

export interface ConfigFile {
  readonly path: string;
  readonly lines: readonly LoadedLine[];
}

export interface LoadedLine extends ConfigLine {
  /** Of an Include: the files that it names, in order. */
  readonly included?: readonly ConfigFile[];
}

/** As OpenSSH: readconf.c READCONF_MAX_DEPTH. */
const maximumDepth = 16;

/**
 * The person's and the system's configuration, in this order, or only the file that was named, as `ssh -F` does.
 * @throws ConnectionError `configuration` with file and line
 */
export async function loadConfiguration(configFile: string | undefined): Promise<ConfigFile[]> {
  const user = join(homedir(), '.ssh');
  if (configFile !== undefined) return [await loadFile(expandHome(configFile), user, 0, true)];
  const system = systemFolder();
  return Promise.all([
    loadFile(join(user, 'config'), user, 0, false),
    loadFile(join(system, 'ssh_config'), system, 0, false),
  ]);
}

export function systemFolder(): string {
  if (process.platform !== 'win32') return '/etc/ssh';
  return join(process.env['ProgramData'] ?? String.raw`C:\ProgramData`, 'ssh');
}

/** `relativeTo`: the folder of a relative Include, `~/.ssh` or `/etc/ssh` whatever file it stands in. */
async function loadFile(path: string, relativeTo: string, depth: number, required: boolean): Promise<ConfigFile> {
  if (depth > maximumDepth) throw broken(path, undefined, 'Include is nested too deeply (does a file include itself?)');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!required && isMissing(error)) return { path, lines: [] };
    throw broken(path, undefined, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    const lines = readConfigLines(text).map(async (line): Promise<LoadedLine> => {
      if (line.keyword !== 'include') return line;
      const paths = await Promise.all(line.args.map((arg) => expandInclude(arg, relativeTo)));
      const included = paths.flat().map((each) => loadFile(each, relativeTo, depth + 1, false));
      return { ...line, included: await Promise.all(included) };
    });
    return { path, lines: await Promise.all(lines) };
  } catch (error) {
    if (error instanceof ConfigSyntaxError) throw broken(path, error.line, error.message);
    throw error;
  }
}

export function broken(path: string, line: number | undefined, message: string): ConnectionError {
  const where = line === undefined ? path : `${path} line ${line}`;
  const place = { file: path, line: line ?? 1 };
  return new ConnectionError(
    'configuration',
    `${where}: ${message}`,
    'Correct the SSH configuration file.',
    undefined,
    place,
  );
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES';
}

export function expandHome(path: string): string {
  if (path === '~') return homedir();
  return path.startsWith('~/') || path.startsWith('~\\') ? join(homedir(), path.slice(2)) : path;
}

function expandInclude(argument: string, relativeTo: string): Promise<string[]> {
  const named = expandHome(argument.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => process.env[name] ?? ''));
  return glob(isAbsolute(named) ? named : join(relativeTo, named));
}

/** glob(7) with `*` and `?`, sorted. A hidden name has to be asked for with its dot. */
async function glob(pattern: string): Promise<string[]> {
  if (!/[*?]/.test(pattern)) return [pattern];
  const folder = dirname(pattern);
  const last = pattern.slice(folder.length).replace(/^[/\\]/, '');
  const folders = await glob(folder);
  const found = await Promise.all(
    folders.map(async (each) => {
      const names = await readdir(each).catch(() => []);
      return names
        .filter((name) => matchesPattern(name, last) && (!name.startsWith('.') || last.startsWith('.')))
        .toSorted()
        .map((name) => join(each, name));
    }),
  );
  return found.flat();
}
