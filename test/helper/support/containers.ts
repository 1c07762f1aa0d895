import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesWith } from './leaks.ts';
import { marker, temporaryFolder, uniqueName } from './marker.ts';
import { output, run } from './process.ts';
import type { Scope } from './scope.ts';
import { until } from './wait.ts';

/** A root file system with BusyBox alone, which is enough for a container that waits. */
export function busyboxRoot(scope: Scope): string {
  const folder = temporaryFolder(scope);
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'run']) mkdirSync(join(folder, name));
  copyFileSync('/bin/busybox', join(folder, 'bin/busybox'));
  chmodSync(join(folder, 'bin/busybox'), 0o755);
  for (const applet of ['sh', 'cat', 'sleep', 'tail', 'true']) symlinkSync('busybox', join(folder, 'bin', applet));
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  return folder;
}

export interface Container {
  readonly id: string;
  /** The container's init as the host sees it. */
  readonly pid: number;
}

/** The OCI runtime's own example, without what a virtual machine's kernel and hybrid cgroups do not give. */
function ociConfig(root: string, args: readonly string[]): unknown {
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0 },
      args,
      env: ['PATH=/bin', `LINUX_NAMESPACES_TEST=${marker}`],
      cwd: '/',
      noNewPrivileges: true,
    },
    root: { path: root, readonly: false },
    hostname: 'runc-test',
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: {
      namespaces: [{ type: 'pid' }, { type: 'network' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }],
    },
  };
}

/** A folder with a config.json whose only program is BusyBox; gone with the scope. */
export function ociBundle(scope: Scope, args: readonly string[]): { readonly folder: string; readonly root: string } {
  const folder = temporaryFolder(scope);
  const root = busyboxRoot(scope);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(ociConfig(root, args)));
  return { folder, root };
}

/** A running container of `runc`. */
export async function runcContainer(scope: Scope): Promise<Container> {
  const { folder: bundle } = ociBundle(scope, ['/bin/tail', '-f', '/dev/null']);
  const state = temporaryFolder(scope, 0o700);
  const id = uniqueName();
  const pidFile = join(bundle, 'pid');
  scope.defer(async () => void (await run(['runc', '--root', state, 'delete', '--force', id])));
  await detached(['runc', '--root', state, 'run', '--detach', '--bundle', bundle, '--pid-file', pidFile, id], bundle);
  return { id, pid: Number(readFileSync(pidFile, 'utf8')) };
}

/**
 * `runc --detach` hands its own streams to the container, which would keep our pipes open: files take their place.
 */
async function detached(command: readonly string[], folder: string): Promise<void> {
  const log = join(folder, 'log');
  const result = await run(['sh', '-c', 'log=$1; shift; exec "$@" >"$log" 2>&1 </dev/null', 'sh', log, ...command]);
  if (result.code !== 0) throw new Error(`${command.join(' ')}: ${readFileSync(log, 'utf8')}`);
}

/** A running container of `podman`, with storage of its own, so that nothing of the machine's podman is touched. */
export async function podmanContainer(scope: Scope): Promise<Container> {
  const storage = temporaryFolder(scope, 0o700);
  const root = busyboxRoot(scope);
  const name = uniqueName();
  const places = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run'), '--tmpdir', join(storage, 'tmp')];
  const ways = [
    '--storage-driver',
    'vfs',
    '--cgroup-manager',
    'cgroupfs',
    '--events-backend',
    'none',
    '--runtime',
    'runc',
  ];
  const podman = ['podman', ...places, ...ways];
  scope.defer(async () => {
    await run([...podman, 'rm', '--force', '--time', '0', name]);
    // When a container ends, its monitor starts a podman that cleans up, and in doing so makes the storage again.
    await until('the end of all of podman', () => processesWith(storage).length === 0);
    // The storage's own mounts outlive the last container.
    await run(['sh', '-c', 'grep -F "$1" /proc/self/mountinfo | cut -d" " -f5 | tac | xargs -r umount', 'sh', storage]);
  });
  // The limits that podman would set by itself are above what root may have here.
  const limits = ['--ulimit', 'nofile=1024:20000', '--ulimit', 'nproc=1000:1000'];
  const command = ['--network', 'none', '--rootfs', root, '/bin/tail', '-f', '/dev/null'];
  await detached([...podman, 'run', '--detach', '--name', name, ...limits, ...command], storage);
  const inspected = await output([...podman, 'inspect', '--format', '{{.Id}} {{.State.Pid}}', name]);
  const [id = '', pid = ''] = inspected.split(' ');
  await until('the start of the container', () => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('tail'));
  return { id, pid: Number(pid) };
}
