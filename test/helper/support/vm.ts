import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { marker, markerVariable, temporaryFolder } from './marker.ts';
import { ended, output } from './process.ts';
import type { Kernel } from './kernels.ts';
import type { Scope } from './scope.ts';
import { within } from './wait.ts';

/** Emulation of the processor is slow, and the machine may be busy. */
const bootPatience = 240_000;

const init = `#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
# What is said must arrive as it was said.
stty -F /dev/ttyS1 raw
sh /script >/dev/ttyS1 2>/dev/ttyS0
echo "@end $?" >/dev/ttyS1
# The line's buffer is lost with the power.
stty -F /dev/ttyS1 raw
poweroff -f
`;

/**
 * Boots a kernel in an emulated machine whose only contents are BusyBox and the given programs, each in /bin, and runs a shell script there as root.
 * Resolves with what the script printed.
 */
export async function boot(
  scope: Scope,
  kernel: Kernel,
  programs: Readonly<Record<string, string>>,
  script: string,
): Promise<string> {
  const folder = temporaryFolder(scope);
  const root = join(folder, 'root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  for (const [name, path] of Object.entries({ busybox: '/bin/busybox', ...programs })) {
    copyFileSync(path, join(root, 'bin', name));
    chmodSync(join(root, 'bin', name), 0o755);
  }
  writeFileSync(join(root, 'init'), init, { mode: 0o755 });
  writeFileSync(join(root, 'script'), script);
  const archive = join(folder, 'initramfs');
  await output(['sh', '-c', 'cd "$1" && find . | cpio --quiet -o -H newc >"$2"', 'sh', root, archive]);
  const said = join(folder, 'said');
  const console = createWriteStream(join(folder, 'console'));
  const machine = ['-accel', 'tcg', '-cpu', 'max', '-m', '512', '-nodefaults', '-display', 'none', '-no-reboot'];
  const lines = ['-serial', 'stdio', '-serial', `file:${said}`];
  const kernelLine = 'console=ttyS0 quiet loglevel=4 panic=-1';
  const child = spawn(
    'qemu-system-x86_64',
    [...machine, ...lines, '-kernel', kernel.image, '-initrd', archive, '-append', kernelLine],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, [markerVariable]: marker },
    },
  );
  child.stdout.pipe(console);
  child.stderr.pipe(console, { end: false });
  try {
    await within(`the end of Linux ${kernel.release}`, ended(child), bootPatience);
  } finally {
    child.kill('SIGKILL');
  }
  const text = readFileSync(said, 'utf8');
  if (!/^@end 0$/m.test(text)) {
    throw new Error(
      `Linux ${kernel.release} did not come to the script's end:\n${text}\n${readFileSync(join(folder, 'console'), 'utf8')}`,
    );
  }
  return text;
}

/** Parts of a script's output: what follows a line \`@NAME\`. */
export function sections(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(/^@/m).slice(1)) {
    const [name = '', ...lines] = part.split('\n');
    found.set(name.trim(), lines.join('\n'));
  }
  return found;
}
