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
  /** Containers that run there, by name and by id; undefined when that is not known. */
  readonly container: (nameOrId: string) => KnownNamespace | 'missing' | undefined;
  readonly named: readonly KnownNamespace[];
}
