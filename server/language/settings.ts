import { isRecord } from '../../extension/is-record.ts';
import { defaultMaximum, dialectIds, severities, type Settings } from './protocol.ts';

/** What a person has written in the settings may be anything: what is not understood is left out. */
export function readSettings(value: unknown): Settings {
  const { off, rules, maximum } = isRecord(value) ? value : {};
  return {
    off: Array.isArray(off) ? dialectIds.filter((id) => off.includes(id)) : [],
    rules: Object.fromEntries(
      Object.entries(isRecord(rules) ? rules : {}).flatMap(([id, severity]) => {
        const known = [...severities, 'off' as const].find((one) => one === severity);
        return known === undefined ? [] : [[id, known] as const];
      }),
    ),
    maximum: typeof maximum === 'number' && maximum >= 1 ? Math.floor(maximum) : defaultMaximum,
  };
}
