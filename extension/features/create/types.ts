/** What each type isolates, in one line (namespaces(7)). */
import type { NamespaceType } from '../../helper/protocol.ts';

export const isolates: Readonly<Record<NamespaceType, string>> = {
  mnt: 'Mount points',
  uts: 'Host name and NIS domain name',
  ipc: 'System V IPC objects and POSIX message queues',
  pid: 'Process ids',
  net: 'Network devices, addresses, routes, ports, firewall rules',
  user: 'User and group ids, capabilities, keys',
  cgroup: 'The root of the cgroup tree that is seen',
  time: 'Monotonic and boot-time clocks',
};

/** As `create --keep` takes it. Undefined when it is fine. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'A name is needed: what is not kept under one ends at once.';
  if (name.length > 64) return 'At most 64 characters.';
  if (!/^[A-Za-z0-9_.-]+$/.test(name)) return 'Only letters, digits, dot, hyphen and underscore.';
  if (name.startsWith('.')) return 'It must not begin with a dot.';
  return name === 'helper' ? 'The helper itself is kept under this name.' : undefined;
}
