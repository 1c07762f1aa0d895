import { madeTypes } from '../../dialects/systemd/declare.ts';
import { lastOf, listOf, onOf, type Unit } from '../../dialects/systemd/unit.ts';
import type { Assignment } from '../../dialects/systemd/text.ts';
import { wordsOf } from '../../dialects/systemd/words.ts';
import { insertion, manual, related, removal, unitRule, wholeUnitRule, type SystemdRule } from './rule.ts';

/** A rule for a namespace that a path gives and that is asked for anew as well. */
function overridden(id: string, pathKey: string, privateKey: string): SystemdRule {
  return unitRule(
    {
      id,
      severity: 'information',
      summary: `${privateKey}= has no effect beside ${pathKey}=`,
      link: manual('exec', pathKey),
    },
    (unit) => {
      const path = lastOf(unit, pathKey);
      const on = onOf(unit, privateKey);
      if (path === undefined || on === undefined) return undefined;
      return {
        span: on.span,
        message: `${privateKey}= has no effect, since the processes join the namespace of ${pathKey}=.`,
        remedy: 'Keep the one that is meant.',
        related: [related(path)],
        fixes: [removal(unit, on)],
      };
    },
  );
}

/** What both units must make private, so that JoinsNamespaceOf= shares it. */
const shareable = [
  'PrivateNetwork',
  'NetworkNamespacePath',
  'PrivateIPC',
  'IPCNamespacePath',
  'PrivateTmp',
  'DynamicUser',
];

export const joiningRules: readonly SystemdRule[] = [
  overridden('systemd/network-path-overrides-private', 'NetworkNamespacePath', 'PrivateNetwork'),
  overridden('systemd/ipc-path-overrides-private', 'IPCNamespacePath', 'PrivateIPC'),
  wholeUnitRule(
    {
      id: 'systemd/joins-without-private',
      severity: 'warning',
      summary: 'JoinsNamespaceOf= without a namespace of its own that could be shared',
      link: manual('unit', 'JoinsNamespaceOf'),
    },
    (unit) => {
      const joins = joinsOf(unit);
      if (joins === undefined || shareable.some((key) => onOf(unit, key) !== undefined)) return undefined;
      return {
        span: joins.span,
        message:
          'JoinsNamespaceOf= has no effect, since neither PrivateNetwork=, PrivateIPC= nor PrivateTmp= is on in this unit, nor a namespace path is set.',
        remedy: 'Switch on in both units what they are to share.',
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/joins-disconnected-tmp',
      severity: 'warning',
      summary: 'PrivateTmp=disconnected is not shared by JoinsNamespaceOf=',
      link: manual('exec', 'PrivateTmp'),
    },
    (unit) => {
      const joins = joinsOf(unit);
      const tmp = lastOf(unit, 'PrivateTmp');
      if (joins === undefined || tmp?.value.text !== 'disconnected') return undefined;
      return {
        span: tmp.value.span,
        message: 'JoinsNamespaceOf= does not share /tmp and /var/tmp with the value disconnected.',
        remedy: 'Write PrivateTmp=yes in both units to share them.',
        related: [related(joins)],
        fixes: [{ title: 'Write yes', edits: [{ span: tmp.value.span, text: 'yes' }] }],
      };
    },
  ),
  unitRule(
    {
      id: 'systemd/joins-before-path',
      severity: 'information',
      summary: 'Beside JoinsNamespaceOf= a namespace path counts only for the unit that starts first',
      link: manual('exec', 'NetworkNamespacePath'),
    },
    function* (unit) {
      const joins = joinsOf(unit);
      if (joins === undefined) return;
      for (const key of ['NetworkNamespacePath', 'IPCNamespacePath']) {
        const path = lastOf(unit, key);
        if (path === undefined) continue;
        yield {
          span: path.span,
          message: `${key}= counts only where this unit starts before the units of JoinsNamespaceOf=; else it joins the namespace that they have.`,
          remedy: 'Set the same path in all of these units, or keep one of the two settings.',
          related: [related(joins)],
        };
      }
    },
  ),
  wholeUnitRule(
    {
      id: 'systemd/namespace-path-without-order',
      severity: 'hint',
      summary: 'Nothing in the unit makes sure that the namespace of a path is there when it starts',
      link: manual('exec', 'NetworkNamespacePath'),
    },
    function* (unit) {
      const orders = [
        'After',
        'Requires',
        'BindsTo',
        'Requisite',
        'RequiresMountsFor',
        'PartOf',
        'ConditionPathExists',
        'AssertPathExists',
      ];
      if (orders.some((key) => listOf(unit, key).length > 0)) return;
      for (const key of ['NetworkNamespacePath', 'IPCNamespacePath', 'UserNamespacePath']) {
        const path = lastOf(unit, key);
        if (path === undefined) continue;
        yield {
          span: path.value.span,
          message: `The unit fails where ${path.value.text} is not there yet when it starts, and it is ordered after nothing that makes it.`,
          remedy: 'Add BindsTo= and After= with the unit that makes the namespace.',
        };
      }
    },
  ),
  wholeUnitRule(
    {
      id: 'systemd/delegates-nothing',
      severity: 'information',
      summary: 'DelegateNamespaces= lists a type of which no setting makes a namespace',
      link: manual('exec', 'DelegateNamespaces'),
    },
    function* (unit) {
      const made = madeTypes(unit);
      for (const assignment of listOf(unit, 'DelegateNamespaces')) {
        if (assignment.value.text.startsWith('~')) continue;
        for (const { text, span } of wordsOf(assignment.value)) {
          const key = makers.get(text);
          if (key === undefined || made.has(text)) continue;
          yield {
            span,
            message: `Delegating ${text} has no effect, since no setting of this unit makes a namespace of this type.`,
            remedy: `Add ${key}, or leave ${text} out.`,
            fixes: [insertion(unit, assignment, key)],
          };
        }
      }
    },
  ),
];

const makers: ReadonlyMap<string, string> = new Map([
  ['net', 'PrivateNetwork=yes'],
  ['ipc', 'PrivateIPC=yes'],
  ['pid', 'PrivatePIDs=yes'],
  ['uts', 'ProtectHostname=private'],
  ['cgroup', 'ProtectControlGroups=private'],
  ['mnt', 'PrivateMounts=yes'],
]);

function joinsOf(unit: Unit): Assignment | undefined {
  return listOf(unit, 'JoinsNamespaceOf')[0];
}
