import type { UnitRules } from '../../dialect.ts';
import { placed, type UnitDocument } from '../../dialects/systemd/unit.ts';
import type { Found } from '../../order.ts';
import { joiningRules } from './joining.ts';
import { managerRules } from './manager.ts';
import { mountRules } from './mounts.ts';
import { containerRules } from './nspawn.ts';
import { newer, newerRule } from './portability.ts';
import { processRules } from './processes.ts';
import type { SystemdRule } from './rule.ts';
import { securityRules } from './security.ts';
import { structureRules } from './structure.ts';
import { userRules } from './users.ts';
import { faultsIn, valueRules } from './values.ts';

export const systemdRules: readonly SystemdRule[] = [
  ...structureRules,
  ...joiningRules,
  ...userRules,
  ...processRules,
  ...mountRules,
  ...securityRules,
  ...managerRules,
  ...containerRules,
];

/** What is wrong with single assignments. */
export const assignmentRules: UnitRules<UnitDocument> = {
  rules: [...valueRules, newerRule],
  *check(unit): Iterable<Found> {
    for (const each of placed(unit)) {
      yield* faultsIn(unit, each);
      const finding = newer(unit, each);
      if (finding !== undefined) yield [newerRule, finding];
    }
  },
};
