import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { output } from './process.ts';
import { missing } from './requirements.ts';

export interface Kernel {
  /** As `uname -r` says it. */
  readonly release: string;
  readonly image: string;
}

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

/** The package with the kernel itself; since Linux 6.19 it is apart from linux-image. */
async function imagePackage(options: readonly string[]): Promise<string> {
  const depends = async (name: string): Promise<string[]> => {
    const text = await output(['apt-cache', ...options, 'depends', name]);
    return [...text.matchAll(/^\s+Depends: (linux-\S+)$/gm)].map(([, found = '']) => found);
  };
  const [image] = (await depends('linux-image-cloud-amd64')).filter((name) => name.startsWith('linux-image-'));
  if (image === undefined) throw new Error('no package linux-image-cloud-amd64');
  return (await depends(image)).find((name) => name.startsWith('linux-binary-')) ?? image;
}

async function download(suite: string, target: string): Promise<void> {
  const folder = mkdtempSync(join(cacheFolder('apt'), `${suite}-`));
  try {
    const { uri, keyring } = mirror();
    writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${keyring}] ${uri} ${suite} main\n`);
    for (const name of ['state/lists/partial', 'cache/archives/partial'])
      mkdirSync(join(folder, name), { recursive: true });
    const options = aptOptions(folder);
    // A suite that is gone, or a mirror that cannot be reached, is only a warning to apt-get otherwise.
    await output(['apt-get', ...options, '-q', '-o', 'APT::Update::Error-Mode=any', 'update']);
    await output(['apt-get', ...options, '-q', 'download', await imagePackage(options)], { cwd: folder });
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get downloaded nothing');
    await output(['dpkg-deb', '--extract', archive, 'root'], { cwd: folder });
    const [image] = (await output(['find', join(folder, 'root'), '-name', 'vmlinuz*', '-type', 'f'])).split('\n');
    if (image === undefined || image === '') throw new Error(`no kernel in ${archive}`);
    const release = /(\d+\.\d+\.[^/]*?)\/?(?:vmlinuz)?$/.exec(image)?.[1] ?? basename(image);
    renameSync(image, join(target, `vmlinuz-${release}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Why no kernel can be had or booted here; false where it can. */
export function kernelsMissing(): string | false {
  if (process.arch !== 'x64') return 'needs an x86_64 machine';
  return missing('qemu-system-x86_64', 'cpio', 'busybox', 'gcc', 'apt-get', 'dpkg-deb');
}

/**
 * The kernel for clouds of a suite of Debian, downloaded once into the cache. It needs no module for what the tests do. Rejects with the reason
 * where it cannot be had.
 */
export async function kernel(suite: string): Promise<Kernel> {
  const folder = cacheFolder(join('kernels', suite));
  const found = (): string | undefined => readdirSync(folder).find((name) => name.startsWith('vmlinuz-'));
  if (found() === undefined) await download(suite, folder);
  const name = found();
  if (name === undefined) throw new Error(`no kernel of ${suite}`);
  return { release: name.slice('vmlinuz-'.length), image: join(folder, name) };
}
