import { readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { withPackages } from './debian-packages.ts';
import { output } from './process.ts';
import { missing } from './requirements.ts';

export interface Kernel {
  /** As `uname -r` says it. */
  readonly release: string;
  readonly image: string;
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
  await withPackages(
    suite,
    async (apt) => [await imagePackage(apt)],
    async (root) => {
      const [image] = (await output(['find', root, '-name', 'vmlinuz*', '-type', 'f'])).split('\n');
      if (image === undefined || image === '') throw new Error(`no kernel in the package of ${suite}`);
      const release = /(\d+\.\d+\.[^/]*?)\/?(?:vmlinuz)?$/.exec(image)?.[1] ?? basename(image);
      renameSync(image, join(target, `vmlinuz-${release}`));
    },
  );
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
