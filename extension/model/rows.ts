/** What a row of the tree says. */
import type { Holder } from '../helper/protocol.ts';
import { compareHolders, foldedHolders, holderPid } from './holders.ts';
import { hostsOwnOf } from './hosts-own.ts';
import type { View } from './layout.ts';
import { childCount, placesMembersApart, typeCount } from './layout.ts';
import type { NamespaceRef, NodeRef } from './node-ref.ts';
import { displayText } from './text.ts';
import type { Graph, Namespace, Process } from './types.ts';
import { count, figure, processes, typeNames } from './plain-words.ts';
import {
  explainNamespace,
  explainProcess,
  explainWorkload,
  foldedName,
  holderKind,
  holderName,
  kindName,
  processName,
  typeWord,
} from './words.ts';

export interface Row {
  readonly label: string;
  /** Beside the label, dimmed. */
  readonly description: string;
  /** The row's state in words, for those who hear it. */
  readonly accessibleLabel: string;
}

/** Undefined for what is not in the graph any more. */
export function rowOf(view: View, ref: NodeRef): Row | undefined {
  const { graph } = view;
  switch (ref.kind) {
    case 'root':
      return undefined;
    case 'type':
      return group(typeNames[ref.type], typeCount(view, ref.type), `${typeWord(ref.type)} namespace`);
    case 'host':
      return group('The host’s own', childCount(view, ref), 'namespace');
    case 'unused':
      return group('Without processes', childCount(view, ref), 'namespace');
    case 'unowned':
      return group('Owner not known', childCount(view, ref), 'namespace');
    case 'workload': {
      const workload = graph.workloads.get(ref.id);
      if (workload === undefined) return undefined;
      const kind = kindName(workload.kind);
      // What only mounts keep is told apart at once.
      const members = workload.pidList.size === 0 ? 'mounts only, no process' : processes(workload.pidList.size);
      const namespaces = count(workload.namespaceList.size, 'namespace');
      return {
        label: workload.name,
        description: `${kind} · ${members}`,
        accessibleLabel: `${workload.name}, ${kind}, ${members}, ${namespaces}`,
      };
    }
    case 'namespace': {
      const namespace = graph.namespaces.get(ref.key);
      return namespace === undefined ? undefined : namespaceRow(graph, ref, namespace);
    }
    case 'members': {
      const size = graph.namespaces.get(ref.of.key)?.memberList.size;
      if (size === undefined) return undefined;
      return { label: 'Processes', description: figure(size), accessibleLabel: processes(size) };
    }
    case 'process': {
      const process = graph.processes.get(ref.pid);
      return process?.start === ref.start ? processRow(process) : undefined;
    }
    case 'holder':
      return holderRow(graph, ref.holder, ref.of);
    case 'more':
      return {
        label: 'Show more',
        description: `${figure(ref.shown)} of ${figure(ref.total)}`,
        accessibleLabel: `Show more, ${figure(ref.shown)} of ${figure(ref.total)} are shown`,
      };
    default:
      return undefined;
  }
}

/** Plain text; undefined where the row says it all. */
export function tooltipOf(view: View, ref: NodeRef): string | undefined {
  const { graph } = view;
  if (ref.kind === 'namespace') {
    const namespace = graph.namespaces.get(ref.key);
    return namespace === undefined ? undefined : explainNamespace(graph, namespace);
  }
  if (ref.kind === 'process') {
    const process = graph.processes.get(ref.pid);
    return process === undefined ? undefined : explainProcess(graph, process);
  }
  if (ref.kind === 'workload') {
    const workload = graph.workloads.get(ref.id);
    return workload === undefined ? undefined : explainWorkload(graph, workload);
  }
  return ref.kind === 'holder' ? `It keeps the namespace alive: ${holderName(graph, ref.holder)}.` : undefined;
}

function group(label: string, size: number, one: string): Row {
  return { label, description: figure(size), accessibleLabel: `${label}, ${count(size, one)}` };
}

function namespaceRow(graph: Graph, ref: NamespaceRef, namespace: Namespace): Row {
  const { id, key, type, name, initial, memberList } = namespace;
  const label = name.source === 'none' ? key : name.text;
  // By owner the row stands below its owner, and the processes of some have a row of their own.
  const owner = ref.under.startsWith('owner:') ? undefined : ownerWords(graph, namespace);
  const members = placesMembersApart(ref) ? undefined : processes(memberList.size);
  const kind = ref.under === 'type' ? undefined : type;
  const words = [members, owner].filter((part) => part !== undefined);
  return {
    label,
    description: [kind, String(id), ...words].filter((part) => part !== undefined).join(' · '),
    accessibleLabel: [
      initial ? `the host’s own ${typeWord(type)} namespace` : `${label}, ${typeWord(type)} namespace`,
      String(id),
      ...words,
    ].join(', '),
  };
}

function ownerWords(graph: Graph, { owner, initial, type }: Namespace): string | undefined {
  if (owner === undefined) return initial && type === 'user' ? undefined : 'owner not known';
  const node = graph.namespaces.get(owner);
  if (node === undefined) return 'owner not visible';
  return `owned by ${node.name.text}`;
}

function processRow({ pid, comm, user, cmdline, zombie }: Process): Row {
  const command = cmdline === undefined ? undefined : displayText(cmdline, 120);
  const state = zombie ? 'ended' : undefined;
  return {
    label: comm,
    description: [String(pid), user, state, command].filter((part) => part !== undefined).join(' · '),
    accessibleLabel: [`${comm}, process ${pid}`, user === undefined ? undefined : `of ${user}`, state]
      .filter((part) => part !== undefined)
      .join(', '),
  };
}

function holderRow(graph: Graph, holder: Holder, of: NamespaceRef): Row | undefined {
  const namespace = graph.namespaces.get(of.key);
  const folded = namespace === undefined ? [] : foldedHolders(graph, namespace);
  const found = folded.find((other) => compareHolders(other.holder, holder) === 0);
  if (found === undefined) return undefined;
  const whole = foldedName(graph, found);
  const pid = holderPid(holder);
  if (holder.by === 'mount') {
    const own = hostsOwnOf(graph, 'mnt')?.id === holder.mntns;
    const path = displayText(holder.path);
    const where = own ? 'bind mount' : `bind mount in mnt:${holder.mntns}`;
    return { label: path, description: where, accessibleLabel: `kept alive by the ${where}, ${path}` };
  }
  return {
    label: pid === undefined ? whole : processName(graph.processes.get(pid), pid),
    description: holderKind(found),
    accessibleLabel: `kept alive by ${whole}`,
  };
}
