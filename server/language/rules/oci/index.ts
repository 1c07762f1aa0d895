import { capabilityRules } from './capabilities.ts';
import { dependencyRules } from './dependency.ts';
import type { OciRule } from './kit.ts';
import { mappingRules } from './mapping.ts';
import { mountRules } from './mounts.ts';
import { portabilityRules } from './portability.ts';
import { securityRules } from './security.ts';
import { structureRules } from './structure.ts';

export const ociRules: readonly OciRule[] = [
  ...structureRules,
  ...dependencyRules,
  ...mappingRules,
  ...mountRules,
  ...securityRules,
  ...capabilityRules,
  ...portabilityRules,
];
