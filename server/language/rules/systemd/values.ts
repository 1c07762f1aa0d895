import { directiveOf, type Unit } from '../../dialects/systemd/unit.ts';
import type { Directive } from '../../dialects/systemd/directives.ts';
import type { Assignment } from '../../dialects/systemd/text.ts';
import { validity, type Problem } from '../../dialects/systemd/validity.ts';
import type { Finding, RuleInfo } from '../../rule.ts';
import { manual, rule, type SystemdRule } from './rule.ts';

/** Values that systemd cannot read: it warns in the log and goes on without the line, which therefore does not do what it says. */
const families: readonly (RuleInfo & { readonly concerns: (problem: Problem, directive: Directive) => boolean })[] = [
  {
    id: 'systemd/invalid-boolean',
    severity: 'warning',
    summary: 'A switch that concerns namespaces has a value that is no boolean',
    link: manual('exec', 'PrivateNetwork'),
    concerns: ({ kind }, { grammar }) => kind === 'value' && grammar.kind === 'boolean',
  },
  ...(
    [
      ['PrivateUsers', 'invalid-private-users', 'exec'],
      ['PrivateTmp', 'invalid-private-tmp', 'exec'],
      ['ProtectHostname', 'invalid-protect-hostname', 'exec'],
      ['ProtectProc', 'invalid-protect-proc', 'exec'],
      ['ProcSubset', 'invalid-proc-subset', 'exec'],
      ['ProtectControlGroups', 'invalid-protect-control-groups', 'exec'],
      ['MountFlags', 'invalid-mount-flags', 'exec'],
      ['PrivateUsersOwnership', 'invalid-users-ownership', 'nspawn'],
    ] as const
  ).map(([key, id, page]) => ({
    id: `systemd/${id}`,
    severity: 'warning' as const,
    summary: `${key}= has a value that it does not take`,
    link: manual(page, key),
    concerns: ({ kind }: Problem, directive: Directive) => kind === 'value' && directive.key === key,
  })),
  {
    id: 'systemd/invalid-container-users',
    severity: 'warning',
    summary: 'PrivateUsers= of an nspawn file has no mode and no range of ids',
    link: manual('nspawn', 'PrivateUsers'),
    concerns: ({ kind }) => kind === 'ids',
  },
  {
    id: 'systemd/unknown-namespace-type',
    severity: 'warning',
    summary: 'A list of namespace types has a word that is none',
    link: manual('exec', 'RestrictNamespaces'),
    concerns: ({ kind }) => kind === 'type',
  },
  {
    id: 'systemd/delegated-user-namespace',
    severity: 'warning',
    summary: 'DelegateNamespaces= lists the user namespace, which cannot be delegated',
    link: manual('exec', 'DelegateNamespaces'),
    concerns: ({ kind }) => kind === 'delegated user',
  },
  {
    id: 'systemd/invalid-namespace-path',
    severity: 'warning',
    summary: 'The path of a namespace is relative or has .. in it',
    link: manual('exec', 'NetworkNamespacePath'),
    concerns: ({ kind }) => kind === 'path',
  },
  {
    id: 'systemd/invalid-root',
    severity: 'error',
    summary: 'RootDirectory= or RootImage= is relative or has .. in it',
    link: manual('exec', 'RootDirectory'),
    concerns: ({ kind }) => kind === 'root',
  },
  {
    id: 'systemd/invalid-bind-path',
    severity: 'warning',
    summary: 'A bind mount has a relative path or an option that systemd does not know',
    link: manual('exec', 'BindPaths'),
    concerns: ({ kind }) => kind === 'bind',
  },
  {
    id: 'systemd/invalid-joined-unit',
    severity: 'warning',
    summary: 'JoinsNamespaceOf= lists what is no name of a unit',
    link: manual('unit', 'JoinsNamespaceOf'),
    concerns: ({ kind }) => kind === 'unit',
  },
];

export const valueRules: readonly SystemdRule[] = families.map(({ concerns, ...info }) =>
  rule(info, function* (unit) {
    for (const { assignment, directive, problem } of faultsOf(unit)) {
      if (concerns(problem, directive)) yield findingOf(unit, assignment, directive, problem);
    }
  }),
);

interface Fault {
  readonly assignment: Assignment;
  readonly directive: Directive;
  readonly problem: Problem;
}

/** Each of these rules is about some of the same faults. */
const known = new WeakMap<Unit['settings'], readonly Fault[]>();

function faultsOf(unit: Unit): readonly Fault[] {
  const faults = known.get(unit.settings) ?? findFaults(unit);
  known.set(unit.settings, faults);
  return faults;
}

function findFaults(unit: Unit): readonly Fault[] {
  const faults: Fault[] = [];
  for (const { assignment, directive } of placed(unit)) {
    for (const problem of problemsOf(assignment, directive)) faults.push({ assignment, directive, problem });
  }
  return faults;
}

interface Placed {
  readonly assignment: Assignment;
  readonly directive: Directive;
}

const knownPlaces = new WeakMap<Unit['settings'], readonly Placed[]>();

/** What stands where it counts. */
export function placed(unit: Unit): readonly Placed[] {
  const known = knownPlaces.get(unit.settings);
  if (known !== undefined) return known;
  const found: Placed[] = [];
  for (const list of unit.settings.values()) {
    for (const assignment of list) {
      const directive = directiveOf(unit, assignment);
      if (directive !== undefined) found.push({ assignment, directive });
    }
  }
  knownPlaces.set(unit.settings, found);
  return found;
}

function problemsOf(assignment: Assignment, directive: Directive): readonly Problem[] {
  const { value } = assignment;
  if (value.text !== '') return validity(directive, value);
  const { grammar, key, resets } = directive;
  if (resets || (grammar.kind !== 'boolean' && grammar.kind !== 'choice')) return [];
  const remedy = 'Write the value, or leave the line out.';
  return [{ kind: 'value', span: assignment.span, reason: `${key}= takes nothing back with an empty value`, remedy }];
}

/** A problem of a piece of a list is about that piece, all others about the line. */
const partial: readonly Problem['kind'][] = ['bind', 'unit'];

function findingOf(
  unit: Unit,
  { key, value, span }: Assignment,
  { grammar }: Directive,
  { kind, span: where, reason, remedy, instead }: Problem,
): Finding {
  const fatal = kind === 'root' || (grammar.kind === 'boolean' && grammar.fatal === true);
  const program = unit.kind === 'nspawn' ? 'systemd-nspawn' : 'systemd';
  const message = fatal
    ? `systemd refuses the unit for this value of ${key}=, since ${reason}.`
    : partial.includes(kind)
      ? `${program} leaves this out of ${key}= with a warning, since ${reason}.`
      : `${program} ignores this line with a warning, since ${reason}.`;
  const from = value.text === '' ? span : where;
  return {
    span: from,
    message,
    remedy,
    ...(fatal ? { severity: 'error' } : {}),
    ...(instead === undefined
      ? {}
      : { fixes: [{ title: `Write ${instead}`, edits: [{ span: from, text: instead }] }] }),
  };
}
