/** What a picker of namespaces and processes offers for a typed text. */
import type { Host } from '../host/types.ts';
import { namespaceTypes, type NamespaceType } from '../helper/protocol.ts';
import { Filter } from '../model/filter.ts';
import type { View } from '../model/layout.ts';
import { rowOf } from '../model/rows.ts';
import type { Graph, NameSource } from '../model/types.ts';
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
  /** Only namespaces of this type. */
  readonly type?: NamespaceType | undefined;
  readonly except?: Target | undefined;
  /** Offered before all others. */
  readonly first?: Target | undefined;
}

const limit = 200;

/** At most 200, of `found` and how many `more` there are. Best first. */
export function candidates(
  hosts: readonly Host[],
  text: string,
  { processes, type, except, first }: CandidateOptions,
): { readonly found: readonly Candidate[]; readonly more: number } {
  const words = wordsOf(text);
  const all: Target[] = [];
  for (const host of hosts) {
    const { graph } = host;
    if (graph === undefined) continue;
    const { named, others, own } = namespaceTargets(host, graph, text, words, type);
    const members = processes ? processTargets(host, graph, words) : [];
    // Someone who types a pid or a command means the process, not all that it is in.
    all.push(...named, ...(words.length === 0 ? [...others, ...own, ...members] : [...members, ...others, ...own]));
  }
  const wanted = all.filter((target) => except === undefined || !sameTarget(target, except));
  const ordered = [
    ...wanted.filter((target) => first !== undefined && sameTarget(target, first)),
    ...wanted.filter((target) => first === undefined || !sameTarget(target, first)),
  ];
  const found = ordered.slice(0, limit).flatMap((target) => candidate(target) ?? []);
  return { found, more: Math.max(0, ordered.length - limit) };
}

/** Where a person gave it the name, it is what they look for. */
const givenNames: ReadonlySet<NameSource> = new Set(['mount', 'container', 'unit', 'instance']);

function namespaceTargets(
  host: Host,
  graph: Graph,
  text: string,
  words: readonly string[],
  only: NamespaceType | undefined,
): Readonly<Record<'named' | 'others' | 'own', Target[]>> {
  const filter = new Filter(graph, { text, types: undefined, hideInitial: false });
  const targets: Record<'named' | 'others' | 'own', Target[]> = { named: [], others: [], own: [] };
  for (const type of only === undefined ? namespaceTypes : [only]) {
    for (const { key, initial, name } of graph.ofType(type)) {
      if (!filter.namespaces.has(key)) continue;
      const itself = words.length > 0 && hasAll(`${key}\n${name.text}`, words);
      const rank = itself || (words.length === 0 && givenNames.has(name.source)) ? 'named' : initial ? 'own' : 'others';
      targets[rank].push({ kind: 'namespace', host, key });
    }
  }
  return targets;
}

function processTargets(host: Host, graph: Graph, words: readonly string[]): Target[] {
  const targets: Target[] = [];
  for (const { pid, start, comm, cmdline = '', user = '', namespaces } of graph.processes.values()) {
    if (namespaces === undefined || !hasAll(`${pid}\n${comm}\n${cmdline}\n${user}`, words)) continue;
    targets.push({ kind: 'process', host, pid, start });
  }
  return targets;
}

function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

function hasAll(text: string, words: readonly string[]): boolean {
  const lower = text.toLowerCase();
  return words.every((word) => lower.includes(word));
}

function candidate(target: Target): Candidate | undefined {
  const { graph } = target.host;
  if (graph === undefined) return undefined;
  // As the tree shows them among other types.
  const view: View = { graph, grouping: 'workload', visible: undefined };
  if (target.kind === 'namespace') {
    const row = rowOf(view, { kind: 'namespace', key: target.key, under: 'unused' });
    return (
      row && {
        label: row.label,
        description: row.description,
        icon: 'symbol-namespace',
        target,
      }
    );
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
