import { figure, processes } from './plain-words.ts';
import type { Completeness } from './types.ts';

/** What is known of the rights with which a host was read. */
export interface Rights {
  /** The helper runs as root. */
  readonly elevated: boolean;
  /** The `hidepid` option of /proc, proc(5): `0`–`4` or `off`, `noaccess`, `invisible`, `ptraceable`. */
  readonly hidepid: string | undefined;
}

/** With these, /proc does not even list the processes of others, so nobody can count them. */
const hiding: ReadonlySet<string> = new Set(['2', 'invisible', '4', 'ptraceable']);

/**
 * How much of a host is visible, in a sentence that says no more than is known, and what to do about it. Undefined remedy:
 * nothing is missing, or nothing helps.
 */
export function completenessSentence(
  completeness: Completeness,
  rights: Rights,
): { readonly text: string; readonly partial: boolean } {
  const total = Math.max(0, completeness.processes);
  const visible = Math.max(0, total - Math.max(0, completeness.unreadable));
  const remedy = rights.elevated ? 'the host hides the rest from this root too.' : 'connect with sudo to see all.';
  if (!rights.elevated && rights.hidepid !== undefined && hiding.has(rights.hidepid)) {
    const seen = visible < total ? `${figure(visible)} of at least ${processes(total)}` : processes(total);
    return {
      text: `${seen} ${is(visible < total ? total : visible)} visible, and hidepid on /proc keeps others from being counted; ${remedy}`,
      partial: true,
    };
  }
  if (visible < total)
    return { text: `${figure(visible)} of ${processes(total)} ${is(total)} visible; ${remedy}`, partial: true };
  if (!completeness.complete) {
    return { text: `${processes(total)} ${is(total)} visible, and there may be more; ${remedy}`, partial: true };
  }
  return { text: total === 1 ? '1 process is visible.' : `All ${processes(total)} are visible.`, partial: false };
}

function is(number: number): string {
  return number === 1 ? 'is' : 'are';
}
