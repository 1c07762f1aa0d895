/** Findings: what is wrong with what runs on a host, by rules that are pure functions of what is known of it. */
import type { Severity } from '../../../server/language/protocol.ts';
import type { FactsRecord, InsideRecord, RightsRecord } from '../../helper/protocol.ts';
import type { LeakContext } from '../leaks.ts';
import type { Graph, NamespaceKey } from '../types.ts';

export type FindingTarget =
  | { readonly kind: 'host' }
  | { readonly kind: 'namespace'; readonly key: NamespaceKey }
  | { readonly kind: 'process'; readonly pid: number; readonly start: number }
  | { readonly kind: 'workload'; readonly id: string };

export interface Finding {
  /** Of the rule: `live/…`. */
  readonly id: string;
  /** `error` only for what certainly fails, `warning` for what opens a hole or does not do what it seems to. */
  readonly severity: Severity;
  readonly target: FindingTarget;
  /** Member of the target's details that it is about. */
  readonly at: string;
  /** Sentences for people; what the host said in them is safe to show. */
  readonly message: string;
  readonly remedy: string;
  /** The source of the rule. */
  readonly link: string;
  /** What can be offered to do about it; each asks before it does anything. */
  readonly action?: FindingAction;
}

export type FindingAction = 'findLeaks';

/** What `inspect` said. */
export interface Inspection {
  readonly inside: ReadonlyMap<NamespaceKey, InsideRecord>;
  readonly rights: readonly RightsRecord[];
}

export interface Live extends LeakContext {
  readonly graph: Graph;
  readonly facts: Pick<FactsRecord, 'limits' | 'mappers' | 'own' | 'tools' | 'uid'>;
  /** Undefined before the first look, and with a helper that cannot. */
  readonly inspection: Inspection | undefined;
  /** `PID.START` of ended processes that had already ended at an earlier look. */
  readonly lasting: ReadonlySet<string>;
}

/** Whether two lists say the same. */
export function sameFindings(a: readonly Finding[], b: readonly Finding[]): boolean {
  return a.length === b.length && a.every(({ id, message }, at) => id === b[at]?.id && message === b[at].message);
}

export type Rule = (live: Live) => Iterable<Finding>;
