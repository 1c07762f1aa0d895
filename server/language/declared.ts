import type { NamespaceType } from '../../extension/helper/protocol.ts';
import type { Span } from './span.ts';

/** What every dialect has in common: the workloads of a document and the namespaces that each of them is to be in. */
export interface Declared {
  readonly workloads: readonly Workload[];
}

/**
 * Workloads that are not read before somebody asks: few do but a connected host. A class, because V8 keeps what a getter of an
 * object literal leads to, which would be all of a document, until its next full collection.
 */
export class LateDeclared implements Declared {
  readonly #read: () => readonly Workload[];
  #workloads: readonly Workload[] | undefined;

  constructor(read: () => readonly Workload[]) {
    this.#read = read;
  }

  get workloads(): readonly Workload[] {
    return (this.#workloads ??= this.#read());
  }
}

/** One container, pod, unit or command. */
export interface Workload {
  /** As the document calls it; left out where it has no name. */
  readonly name?: string;
  /** Where it is introduced, such as its name or its key: a short piece, not all of it. */
  readonly span: Span;
  readonly namespaces: readonly DeclaredNamespace[];
  readonly mappings: readonly DeclaredMapping[];
  readonly sysctls: readonly DeclaredSysctl[];
  /** Programs of the host that it needs, by the names of `facts.tools`: any one of them is enough. */
  readonly runtimes: readonly string[];
}

export interface DeclaredNamespace {
  readonly type: NamespaceType;
  readonly from: NamespaceSource;
  /** The whole entry, for hovers and lenses. */
  readonly span: Span;
  /** The part that says where it comes from, such as a path; the whole entry where there is none. */
  readonly sourceSpan: Span;
  /** What the entry does, in this dialect's terms: one sentence of plain text. */
  readonly meaning: string;
}

export type NamespaceSource =
  /** A fresh one. */
  | { readonly kind: 'new' }
  /** The one of whoever starts it, which is the host's own as a rule. */
  | { readonly kind: 'host' }
  /** What a file of the host refers to, such as /run/netns/blue or /proc/1/ns/net. */
  | { readonly kind: 'path'; readonly path: string }
  /** That of another container of the host, by name or id. */
  | { readonly kind: 'container'; readonly name: string }
  /** That of another workload of the same document, by its name there. */
  | { readonly kind: 'workload'; readonly name: string };

export interface DeclaredMapping {
  readonly kind: 'uid' | 'gid';
  /** First id in the user namespace, first id outside, and how many: all from 0 to 2³²−1. */
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
  readonly span: Span;
  /** Where `outside` is written, unless quotes or escapes are between its digits. */
  readonly outsideSpan?: Span;
}

export interface DeclaredSysctl {
  /** With dots, as sysctl(8) writes it. */
  readonly key: string;
  readonly value: string;
  readonly keySpan: Span;
  readonly valueSpan: Span;
}
