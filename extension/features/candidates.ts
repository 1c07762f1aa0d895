/** What a picker of namespaces and processes offers for a typed text. */
import type { Host } from '../host/types.ts';
import { namespaceTypes } from '../helper/protocol.ts';
import { Filter } from '../model/filter.ts';
import type { View } from '../model/layout.ts';
import { rowOf } from '../model/rows.ts';
import type { Graph, Process } from '../model/types.ts';
import { typeNames } from '../model/words.ts';
import type { Target } from './targets.ts';

export interface Candidate {
  readonly label: string;
  readonly description: string;
  /** Codicon. */
  readonly icon: string;
  readonly target: Target;
}

export interface CandidateOptions {
  readonly processes: boolean;
  readonly except?: Target | undefined;
  /** Offered before all others. */
  readonly first?: Target | undefined;
}

const limit = 200;

/** At most 200, of `found` and how many `more` there are. Namespaces come before processes, the host's own after others. */
export function candidates(
  hosts: readonly Host[],
  text: string,
  { processes, except, first }: CandidateOptions,
): { readonly found: readonly Candidate[]; readonly more: number } {
  const all: Target[] = [];
  for (const host of hosts) {
    if (host.graph === undefined) continue;
    const filter = new Filter(host.graph, { text, types: undefined, hideInitial: false });
    all.push(...namespaceTargets(host, host.graph, filter));
    if (processes) all.push(...processTargets(host, host.graph, text));
  }
  const wanted = all.filter((target) => except === undefined || !sameTarget(target, except));
  const ordered = [
    ...wanted.filter((target) => first !== undefined && sameTarget(target, first)),
    ...wanted.filter((target) => first === undefined || !sameTarget(target, first)),
  ];
  const found = ordered.slice(0, limit).flatMap((target) => candidate(target) ?? []);
  return { found, more: Math.max(0, ordered.length - limit) };
}

function namespaceTargets(host: Host, graph: Graph, filter: Filter): Target[] {
  const shown = namespaceTypes.flatMap((type) =>
    Array.from(graph.ofType(type)).filter(({ key }) => filter.namespaces.has(key)),
  );
  const ordered = [...shown.filter(({ initial }) => !initial), ...shown.filter(({ initial }) => initial)];
  return ordered.map(({ key }): Target => ({ kind: 'namespace', host, key }));
}

function processTargets(host: Host, graph: Graph, text: string): Target[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const targets: Target[] = [];
  for (const process of graph.processes.values()) {
    if (process.namespaces === undefined || !hasAll(process, words)) continue;
    targets.push({ kind: 'process', host, pid: process.pid, start: process.start });
  }
  return targets;
}

function hasAll({ pid, comm, cmdline = '', user = '' }: Process, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = `${pid}\n${comm}\n${cmdline}\n${user}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function candidate(target: Target): Candidate | undefined {
  const { graph } = target.host;
  if (graph === undefined) return undefined;
  // As the tree shows them among other types.
  const view: View = { graph, grouping: 'workload', visible: undefined };
  if (target.kind === 'namespace') {
    const row = rowOf(view, { kind: 'namespace', key: target.key, under: 'unused' });
    const type = graph.namespaces.get(target.key)?.type;
    if (row === undefined || type === undefined) return undefined;
    return {
      label: row.label,
      description: `${typeNames[type]} · ${row.description}`,
      icon: 'symbol-namespace',
      target,
    };
  }
  if (target.kind !== 'process') return undefined;
  const of = { kind: 'namespace', key: 'pid:0', under: 'unused' } as const;
  const row = rowOf(view, { kind: 'process', pid: target.pid, start: target.start, of });
  return row && { label: row.label, description: row.description, icon: 'server-process', target };
}

function sameTarget(a: Target, b: Target): boolean {
  if (a.host !== b.host) return false;
  if (a.kind === 'namespace') return b.kind === 'namespace' && a.key === b.key;
  if (a.kind === 'process') return b.kind === 'process' && a.pid === b.pid && a.start === b.start;
  return false;
}
