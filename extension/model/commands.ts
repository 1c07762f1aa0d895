/** Command lines that a person can paste into a shell on the host. Nothing here is ever run by the product. */
import { namespaceTypes } from '../helper/protocol.ts';
import type { Holder, NamespaceType } from '../helper/protocol.ts';
import { hostsOwnOf } from './hosts-own.ts';
import { displayText } from './text.ts';
import type { Graph, Namespace, NamespaceKey, Process } from './types.ts';

/** Long options of nsenter(1), which are those of unshare(1) too. */
export const typeOptions: Readonly<Record<NamespaceType, string>> = {
  mnt: '--mount',
  uts: '--uts',
  ipc: '--ipc',
  pid: '--pid',
  net: '--net',
  user: '--user',
  cgroup: '--cgroup',
  time: '--time',
};

export interface NsenterCommand {
  readonly text: string;
  /** Only root can do it. False: so can the user who made the user namespace. Undefined where that is not known. */
  readonly needsRoot: boolean | undefined;
}

/**
 * Joins one namespace. Undefined when nothing that can be opened by a path keeps it: only a socket, or only a namespace below.
 */
export function nsenterNamespace(graph: Graph, namespace: Namespace): NsenterCommand | undefined {
  const { type } = namespace;
  const option = typeOptions[type];
  if (type === 'user') {
    const target = namespace.leader;
    const where = target === undefined ? pathArgument(option, graph, namespace) : [`--target ${target}`, option];
    const needsRoot = namespace.uid === undefined ? undefined : namespace.uid === 0;
    // Otherwise nsenter becomes uid 0 of the namespace, which it may not map.
    return where === undefined ? undefined : command([...where, '--preserve-credentials'], needsRoot);
  }
  const { leader } = namespace;
  const target = leader === undefined ? undefined : graph.processes.get(leader);
  const owner = ownerArguments(graph, namespace.owner, target);
  // Without being in the owner, only root has rights in it.
  const needsRoot =
    namespace.owner !== undefined && graph.namespaces.has(namespace.owner) ? owner.length === 0 : undefined;
  if (target !== undefined) return command([`--target ${target.pid}`, ...owner, option], needsRoot);
  const path = pathArgument(option, graph, namespace);
  return path === undefined ? undefined : command([...owner, ...path], needsRoot);
}

/**
 * Joins everything in which a process differs from the host; all its namespaces where the host's own are not known. Undefined
 * when its namespaces may not be seen, or are the host's own.
 */
export function nsenterProcess(graph: Graph, process: Process): NsenterCommand | undefined {
  const types = namespaceTypes.filter((type) => {
    const key = process.namespaces?.[type];
    return key !== undefined && key !== hostsOwnOf(graph, type)?.key;
  });
  if (types.length === 0) return undefined;
  const words = [`--target ${process.pid}`];
  if (types.includes('user')) words.push(typeOptions.user, '--preserve-credentials');
  for (const type of types) if (type !== 'user') words.push(typeOptions[type]);
  if (process.root !== undefined) words.push('--root');
  const user = process.namespaces?.user;
  const own = hostsOwnOf(graph, 'user')?.key;
  // Its own user namespace gives the rights for what that owns; anything else needs those of its owner.
  const owners = types.map((type) => {
    const key = process.namespaces?.[type];
    return key === undefined ? undefined : graph.namespaces.get(key)?.owner;
  });
  const owned = types.every((type, index) => type === 'user' || owners[index] === user);
  const needsRoot = user === undefined || own === undefined ? undefined : !owned || user === own;
  return command(words, needsRoot);
}

/** A path by which a namespace can be opened on the host, for "Copy Path". */
export function pathOf(graph: Graph, namespace: Namespace): string | undefined {
  const { leader, type } = namespace;
  if (leader !== undefined) return `/proc/${leader}/ns/${type}`;
  for (const holder of namespace.held) {
    const path = holderPath(graph, holder, type);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** One word for a POSIX shell, whatever is in it. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function command(words: readonly string[], needsRoot: boolean | undefined): NsenterCommand {
  return { text: ['nsenter', ...words].join(' '), needsRoot };
}

function pathArgument(option: string, graph: Graph, namespace: Namespace): readonly string[] | undefined {
  const path = pathOf(graph, namespace);
  // Quotes do not keep a terminal from acting on control characters that are pasted into it.
  if (path === undefined || displayText(path, path.length) !== path) return undefined;
  return [shellQuote(`${option}=${path}`)];
}

/**
 * setns(2) wants CAP_SYS_ADMIN in the user namespace that owns the target: where that is not the host's own, being in it
 * gives that to the user who made it, without root. `--target`'s own user namespace may be another than the owner.
 */
function ownerArguments(graph: Graph, owner: NamespaceKey | undefined, target: Process | undefined): readonly string[] {
  const node = owner === undefined ? undefined : graph.namespaces.get(owner);
  if (node === undefined || node.initial) return [];
  if (target?.namespaces?.user === owner) return [typeOptions.user, '--preserve-credentials'];
  const path = pathArgument(typeOptions.user, graph, node);
  return path === undefined ? [] : [...path, '--preserve-credentials'];
}

function holderPath(graph: Graph, holder: Holder, type: NamespaceType): string | undefined {
  switch (holder.by) {
    case 'process':
      return `/proc/${holder.pid}/ns/${type}`;
    case 'task':
      return `/proc/${holder.pid}/task/${holder.tid}/ns/${type}`;
    case 'for_children':
      return `/proc/${holder.pid}/ns/${type}_for_children`;
    case 'fd':
      return `/proc/${holder.pid}/fd/${holder.fd}`;
    case 'mount': {
      // The path holds in the mount namespace that has the mount; from elsewhere it leads through a process that is in it.
      if (`mnt:${holder.mntns}` === hostsOwnOf(graph, 'mnt')?.key) return holder.path;
      const pid = holder.pid ?? graph.namespaces.get(`mnt:${holder.mntns}`)?.leader;
      return pid === undefined ? undefined : `/proc/${pid}/root${holder.path}`;
    }
    case 'socket':
    case 'child':
      return undefined;
    default:
      return undefined;
  }
}
