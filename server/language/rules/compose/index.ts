import type { ComposeDocument } from '../../dialects/compose/model.ts';
import type { Rule } from '../../rule.ts';
import { mountRules } from './mounts.ts';
import { namespaceRules } from './namespaces.ts';
import { securityRules } from './security.ts';
import { sharingRules } from './sharing.ts';
import { structureRules } from './structure.ts';

export const composeRules: readonly Rule<ComposeDocument>[] = [
  ...structureRules,
  ...sharingRules,
  ...namespaceRules,
  ...securityRules,
  ...mountRules,
];
