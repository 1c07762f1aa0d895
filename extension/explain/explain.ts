/** From an error and what is known of the host to its causes, the most certain first. */
import type { ErrorRecord, FactsRecord, NamespaceType } from '../helper/protocol.ts';
import { displayText } from '../model/text.ts';
import { rules } from './causes/index.ts';
import { kernelEvidence, restriction, stepEvidence } from './evidence.ts';
import { manual } from '../model/manual.ts';
import { creating, joining } from './steps.ts';
import type { Certainty, ExplainContext, Explanation, Rule, Situation } from './types.ts';

const ranks: Readonly<Record<Certainty, number>> = { certain: 0, likely: 1, possible: 2 };

/**
 * All causes that the evidence allows, best first; those of one certainty stand in the order of the table, which is that of
 * the kernel's own checks where it has one. Never empty: what no rule knows is said to be unknown.
 */
export function explain(
  error: ErrorRecord,
  facts: FactsRecord,
  context: ExplainContext = {},
): readonly [Explanation, ...Explanation[]] {
  const situation = situationOf(error, facts, context);
  const found = rules.filter((rule) => fits(rule, error)).flatMap((rule) => applied(rule, situation));
  const [first, ...others] = found.toSorted((a, b) => ranks[a.certainty] - ranks[b.certainty]);
  if (first === undefined) return [unknown(situation)];
  // What is proved leaves no room for guesses.
  return first.certainty === 'certain' ? [first, ...others.filter(isCertain)] : [first, ...others];
}

/** One sentence above the causes: how sure they are, and that there are several where there are. */
export function introduction(causes: readonly Explanation[]): string {
  const [first] = causes;
  if (first === undefined || first.id === 'unknown') return 'The cause is not known.';
  if (causes.length === 1) {
    const sentences: Readonly<Record<Certainty, string>> = {
      certain: 'This is the cause.',
      likely: 'This is probably the cause.',
      possible: 'This may be the cause; what would prove it cannot be seen from here.',
    };
    return sentences[first.certainty];
  }
  return first.certainty === 'certain'
    ? `There are ${causes.length} causes, and each alone is enough.`
    : `There are ${causes.length} possible causes, the most probable first; what would tell them apart cannot be seen from here.`;
}

export function situationOf(error: ErrorRecord, facts: FactsRecord, context: ExplainContext): Situation {
  return {
    error,
    facts,
    context,
    types: typesOf(error, context),
    has: (capability) => facts.capabilities.includes(capability),
  };
}

function typesOf(error: ErrorRecord, context: ExplainContext): readonly NamespaceType[] {
  if (error.type !== undefined) return [error.type];
  if (creating.includes(error.step)) return context.new ?? [];
  return joining.includes(error.step) ? (context.join ?? []) : [];
}

function fits(rule: Rule, error: ErrorRecord): boolean {
  return rule.errnos.includes(error.errno) && (rule.steps === undefined || rule.steps.includes(error.step));
}

function applied(rule: Rule, situation: Situation): readonly Explanation[] {
  const finding = rule.check(situation);
  return finding === undefined ? [] : [{ id: rule.id, ...finding, source: rule.source }];
}

function isCertain({ certainty }: Explanation): boolean {
  return certainty === 'certain';
}

function unknown(situation: Situation): Explanation {
  const { error, facts } = situation;
  return {
    id: 'unknown',
    cause: `The step ${displayText(error.step)} failed with ${displayText(error.errno)} (${error.number}), and nothing that is known of this host explains it.`,
    evidence: [
      stepEvidence(situation),
      kernelEvidence(situation),
      ...restriction(facts, 'lsm', 'Security modules'),
      ...restriction(facts, 'seccomp', 'Seccomp mode'),
    ],
    remedy: 'The kernel log (dmesg, journalctl -k) may say who refused it; reading it may take an administrator.',
    needsAdministrator: false,
    certainty: 'possible',
    source: manual('errno', 3),
  };
}
