import { joiningRules } from './joining.ts';
import { managerRules } from './manager.ts';
import { mountRules } from './mounts.ts';
import { containerRules } from './nspawn.ts';
import { portabilityRules } from './portability.ts';
import { processRules } from './processes.ts';
import type { SystemdRule } from './rule.ts';
import { securityRules } from './security.ts';
import { structureRules } from './structure.ts';
import { userRules } from './users.ts';
import { valueRules } from './values.ts';

export const systemdRules: readonly SystemdRule[] = [
  ...valueRules,
  ...structureRules,
  ...joiningRules,
  ...userRules,
  ...processRules,
  ...mountRules,
  ...securityRules,
  ...managerRules,
  ...portabilityRules,
  ...containerRules,
];
