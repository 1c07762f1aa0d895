/** How the helper is told which net namespace is meant. */
import type { Host } from '../../host/types.ts';
import { keepersOf } from '../../model/keepers.ts';
import { placeWord, type Place } from '../../model/sockets.ts';
import type { Namespace, NamespaceKey } from '../../model/types.ts';

/**
 * A net namespace by its number, as long as the kernel runs; or by what names it at any time: an absolute path where it is
 * mounted, the name of an instance or a pin, or `own` for the host's.
 */
export type Network = { readonly key: NamespaceKey } | { readonly name: string };

/** The name of the host's own net namespace in a kept forward. */
export const ownNetwork = 'own';

type Known = Pick<Host, 'graph' | 'facts' | 'label'>;

/** `--target=…`, by a process in it where there is one: to look for a number takes the helper longer. */
export function networkWords({ graph, facts }: Known, key: NamespaceKey): readonly string[] {
  const namespace = graph?.namespaces.get(key);
  const leader = namespace?.leader === undefined ? undefined : graph?.processes.get(namespace.leader);
  // The helper's own needs no joining, and its leader may be somebody else's.
  const isOwn = facts?.own.net !== undefined && key === `net:${facts.own.net}`;
  const target = leader === undefined || isOwn ? key : `pid:${leader.pid}:${leader.start}`;
  return [`--target=${target}`, `--expect=${key}`];
}

/** The words of `relay`. Throws a sentence where there is nothing to connect to at present. */
export function relayWords(host: Known, network: Network, place: Place): readonly string[] {
  const key = 'key' in network ? network.key : network.name === ownNetwork ? ownKey(host) : undefined;
  if (key === undefined) return ['relay', `--target=${'name' in network ? network.name : ''}`, placeWord(place)];
  if (host.graph !== undefined && !host.graph.namespaces.has(key)) {
    throw new Error(`${key} is not there any more on ${host.label}.`);
  }
  const process = place.kind === 'unix' ? place.process : undefined;
  if (process !== undefined && host.graph?.processes.get(process.pid)?.start === process.start) {
    return ['relay', `--target=pid:${process.pid}:${process.start}`, `--expect=${key}`, placeWord(place)];
  }
  return ['relay', ...networkWords(host, key), placeWord(place)];
}

function ownKey({ facts, label }: Known): NamespaceKey {
  const own = facts?.own.net;
  if (own === undefined) throw new Error(`The net namespace of ${label} itself is not known yet.`);
  return `net:${own}`;
}

/** What names it also after the host was started anew; undefined where nothing does. */
export function lastingName({ graph, facts }: Known, namespace: Namespace): string | undefined {
  if (namespace.key === `net:${facts?.own.net ?? ''}`) return ownNetwork;
  if (graph === undefined) return undefined;
  const { instance, mounts, holders } = keepersOf(graph, namespace);
  return instance ?? mounts[0] ?? holders[0];
}
