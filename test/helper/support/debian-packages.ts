/** Packages of any suite of Debian, downloaded and unpacked without being installed. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { output } from './process.ts';

const sourceFolder = '/etc/apt/sources.list.d';

/** The mirror that this machine gets Debian's packages from, and the key ring that vouches for it. */
function mirror(): { readonly uri: string; readonly keyring: string } {
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(sourceFolder) ? readdirSync(sourceFolder).map((name) => join(sourceFolder, name)) : []),
  ];
  for (const file of files.filter((name) => /\.(list|sources)$/.test(name) && existsSync(name))) {
    const text = readFileSync(file, 'utf8');
    const uri = file.endsWith('.list')
      ? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian\/?)\s/m.exec(text)?.[1]
      : /^URIs:\s*(\S+\/debian\/?)(?:\s|$)/m.exec(text)?.[1];
    if (uri !== undefined) return { uri, keyring: '/usr/share/keyrings/debian-archive-keyring.gpg' };
  }
  throw new Error('no source of Debian packages in /etc/apt');
}

/** Options that keep apt within a folder of our own: another suite's packages must never become candidates on this machine. */
function aptOptions(folder: string): readonly string[] {
  const settings = {
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(folder, 'cache'),
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'APT::Architecture': 'amd64',
    // Its user for downloads may not be able to write in our folder.
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/**
 * @param choose names of packages, by `apt-cache` with these options
 * @param use the folder in which they are unpacked together, which is removed afterwards
 */
export async function withPackages(
  suite: string,
  choose: (options: readonly string[]) => readonly string[] | Promise<readonly string[]>,
  use: (root: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(cacheFolder('apt'), `${suite}-`));
  try {
    const { uri, keyring } = mirror();
    writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${keyring}] ${uri} ${suite} main\n`);
    for (const name of ['state/lists/partial', 'cache/archives/partial'])
      mkdirSync(join(folder, name), { recursive: true });
    const options = aptOptions(folder);
    // A suite that is gone, or a mirror that cannot be reached, is only a warning to apt-get otherwise.
    await output(['apt-get', ...options, '-q', '-o', 'APT::Update::Error-Mode=any', 'update']);
    await output(['apt-get', ...options, '-q', 'download', ...(await choose(options))], { cwd: folder });
    const archives = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    if (archives.length === 0) throw new Error('apt-get downloaded nothing');
    for (const archive of archives) {
      // oxlint-disable-next-line no-await-in-loop
      await output(['dpkg-deb', '--extract', archive, 'root'], { cwd: folder });
    }
    await use(join(folder, 'root'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
