import { literalValue } from '../../dialects/shell/invocation.ts';
import type { Finding } from '../../rule.ts';
import { optionRule, unshareManual as link, type ShellRule } from './rule.ts';

interface Values {
  readonly pattern: RegExp;
  readonly remedy: string;
}

/** What unshare(1) takes for options that have few values: sys-utils/unshare.c. */
const values: Readonly<Record<string, Values>> = {
  propagation: { pattern: /^(?:slave|private|shared|unchanged)$/, remedy: 'Take private, slave, shared or unchanged.' },
  setgroups: { pattern: /^(?:allow|deny)$/, remedy: 'Take allow or deny.' },
  monotonic: { pattern: /^\s*[+-]?\d+$/, remedy: 'Give whole seconds.' },
  boottime: { pattern: /^\s*[+-]?\d+$/, remedy: 'Give whole seconds.' },
};

export const valueRules: readonly ShellRule[] = [
  optionRule(
    ['unshare'],
    { id: 'shell/unshare-value', severity: 'error', summary: 'A value that unshare does not take', link },
    function* wrong(invocation): Iterable<Finding> {
      for (const given of invocation.options) {
        const known = Object.hasOwn(values, given.name) ? values[given.name] : undefined;
        const text = literalValue(given);
        if (known === undefined || text === undefined || given.value === undefined || known.pattern.test(text))
          continue;
        yield {
          span: given.value.span,
          message: `unshare refuses this value of --${given.name}.`,
          remedy: known.remedy,
        };
      }
    },
    Object.keys(values),
  ),
];
