import type { HostState, KnownNamespace } from './protocol.ts';

/** A connected host as rules see it: its facts, and what its namespaces are called. */
export interface Host {
  /** As the person knows it. */
  readonly name: string;
  readonly facts: HostState['facts'];
  /** Every namespace was seen: what is not listed is not there. */
  readonly complete: boolean;
  /** What a path of the host refers to: undefined when only the host could tell. */
  readonly at: (path: string) => KnownNamespace | 'missing' | undefined;
  /** A namespace of a container that runs there, by name or id; undefined when none is known, which does not say that there is none. */
  readonly container: (nameOrId: string) => KnownNamespace | undefined;
  /** Those that a path or a workload's name leads to. */
  readonly named: readonly KnownNamespace[];
}
