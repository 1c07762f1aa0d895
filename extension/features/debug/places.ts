/** What a configuration's `target` and `pid` are on a host, and how the helper gets there. Pure. */
import type { NamespaceType } from '../../helper/protocol.ts';
import { instanceName } from '../../model/naming/instances.ts';
import type { Graph, NamespaceKey, Process } from '../../model/types.ts';
import { fileScheme } from '../../ids.ts';
import { entryOfInstance, entryOfNamespace, entryOfProcess, type Entry } from '../enter/words.ts';

/** Where an adapter runs that is inside. */
export interface Place {
  readonly entry: Entry;
  /** The pid namespace in which the adapter is; undefined for that of the helper. */
  readonly pidNamespace: NamespaceKey | undefined;
  /** A process whose root the target's is; undefined where the target has none of its own. */
  readonly root: number | undefined;
}

/** `linux-namespaces://HOST/REFERENCE`: a target with its host, as pickers give it to a configuration that names no host. */
export function formatAddress(host: string, reference: string): string {
  return `${fileScheme}://${encodeURIComponent(host)}/${reference}`;
}

export interface TargetText {
  readonly host: string | undefined;
  readonly reference: string;
}

export function parseTarget(text: string): TargetText {
  const [, host, reference] = new RegExp(`^${fileScheme}://([^/]+)/(.+)$`).exec(text) ?? [];
  if (host === undefined || reference === undefined) return { host: undefined, reference: text };
  try {
    return { host: decodeURIComponent(host), reference };
  } catch {
    return { host, reference };
  }
}

/** `912`, `pid:912` or `pid:912:88123`, with which no other process can be meant. */
export function processOf(graph: Graph, reference: string): Process | undefined {
  const [, pid, start] = /^(?:pid:)?([1-9]\d{0,9})(?::(\d+))?$/.exec(reference) ?? [];
  if (pid === undefined) return undefined;
  const process = graph.processes.get(Number(pid));
  return start === undefined || process?.start === Number(start) ? process : undefined;
}

export type FoundPlace = { readonly place: Place } | { readonly problem: string };

/** @param reference `pid:N`, `TYPE:ID` or the name of an instance */
export function placeOf(graph: Graph, reference: string): FoundPlace {
  const process = processOf(graph, reference);
  if (process !== undefined) return placeOfProcess(graph, process);
  if (/^(pid:)?\d+(:\d+)?$/.test(reference) && graph.namespaces.get(asKey(reference)) === undefined)
    return { problem: `There is no process ${reference.replace(/^pid:/, '')}.` };
  const namespace = graph.namespaces.get(asKey(reference));
  if (namespace !== undefined) {
    const { type, key, leader } = namespace;
    return {
      place: {
        entry: entryOfNamespace(graph, namespace),
        pidNamespace: type === 'pid' ? key : undefined,
        root: type === 'mnt' ? leader : undefined,
      },
    };
  }
  const instance = graph.instances.find(({ name }) => name === reference);
  if (instance === undefined) return { problem: `There is no process, namespace or instance ${reference}.` };
  const keeper = [...instance.pidList]
    .flatMap((pid) => graph.processes.get(pid) ?? [])
    .find(({ cmdline }) => instanceName(cmdline) !== undefined);
  if (keeper !== undefined) return placeOfProcess(graph, keeper);
  const entry = entryOfInstance(graph, instance);
  if (entry === undefined) return { problem: `The instance ${reference} has nothing that can be entered.` };
  const pidNamespace = [...instance.namespaceList].find(({ type }) => type === 'pid')?.key;
  return { place: { entry, pidNamespace, root: undefined } };
}

/** No map has it that is none, so it need not be checked. */
function asKey(reference: string): NamespaceKey {
  const [type = '', id = ''] = reference.split(':');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only looked up
  return `${type as NamespaceType}:${Number(id)}`;
}

function placeOfProcess(graph: Graph, process: Process): FoundPlace {
  const entry = entryOfProcess(graph, process);
  if (entry === undefined) {
    return {
      problem:
        process.namespaces === undefined
          ? `The namespaces of process ${process.pid} may not be seen by this user, so they cannot be entered either.`
          : `Process ${process.pid} is in the host’s own namespaces.`,
    };
  }
  const has = (type: NamespaceType): boolean => entry.types.includes(type);
  return {
    place: {
      entry,
      pidNamespace: has('pid') ? process.namespaces?.pid : undefined,
      root: has('mnt') || process.root !== undefined ? process.pid : undefined,
    },
  };
}

/**
 * The number of a process in the pid namespace of a place; undefined where it has none there, or none that is known. NSpid of
 * proc(5) has one for each level, the innermost last, so they are counted from the process's own namespace upwards.
 */
export function pidSeenFrom(
  graph: Graph,
  { nspid, pid, namespaces }: Process,
  { pidNamespace }: Pick<Place, 'pidNamespace'>,
): number | undefined {
  if (pidNamespace === undefined) return pid;
  let level = 1;
  for (let at = namespaces?.pid; at !== undefined; at = graph.namespaces.get(at)?.parent, level++)
    if (at === pidNamespace) return nspid?.at(-level);
  return undefined;
}

/** The process that has a number in the pid namespace of a place. */
export function processSeenAs(graph: Graph, pid: number, place: Pick<Place, 'pidNamespace'>): Process | undefined {
  for (const process of graph.processes.values()) if (pidSeenFrom(graph, process, place) === pid) return process;
  return undefined;
}
