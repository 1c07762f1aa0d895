/** A large host, generated: containers with namespaces of their own beside ordinary services. */
import { namespaceTypes } from '../../../extension/helper/protocol.ts';
import type { HelperRecord, NamespaceType, ProcessRecord } from '../../../extension/helper/protocol.ts';

export const hostNamespaces: Readonly<Record<NamespaceType, number>> = {
  ipc: 4026531839,
  uts: 4026531838,
  user: 4026531837,
  pid: 4026531836,
  cgroup: 4026531835,
  time: 4026531834,
  net: 4026531840,
  mnt: 4026531841,
};

const perContainer = 8;

/**
 * One snapshot with that many processes and, beside the host's own, namespaces: eight of each container's own, which has
 * eight processes.
 */
export function population(processCount: number, namespaceCount: number): HelperRecord[] {
  const records: HelperRecord[] = [
    {
      snapshot: { time: 1_795_594_127, complete: true, source: ['proc', 'mounts', 'ioctl', 'tasks', 'fds', 'sockets'] },
    },
    { user: { uid: 0, name: 'root' } },
    { user: { uid: 1000, name: 'alice' } },
  ];
  const processes: HelperRecord[] = [];
  let nextId = 4026540000;
  for (const type of namespaceTypes) {
    const owner = type === 'user' ? {} : { owner: hostNamespaces.user };
    records.push({ ns: { type, id: hostNamespaces[type], ...owner, held: [{ by: 'process', pid: 1 }] } });
  }
  const add = (fields: Partial<ProcessRecord> & { readonly pid: number }): void => {
    processes.push({
      process: { start: fields.pid, ppid: 1, uid: 0, comm: 'sh', ns: { ...hostNamespaces }, ...fields },
    });
  };
  add({ pid: 1, start: 0, ppid: 0, comm: 'systemd', cmdline: '/sbin/init', cgroup: '/init.scope' });
  let pid = 2;
  for (let container = 0; container * namespaceTypes.length < namespaceCount; container++) {
    const ns: Partial<Record<NamespaceType, number>> = {};
    const user = nextId;
    for (const type of ['user', ...namespaceTypes.filter((other) => other !== 'user')] as const) {
      const id = nextId++;
      ns[type] = id;
      const nested = type === 'user' || type === 'pid' ? { parent: hostNamespaces[type] } : {};
      const owner = type === 'user' ? hostNamespaces.user : user;
      records.push({ ns: { type, id, owner, ...nested, held: [{ by: 'process', pid }] } });
    }
    const cgroup = `/system.slice/docker-${container.toString(16).padStart(64, '0')}.scope`;
    const init = pid;
    for (let index = 0; index < perContainer; index++, pid++) {
      const ppid = index === 0 ? 1 : init;
      add({ pid, ppid, comm: 'nginx', cmdline: 'nginx: worker process', cgroup, nspid: [pid, index + 1], ns });
    }
  }
  for (; pid <= processCount; pid++) {
    add({
      pid,
      uid: 1000,
      comm: `worker-${pid % 50}`,
      cmdline: `/usr/bin/worker --shard=${pid}`,
      cgroup: `/system.slice/worker-${pid % 500}.service`,
    });
  }
  records.push(...processes);
  records.push({ end: { processes: processes.length, namespaces: nextId - 4026540000 + 8, unreadable: 0 } });
  return records;
}
