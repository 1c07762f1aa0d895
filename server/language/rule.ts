import type { Host } from './host.ts';
import type { Severity } from './protocol.ts';
import type { Span } from './span.ts';

/** One thing that can be wrong. A false error is worse than a missed hint. */
export interface RuleInfo {
  /** `DIALECT/what-is-wrong`, or `host/what-is-wrong` for what only a connected host shows. Settings and suppressions use it: it never changes. */
  readonly id: string;
  /**
   * `error` only for what is invalid or certainly fails, `warning` for what does not do what it says or opens a hole,
   * `information` and `hint` for the rest.
   */
  readonly severity: Severity;
  /** What the rule is about, for the list of rules: one line. */
  readonly summary: string;
  /** Specification section, man page or source that the rule is derived from. */
  readonly link: string;
}

export interface Rule<D> extends RuleInfo {
  /** Never throws. `host` is there when one is connected and chosen. */
  readonly check: (document: D, host: Host | undefined) => Iterable<Finding>;
}

export interface Finding {
  readonly span: Span;
  /** One sentence: what is wrong, and who refuses it (the specification, runc, the Compose command, the API server) from which version. */
  readonly message: string;
  /** One sentence: what to do. */
  readonly remedy?: string | undefined;
  /** Instead of the rule's own, where the same thing is worse or better in this place. */
  readonly severity?: Severity;
  /** What takes part in it elsewhere in the document. */
  readonly related?: readonly { readonly span: Span; readonly message: string }[];
  /** Ways to mend it mechanically, the best first. */
  readonly fixes?: readonly Fix[];
}

/** What a check may answer. */
export type Findings = Iterable<Finding> | Finding | undefined;

export function findingsOf(answer: Findings): Iterable<Finding> {
  if (answer === undefined) return [];
  return Symbol.iterator in answer ? answer : [answer];
}

/** All that is said of it in one piece. */
export function wordsOf({ message, remedy }: Pick<Finding, 'message' | 'remedy'>): string {
  return remedy === undefined ? message : `${message} ${remedy}`;
}

export interface Fix {
  /** What it does, as an imperative: `Remove the duplicate`. */
  readonly title: string;
  /** Pieces that do not overlap; an empty span inserts. */
  readonly edits: readonly Edit[];
}

export interface Edit {
  readonly span: Span;
  readonly text: string;
}
