import type { NamespaceType } from '../helper/protocol.ts';
import type { NamespaceKey, Process } from './types.ts';

/**
 * Inode numbers of the initial namespaces. The first six have been fixed since they became files: include/linux/proc_ns.h
 * PROC_*_INIT_INO, made uapi in Linux 6.17 (include/uapi/linux/nsfs.h), which also fixed net and mnt. They all lie below
 * PROC_DYNAMIC_FIRST (0xF0000000, fs/proc/generic.c), where every other number is taken from, so no other namespace can
 * have one of them; but on older kernels the initial net and mnt have a number from above it.
 */
const initialIds: Readonly<Record<NamespaceType, number>> = {
  ipc: 0xefffffff,
  uts: 0xeffffffe,
  user: 0xeffffffd,
  pid: 0xeffffffc,
  cgroup: 0xeffffffb,
  time: 0xeffffffa,
  net: 0xeffffff9,
  mnt: 0xeffffff8,
};

/** True when the number alone proves that the namespace is the kernel's initial one. */
export function hasInitialId(type: NamespaceType, id: number): boolean {
  return initialIds[type] === id;
}

/** The two types whose initial namespace is not known by number on every kernel. */
export const typesKnownByInit = ['net', 'mnt'] as const satisfies readonly NamespaceType[];

/**
 * The host's own net and mnt namespace: the ones that pid 1 is in, if it is the host's pid 1 and not a container's. Where
 * its namespaces may not be seen, kthreadd is as good: kernel threads stay where the kernel was born (init_nsproxy). Else
 * those known by number, else none: unknown.
 */
export function hostsOwn(type: 'net' | 'mnt', processes: ReadonlyMap<number, Process>): NamespaceKey {
  const init = processes.get(1);
  const kthreadd = processes.get(2);
  const key =
    (isHostProcess(init) ? init.namespaces?.[type] : undefined) ??
    // Only the kernel's own children have no parent; and those have no command line.
    (isHostProcess(kthreadd) && kthreadd.ppid === 0 && kthreadd.cmdline === undefined
      ? kthreadd.namespaces?.[type]
      : undefined);
  return key ?? `${type}:${initialIds[type]}`;
}

/** The pid that the caller sees is the host's when the process is in the initial pid namespace. */
function isHostProcess(process: Process | undefined): process is Process {
  return (
    process?.namespaces?.pid === `pid:${initialIds.pid}` && (process.nspid === undefined || process.nspid.length === 1)
  );
}
