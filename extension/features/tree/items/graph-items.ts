import type { Holder } from '../../../helper/protocol.ts';
import { commands } from '../../../ids.ts';
import { nsenterNamespace, nsenterProcess, pathOf } from '../../../model/commands.ts';
import type { View } from '../../../model/layout.ts';
import type { NodeRef } from '../../../model/node-ref.ts';
import { rowOf } from '../../../model/rows.ts';
import type { Graph, WorkloadKind } from '../../../model/types.ts';
import type { ItemIcon, ItemSpec } from './spec.ts';
import { never } from '../../never.ts';

/** What a row needs to know of its surroundings. */
interface Surroundings {
  readonly view: View;
  readonly stale: boolean;
  readonly folding: ItemSpec['folding'];
}

type GraphRef = Exclude<NodeRef, { kind: 'root' }>;

/** Undefined for a row whose namespace, process or workload is not there any more. */
export function graphItem(ref: GraphRef, { view, stale, folding }: Surroundings): ItemSpec | undefined {
  const row = rowOf(view, ref);
  if (row === undefined) return undefined;
  return {
    label: row.label,
    ...(row.description === '' ? {} : { description: row.description }),
    icon: iconOf(view.graph, ref),
    context: contextOf(view.graph, ref),
    accessibleLabel: stale ? `${row.accessibleLabel}, stale` : row.accessibleLabel,
    folding,
    stale,
    ...(ref.kind === 'more' ? { command: { id: commands.showMore, title: 'Show More' } } : {}),
  };
}

function contextOf(graph: Graph, ref: GraphRef): readonly string[] {
  switch (ref.kind) {
    case 'namespace': {
      const namespace = graph.namespaces.get(ref.key);
      if (namespace === undefined) return [];
      return [
        'namespace',
        ...(namespace.type === 'mnt' ? ['files'] : []),
        'details',
        'comparable',
        'id',
        ...(namespace.type === 'net' ? ['network'] : []),
        ...(namespace.initial ? [] : ['keepable']),
        ...(namespace.held.some(({ by }) => by === 'mount') ? ['kept'] : []),
        ...(pathOf(graph, namespace) === undefined ? [] : ['path']),
        ...(nsenterNamespace(graph, namespace) === undefined ? [] : ['enterable']),
      ];
    }
    case 'process': {
      const process = graph.processes.get(ref.pid);
      if (process === undefined) return [];
      const enterable = nsenterProcess(graph, process) !== undefined;
      return ['process', 'files', 'details', 'comparable', 'id', 'path', ...(enterable ? ['enterable'] : [])];
    }
    case 'workload': {
      const isInstance = graph.workloads.get(ref.id)?.kind === 'instance';
      return ['workload', 'details', 'id', ...(isInstance ? ['instance', 'files'] : [])];
    }
    case 'holder':
      return ['holder'];
    case 'more':
      return ['more'];
    case 'type':
    case 'host':
    case 'unused':
    case 'unowned':
    case 'members':
      return ['group'];
    default:
      return never(ref);
  }
}

const workloadIcons: Readonly<Partial<Record<WorkloadKind, string>>> = {
  unit: 'gear',
  machine: 'vm',
  lxc: 'vm',
  process: 'server-process',
  chromium: 'browser',
  bubblewrap: 'shield',
  instance: 'layers',
};

const holderIcons: Readonly<Record<Holder['by'], string>> = {
  process: 'server-process',
  mount: 'folder-opened',
  fd: 'file-symlink-file',
  socket: 'plug',
  task: 'server-process',
  for_children: 'type-hierarchy-sub',
  child: 'type-hierarchy-sub',
};

function iconOf(graph: Graph, ref: GraphRef): ItemIcon {
  switch (ref.kind) {
    case 'type':
      return { kind: 'namespace', type: ref.type };
    case 'namespace': {
      const namespace = graph.namespaces.get(ref.key);
      return namespace === undefined ? codicon('blank') : { kind: 'namespace', type: namespace.type };
    }
    case 'workload': {
      const workload = graph.workloads.get(ref.id);
      return codicon((workload && workloadIcons[workload.kind]) ?? 'package');
    }
    case 'process':
    case 'members':
      return codicon('server-process');
    case 'holder':
      return codicon(holderIcons[ref.holder.by]);
    case 'host':
      return codicon('vm');
    case 'unused':
      return codicon('circle-outline');
    case 'unowned':
      return codicon('question');
    case 'more':
      return codicon('ellipsis');
    default:
      return never(ref);
  }
}

function codicon(id: string): ItemIcon {
  return { kind: 'codicon', id };
}
