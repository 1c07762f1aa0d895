import { containerRules } from './container.ts';
import { mappingRules } from './mapping.ts';
import { networkRules } from './network.ts';
import { netnsRules } from './netns.ts';
import { nsenterRules } from './nsenter.ts';
import type { ShellRule } from './rule.ts';
import { securityRules } from './security.ts';
import { unshareRules } from './unshare.ts';
import { valueRules } from './values.ts';

export const shellRules: readonly ShellRule[] = [
  ...unshareRules,
  ...mappingRules,
  ...valueRules,
  ...nsenterRules,
  ...netnsRules,
  ...networkRules,
  ...containerRules,
  ...securityRules,
];
