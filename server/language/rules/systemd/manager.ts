import { lastOf, mountSettings, onOf } from '../../dialects/systemd/unit.ts';
import { manual, removal, unitRule, type SystemdRule } from './rule.ts';

/** What only the manager of the system can do; units of the managers of users are known by their folder. */
export const managerRules: readonly SystemdRule[] = [
  unitRule(
    {
      id: 'systemd/dynamic-user-in-user-unit',
      severity: 'error',
      summary: 'DynamicUser= in a unit of a user manager',
      link: manual('exec', 'DynamicUser'),
    },
    (unit) => {
      const dynamic = unit.user ? onOf(unit, 'DynamicUser') : undefined;
      if (dynamic === undefined) return undefined;
      return {
        span: dynamic.span,
        message:
          'New versions of systemd, such as 262, refuse DynamicUser= in a unit of a user manager, which cannot become another user.',
        remedy: 'Leave the line out, or make it a system unit.',
        fixes: [removal(unit, dynamic)],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/system-only-directive',
      severity: 'warning',
      summary: 'A directive that only system units can have, in a unit of a user manager',
      link: manual('exec', 'ProtectProc'),
    },
    function* (unit) {
      if (!unit.user) return;
      for (const key of ['ProtectProc', 'ProcSubset', 'ProtectControlGroups', 'UserNamespacePath']) {
        const found = onOf(unit, key);
        if (found === undefined || /^(?:default|all)$/.test(found.value.text)) continue;
        yield {
          span: found.span,
          message: `${key}= is supported for system units only, not for those of user managers.`,
          remedy: 'Leave the line out, or make it a system unit.',
          fixes: [removal(unit, found)],
        };
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/foreign-namespace-in-user-unit',
      severity: 'warning',
      summary: 'A user manager without privileges cannot enter a namespace of the host',
      link: manual('exec', 'NetworkNamespacePath'),
    },
    function* (unit) {
      if (!unit.user) return;
      for (const key of ['NetworkNamespacePath', 'IPCNamespacePath']) {
        const path = lastOf(unit, key);
        if (path === undefined) continue;
        yield {
          span: path.span,
          message: `A user manager without privileges cannot enter this namespace, for which it would need CAP_SYS_ADMIN in the user namespace that owns it: depending on its version systemd refuses the unit or starts it outside.`,
          remedy: 'Make it a system unit with User=.',
        };
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/user-unit-before-254',
      severity: 'hint',
      summary: 'In a unit of a user manager namespaces need PrivateUsers= before systemd 254',
      link: manual('exec', 'PrivateUsers'),
    },
    (unit) => {
      if (!unit.user || lastOf(unit, 'PrivateUsers') !== undefined) return undefined;
      const needs = ['PrivateNetwork', 'PrivateIPC', 'ProtectHostname'].map((key) => onOf(unit, key));
      const first = [...needs, mountSettings(unit)[0]].find((found) => found !== undefined);
      if (first === undefined) return undefined;
      return {
        span: first.span,
        message: `A user manager before 254 makes no namespace for ${first.key}= unless PrivateUsers= is on; from 254 on it implies PrivateUsers=.`,
        remedy: 'Add PrivateUsers=yes where older versions matter.',
      };
    },
  ),
];
