/** System V IPC has these; POSIX message queues have all below fs.mqueue: ipc_namespaces(7). runc, Docker and Podman take no others. */
const names = new Set(
  ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map(
    (name) => `kernel.${name}`,
  ),
);

/** Whether each IPC namespace has its own value. */
export function isIpcSysctl(key: string): boolean {
  return names.has(key) || key.startsWith('fs.mqueue.');
}
