import { DisposableStore, Emitter } from '../../disposable.ts';
import type { Disposable } from '../../disposable.ts';
import type { Host } from '../../host/types.ts';
import { severities, type Severity } from '../../../server/language/protocol.ts';
import { sameFindings, type Finding, type FindingTarget } from '../../model/findings/types.ts';

/** Targets whose findings are others than before. */
export interface FindingsChange {
  readonly host: Host;
  readonly targets: readonly FindingTarget[];
  /** What the host's row says of all of them is something else too. */
  readonly totals: boolean;
}

interface Known {
  readonly all: readonly Finding[];
  readonly byTarget: ReadonlyMap<string, readonly Finding[]>;
}

const none: Known = { all: [], byTarget: new Map() };

/** What was found on each host, by what it is about. Of a host that is not connected nothing is. */
export class FindingStore implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<FindingsChange>());
  readonly #known = new Map<Host, Known>();

  readonly onDidChange = this.#changed.event;

  /** Gravest first. */
  all(host: Host): readonly Finding[] {
    return (this.#known.get(host) ?? none).all;
  }

  of(host: Host, target: FindingTarget): readonly Finding[] {
    return this.#known.get(host)?.byTarget.get(targetKey(target)) ?? [];
  }

  /** Replaces what was found. */
  set(host: Host, findings: readonly Finding[]): void {
    const before = this.#known.get(host) ?? none;
    const byTarget = new Map<string, Finding[]>();
    for (const finding of findings) {
      const key = targetKey(finding.target);
      const list = byTarget.get(key);
      if (list === undefined) byTarget.set(key, [finding]);
      else list.push(finding);
    }
    if (findings.length === 0) this.#known.delete(host);
    else this.#known.set(host, { all: findings, byTarget });
    const targets = [...new Set([...before.byTarget.keys(), ...byTarget.keys()])].flatMap((key) => {
      const [was, is] = [before.byTarget.get(key) ?? [], byTarget.get(key) ?? []];
      const target = (is[0] ?? was[0])?.target;
      return target === undefined || sameFindings(was, is) ? [] : [target];
    });
    if (targets.length === 0) return;
    this.#changed.fire({ host, targets, totals: hostTotals(before.all) !== hostTotals(findings) });
  }

  dispose(): void {
    this.#store.dispose();
    this.#known.clear();
  }
}

function targetKey(target: FindingTarget): string {
  if (target.kind === 'namespace') return target.key;
  if (target.kind === 'process') return `${target.pid}.${target.start}`;
  return target.kind === 'workload' ? `workload ${target.id}` : 'host';
}

const words: Readonly<Record<Severity, readonly [string, string]>> = {
  error: ['error', 'errors'],
  warning: ['warning', 'warnings'],
  information: ['note', 'notes'],
  hint: ['hint', 'hints'],
};

/** `2 warnings, 1 note`; empty when there is nothing. */
export function totals(findings: readonly Finding[], only: readonly Severity[] = severities): string {
  const parts = only.flatMap((severity) => {
    const number = findings.filter((each) => each.severity === severity).length;
    return number === 0 ? [] : [`${number} ${words[severity][number === 1 ? 0 : 1]}`];
  });
  return parts.join(', ');
}

/** For the row of a host: only what is grave, since to show it anew is to show everything below it anew. */
export function hostTotals(findings: readonly Finding[]): string | undefined {
  return findings.length === 0 ? undefined : totals(findings, ['error', 'warning']);
}

/** Findings that a tooltip has room for. */
const shown = 4;

/** Paragraphs for a tooltip. */
export function explainFindings(findings: readonly Finding[]): readonly string[] {
  const paragraphs = findings.slice(0, shown).map(({ severity, message, remedy }) => {
    const [word] = words[severity];
    return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}: ${message}\n${remedy}`;
  });
  const rest = findings.length - paragraphs.length;
  if (rest > 0) paragraphs.push(`And ${rest} more.`);
  if (findings.length > 0) paragraphs.push('Show Problems, in the menu of the row, offers what can be done.');
  return paragraphs;
}
