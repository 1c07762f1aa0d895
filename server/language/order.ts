import { findingsOf, type Finding, type Findings, type RuleInfo } from './rule.ts';

/** What a rule has found. */
export type Found = readonly [RuleInfo, Finding];

/** The findings of a rule under its name. A rule that answers with a list has looked at all: it may be in any order. */
export function foundBy(rule: RuleInfo, findings: Iterable<Finding>): Iterable<Found> {
  if (!Array.isArray(findings)) return named(rule, findings);
  return findings.length === 0 ? none : findings.map((finding: Finding) => [rule, finding] as const).toSorted(byPlace);
}

const none: readonly Found[] = [];

function* named(rule: RuleInfo, findings: Iterable<Finding>): Generator<Found, void, undefined> {
  for (const finding of findings) yield [rule, finding];
}

/** Several sources of findings, each in the order of the text, as one; what is not asked for is not looked for. */
export function* inOrder(sources: Iterable<Iterable<Found>>): Generator<Found, void, undefined> {
  const open: { found: Found; readonly rest: Iterator<Found> }[] = [];
  for (const source of sources) {
    const rest = source[Symbol.iterator]();
    const first = rest.next();
    if (first.done !== true) open.push({ found: first.value, rest });
  }
  for (;;) {
    let next = open[0];
    for (const other of open) if (next !== undefined && byPlace(other.found, next.found) < 0) next = other;
    if (next === undefined) return;
    yield next.found;
    const following = next.rest.next();
    if (following.done === true) open.splice(open.indexOf(next), 1);
    else next.found = following.value;
  }
}

/** What is found in one unit of a document after the other, which are in the order of the text. */
export function* unitByUnit<U, R extends RuleInfo>(
  units: Iterable<U>,
  rulesOf: (unit: U) => readonly R[],
  ask: (rule: R, unit: U) => Findings,
): Generator<Found, void, undefined> {
  for (const unit of units) {
    let found: Found[] | undefined;
    for (const rule of rulesOf(unit)) {
      const answer = ask(rule, unit);
      if (answer === undefined) continue;
      // Most have nothing wrong: not even an empty list is made for them.
      for (const finding of findingsOf(answer)) (found ??= []).push([rule, finding]);
    }
    if (found !== undefined) yield* found.toSorted(byPlace);
  }
}

function byPlace([, { span: one }]: Found, [, { span: other }]: Found): number {
  return one.start - other.start || one.end - other.end;
}

/** Keeps what has been taken of a source: who comes later goes on where the others have stopped. */
export class Remembered implements Iterable<Found> {
  readonly #taken: Found[] = [];
  #rest: Iterator<Found> | undefined;

  constructor(source: Iterable<Found>) {
    this.#rest = source[Symbol.iterator]();
  }

  *[Symbol.iterator](): Generator<Found, void, undefined> {
    for (let index = 0; ; index++) {
      let found = this.#taken[index];
      if (found === undefined) {
        const next = this.#rest?.next();
        if (next === undefined || next.done === true) {
          // With it goes what it was found in.
          this.#rest = undefined;
          return;
        }
        found = next.value;
        this.#taken.push(found);
      }
      yield found;
    }
  }
}
