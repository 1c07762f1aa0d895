import { severities } from '../../../server/language/protocol.ts';
import { hostRoot, rights } from './rights.ts';
import { inits, leftOver } from './left-over.ts';
import { limits, mappers, sharing } from './host.ts';
import { views } from './views.ts';
import type { Finding, Live, Rule } from './types.ts';

const rules: readonly Rule[] = [leftOver, inits, views, rights, hostRoot, mappers, limits, sharing];

/** All findings, gravest first. Linear in what the host has. */
export function judge(live: Live): readonly Finding[] {
  return rules.flatMap((rule) => [...rule(live)]).toSorted((a, b) => rank(a) - rank(b));
}

function rank({ severity }: Finding): number {
  return severities.indexOf(severity);
}
