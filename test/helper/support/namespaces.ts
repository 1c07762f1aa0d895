import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { NamespaceType } from '../../../extension/helper/protocol.ts';
import { keepProgram } from './compile.ts';
import { temporaryFolder, uniqueName } from './marker.ts';
import { hold, holdScript, output, run, type Holding } from './process.ts';
import type { Scope } from './scope.ts';

/** Inode number of a process's namespace, read from /proc. */
export function idOf(pid: number | 'self', link: string): number {
  const text = readlinkSync(`/proc/${pid}/ns/${link}`);
  return Number(/\[(\d+)\]$/.exec(text)?.[1]);
}

/** The path that names a container: cgroup v2's, or v1's `name=systemd` where v2 says only `/`, as on hybrid hosts. */
export function cgroupOf(pid: number): string | undefined {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  const paths = ['0::', ':name=systemd:'].map((part) =>
    lines
      .find((line) => line.includes(part))
      ?.split(':')
      .slice(2)
      .join(':'),
  );
  return paths.find((path) => path !== undefined && path !== '/') ?? paths.find((path) => path !== undefined);
}

/**
 * Processes whose namespaces this process may not see. Even root has some where pid 1 has more capabilities than root's own
 * bounding set, as on a virtual machine without CAP_SYS_RESOURCE to give: ptrace(2)'s check compares them.
 */
export function unreadable(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .filter((pid) => {
      try {
        readlinkSync(`/proc/${pid}/ns/user`);
        return false;
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 'EACCES';
      }
    });
}

/** Holds a shell in new namespaces made by unshare(1); give its options. With `--fork` the shell is the only child. */
export async function unshare(scope: Scope, ...options: readonly string[]): Promise<Holding> {
  return hold(scope, ['unshare', ...options, 'sh', '-c', holdScript]);
}

/** One of the ways to keep a namespace that keep.c knows. */
export async function keep(scope: Scope, ...words: readonly string[]): Promise<Holding> {
  return hold(scope, [await keepProgram(), ...words]);
}

/** What the kernel's ioctls say about a namespace file. */
export async function look(path: string): Promise<Partial<Record<'id' | 'nsid' | 'owner' | 'parent' | 'uid', number>>> {
  const words = (await output([await keepProgram(), 'look', path])).split(' ').map((word) => word.split('='));
  return Object.fromEntries(words.map(([name = '', value = '']) => [name, Number(value)]));
}

/** A net namespace without processes, made by ip(8). */
export async function ipNetns(scope: Scope): Promise<{ name: string; path: string }> {
  const name = uniqueName();
  await output(['ip', 'netns', 'add', name]);
  scope.defer(async () => void (await run(['ip', 'netns', 'delete', name])));
  return { name, path: `/run/netns/${name}` };
}

export interface MountKept extends Holding {
  /** Where the namespace is mounted, as the mount namespace that has it sees it. */
  readonly path: string;
}

/** unshare(1) can keep what it makes in a file; a user namespace not, since after making it it has no rights left to mount in the old one. */
const makers: Readonly<Record<NamespaceType, string>> = {
  mnt: 'unshare --mount="$2" true',
  uts: 'unshare --uts="$2" true',
  ipc: 'unshare --ipc="$2" true',
  pid: 'unshare --pid="$2" --fork true',
  net: 'unshare --net="$2" true',
  user: `unshare --user sleep 1000 & p=$!
    until [ "$(readlink /proc/$p/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do :; done
    mount --bind /proc/$p/ns/user "$2" && kill $p && ! wait $p`,
  cgroup: 'unshare --cgroup="$2" true',
  time: 'unshare --time="$2" --fork true',
};

/**
 * A mount namespace can be bound only in an older one, and Linux 6.18 tells the age by an id that each CPU takes from a range of
 * its own: only on one CPU is the newer one sure to have the higher id.
 */
function oneCpu(): readonly string[] {
  const [first = '0'] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.slice(1) ?? [];
  return ['taskset', '--cpu-list', first];
}

/**
 * A namespace that only a bind mount keeps, in a mount namespace that the caller is not in: its propagation is private,
 * so nothing of it shows in the caller's mountinfo. The returned process is one that is in that mount namespace.
 */
export async function mountKept(scope: Scope, type: NamespaceType, name = 'kept'): Promise<MountKept> {
  const folder = temporaryFolder(scope);
  const path = join(folder, name);
  const script = `set -e; mount -t tmpfs none "$1"; : >"$2"; ${makers[type]}\n${holdScript}`;
  const command = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder, path];
  return Object.assign(await hold(scope, [...oneCpu(), ...command]), { path });
}
