import { displayText } from '../../extension/model/text.ts';
import type { Host } from './host.ts';
import type { HostState, KnownNamespace } from './protocol.ts';

/** Folders in which everything that counts is a mount of a namespace, so that what is not listed is not one. */
const folders = ['/run/netns/', '/run/docker/netns/', '/run/linux-namespaces/'];

export function hostView(state: HostState): Host {
  const { name, facts, complete, mountsSeen, namespaces } = state;
  const byPath = new Map<string, KnownNamespace>();
  const byProcess = new Map<string, KnownNamespace>();
  const byWorkload = new Map<string, KnownNamespace>();
  for (const namespace of namespaces) {
    for (const path of namespace.paths) byPath.set(path, namespace);
    for (const pid of namespace.pids) byProcess.set(`${namespace.type}:${pid}`, namespace);
    for (const workload of namespace.workloads) byWorkload.set(workload, namespace);
  }
  return {
    name,
    facts: {
      ...facts,
      kernel: displayText(facts.kernel),
      ...(facts.user === undefined ? {} : { user: displayText(facts.user) }),
    },
    complete,
    named: namespaces,
    at: (written) => {
      const path = plainPath(written);
      const [, pid, type] = /^\/proc\/(\d+)\/ns\/([a-z]+)$/.exec(path) ?? [];
      if (pid !== undefined) return byProcess.get(`${type}:${pid}`);
      const known = byPath.get(path);
      if (known !== undefined) return known;
      return mountsSeen && folders.some((folder) => path.startsWith(folder)) ? 'missing' : undefined;
    },
    container: (nameOrId) => byWorkload.get(nameOrId),
  };
}

/** As the kernel's mount table has it: /var/run is a link to /run wherever the File System Hierarchy is followed. */
function plainPath(path: string): string {
  return path.replaceAll(/\/{2,}/g, '/').replace(/^\/var\/run\//, '/run/');
}
