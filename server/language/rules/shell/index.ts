import type { UnitRules } from '../../dialect.ts';
import type { ShellDocument } from '../../dialects/shell.ts';
import type { Invocation } from '../../dialects/shell/invocation.ts';
import { unitByUnit } from '../../order.ts';
import type { Rule } from '../../rule.ts';
import { containerRules } from './container.ts';
import { mappingRules } from './mapping.ts';
import { networkRules } from './network.ts';
import { netnsRules } from './netns.ts';
import { nsenterRules } from './nsenter.ts';
import type { InvocationRule, ShellRule } from './rule.ts';
import { securityRules } from './security.ts';
import { unshareRules } from './unshare.ts';
import { valueRules } from './values.ts';

const all: readonly ShellRule[] = [
  ...unshareRules,
  ...mappingRules,
  ...valueRules,
  ...nsenterRules,
  ...netnsRules,
  ...networkRules,
  ...containerRules,
  ...securityRules,
];

export const shellRules = all.filter((rule): rule is Rule<ShellDocument> => 'check' in rule);

const ofCommands = all.filter((rule) => 'asks' in rule);
const byTool = new Map<Invocation['tool'], InvocationRule[]>();
for (const rule of ofCommands) for (const tool of rule.tools) byTool.set(tool, [...(byTool.get(tool) ?? []), rule]);

export const commandRules: UnitRules<ShellDocument> = {
  rules: ofCommands,
  check: ({ invocations }) =>
    unitByUnit(
      invocations,
      ({ tool }) => byTool.get(tool) ?? [],
      (rule, invocation) => rule.asks(invocation),
    ),
};
