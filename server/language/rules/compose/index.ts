import type { UnitRules } from '../../dialect.ts';
import type { ComposeDocument } from '../../dialects/compose/model.ts';
import { unitByUnit, type Found } from '../../order.ts';
import type { Rule, RuleInfo } from '../../rule.ts';
import { mountRules } from './mounts.ts';
import { namespaceRules } from './namespaces.ts';
import { securityRules } from './security.ts';
import { cycleRule, sharingRules } from './sharing.ts';
import { structureRules } from './structure.ts';
import type { ServiceRule } from './support.ts';

export const composeRules: readonly Rule<ComposeDocument>[] = [cycleRule];

const all: readonly ServiceRule[] = [
  ...structureRules,
  ...sharingRules,
  ...namespaceRules,
  ...securityRules,
  ...mountRules,
];

export const serviceRules: UnitRules<ComposeDocument> = {
  rules: all,
  check: (document) =>
    onceAPlace(
      unitByUnit(
        document.services,
        (service) => (service.fields.has('provider') ? [] : all),
        (rule, service) => rule.asks(service, document),
      ),
    ),
};

/** What several services have from one anchor is said once. */
function* onceAPlace(found: Iterable<Found>): Generator<Found, void, undefined> {
  const said = new Map<RuleInfo, Set<string>>();
  for (const each of found) {
    const [rule, { span }] = each;
    const places = said.get(rule) ?? new Set();
    said.set(rule, places);
    const place = `${span.start}-${span.end}`;
    if (places.has(place)) continue;
    places.add(place);
    yield each;
  }
}
