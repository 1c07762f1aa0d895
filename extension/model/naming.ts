import type { Holder, NamespaceType } from '../helper/protocol.ts';
import { instanceName } from './naming/instances.ts';
import { bestMountName } from './naming/mounts.ts';
import { chromiumRole } from './naming/sandboxes.ts';
import { displayText } from './text.ts';
import type { NamespaceKey, NamespaceName, NameSource, WorkloadKind } from './types.ts';

export interface NamedNamespace {
  readonly key: NamespaceKey;
  readonly type: NamespaceType;
  readonly initial: boolean;
  readonly uid: number | undefined;
  readonly holders: readonly Holder[];
}

interface NamingProcess {
  readonly comm: string;
  readonly cmdline: string | undefined;
  /** Init of a pid namespace below the host's. */
  readonly init: boolean;
}

/** What else a namespace's name can come from. */
export interface NameContext {
  /** The member it is named after. */
  readonly leader: NamingProcess | undefined;
  /** The leader's workload. */
  readonly workload: { readonly kind: WorkloadKind; readonly name: string } | undefined;
  /** A process that keeps it without being in it: a thread's, an open file's, one that will have children in it. */
  readonly keeper: NamingProcess | undefined;
  /** Name of the user who made a user namespace. */
  readonly user: string | undefined;
}

/**
 * A name a person recognises: the host's own, then a bind mount that somebody named, then the container, machine, sandbox or
 * unit of its leading process, then that process itself. Without members: who keeps it, or whose it is.
 */
export function nameOf(namespace: NamedNamespace, context: NameContext): NamespaceName {
  if (namespace.initial) return { text: 'host', source: 'initial' };
  const { leader, workload, keeper, user } = context;
  const paths = namespace.holders.flatMap((holder) => (holder.by === 'mount' ? [holder.path] : []));
  const mount = bestMountName(paths, namespace.type);
  if (mount !== undefined && !mount.made) return { text: mount.text, source: 'mount' };
  if (leader !== undefined && workload !== undefined && workload.kind !== 'process') {
    return { text: displayText(workloadText(namespace.type, workload, leader)), source: sourceOf(workload.kind) };
  }
  if (mount !== undefined) return { text: mount.text, source: 'mount' };
  const process = leader ?? keeper;
  const instance = instanceName(process?.cmdline);
  if (instance !== undefined) return { text: instance, source: 'instance' };
  if (process !== undefined) return { text: process.comm, source: 'process' };
  if (namespace.type === 'user' && user !== undefined) return { text: user, source: 'owner' };
  return { text: namespace.key, source: 'none' };
}

function sourceOf(kind: WorkloadKind): NameSource {
  return kind === 'unit' || kind === 'instance' ? kind : 'container';
}

/** Of a pod's namespaces these are common to all its containers, unless its manifest says otherwise. */
const podTypes: ReadonlySet<NamespaceType> = new Set(['net', 'ipc', 'uts', 'user']);

/** Those with an init of their own. */
const containerKinds: ReadonlySet<WorkloadKind> = new Set<WorkloadKind>([
  'docker',
  'podman',
  'containerd',
  'cri-o',
  'container',
  'lxc',
  'machine',
]);

function workloadText(
  type: NamespaceType,
  workload: { readonly kind: WorkloadKind; readonly name: string },
  leader: NamingProcess,
): string {
  const { kind, name } = workload;
  if (kind === 'kubernetes') return podTypes.has(type) || leader.comm === 'pause' ? name : `${name}: ${leader.comm}`;
  if (kind === 'chromium') {
    const role = chromiumRole(leader.cmdline);
    return role === undefined ? name : `${name} ${role}`;
  }
  // A service within a container that has a namespace to itself is not the container.
  const isPart = containerKinds.has(kind) && !leader.init && leader.comm !== name;
  return isPart ? `${name}: ${leader.comm}` : name;
}
