/** What explaining takes and gives. Pure data: no `vscode`, no I/O. */
import type { ErrorRecord, FactsRecord, IdMapping, NamespaceType } from '../helper/protocol.ts';

/** What was seen, and where: a file, an interface of the kernel or what was asked for. */
export interface Evidence {
  readonly what: string;
  /** As the host said it, made safe to show, but not for Markdown. */
  readonly value: string;
  readonly source: string;
}

/** `certain`: the evidence leaves no other cause. `likely`: nothing contradicts it. `possible`: it cannot be seen from here. */
export type Certainty = 'certain' | 'likely' | 'possible';

export interface Explanation {
  /** Of the rule that found it, `user-limit`. Stable: documents and tests name it. */
  readonly id: string;
  /** One or two sentences. */
  readonly cause: string;
  readonly evidence: readonly Evidence[];
  readonly remedy: string;
  /** Text for a file that the remedy tells to write. */
  readonly snippet?: string;
  /** The remedy takes rights that an ordinary user of the host does not have. */
  readonly needsAdministrator: boolean;
  readonly certainty: Certainty;
  /** Link to the manual page or kernel document that the rule is made after. */
  readonly source: string;
}

/** A user namespace on the way from the one in which something was to be made up to the initial one. */
export interface UserNamespaceLevel {
  readonly id: number;
  /** Levels below the initial one, which is 0; undefined where the way up is not known to its end. */
  readonly depth?: number;
  /** Who made it. */
  readonly uid?: number;
  /** `max_TYPE_namespaces` as they hold in it. */
  readonly limits?: Readonly<Record<string, number>>;
  /** Namespaces that it owns, and those that user namespaces below it own; as far as they are visible, whoever made them. */
  readonly inUse?: Readonly<Partial<Record<NamespaceType, number>>>;
}

/** Where a namespace is mounted: `mntns` is the inode number of the mount namespace. */
export interface KnownMount {
  readonly path: string;
  readonly mntns: number;
}

/** What was being done when the error came. All is optional: what is not known is not used. */
export interface ExplainContext {
  readonly verb?: string;
  /** Types that were to be created, and joined. */
  readonly new?: readonly NamespaceType[];
  readonly join?: readonly NamespaceType[];
  readonly map?: 'root' | 'same' | 'auto';
  readonly uidMap?: readonly IdMapping[];
  readonly gidMap?: readonly IdMapping[];
  /** Whether setgroups(2) was denied before the group map was written. */
  readonly setgroups?: 'allow' | 'deny';
  /** Seconds. */
  readonly monotonic?: number;
  readonly boottime?: number;
  readonly hostname?: string;
  /** The name that was to be kept. */
  readonly name?: string;
  /** The program that made the call, an absolute path; the helper's where it is left out. */
  readonly program?: string;
  /** Threads of that program; the helper is always single-threaded when it acts. */
  readonly threads?: number;
  /**
   * The user namespace in which something was to be made and those above it, innermost first. Where it is left out, it was the
   * caller's own, of which the facts tell.
   */
  readonly userNamespaces?: readonly UserNamespaceLevel[];
  /** Levels of the pid namespace below the initial one. */
  readonly pidDepth?: number;
  /** Every mount of a namespace that is known; undefined where nobody looked. */
  readonly mounts?: readonly KnownMount[];
  /** What keeps the namespace in question, in words, where a graph knows it. */
  readonly holders?: readonly string[];
}

/** A rule's answer, which `explain` completes. */
export interface Finding {
  readonly certainty: Certainty;
  readonly cause: string;
  readonly evidence: readonly Evidence[];
  readonly remedy: string;
  readonly snippet?: string;
  readonly needsAdministrator: boolean;
}

/** What the rules look at: the three inputs and what follows from them. */
export interface Situation {
  readonly error: ErrorRecord;
  readonly facts: FactsRecord;
  readonly context: ExplainContext;
  /** Types that the failing step may have been about. */
  readonly types: readonly NamespaceType[];
  /** The caller has this effective capability(7) in its own user namespace. */
  readonly has: (capability: string) => boolean;
}

/** One cause. `check` is asked only where the error's number and step fit; undefined means that it is not this. */
export interface Rule {
  readonly id: string;
  readonly errnos: readonly string[];
  /** Steps of the error record; any where it is left out. */
  readonly steps?: readonly string[];
  readonly source: string;
  readonly check: (situation: Situation) => Finding | undefined;
}
