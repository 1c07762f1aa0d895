import type { Placed, Unit } from '../../dialects/systemd/unit.ts';
import type { Directive } from '../../dialects/systemd/directives.ts';
import type { Assignment } from '../../dialects/systemd/text.ts';
import { validity, type Problem } from '../../dialects/systemd/validity.ts';
import type { Found } from '../../order.ts';
import type { Finding, RuleInfo } from '../../rule.ts';
import { manual } from './rule.ts';

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

export const valueRules: readonly RuleInfo[] = families;

/** What is wrong with the value of an assignment. */
export function faultsIn(unit: Unit, { assignment, directive }: Placed): readonly Found[] {
  return problemsOf(assignment, directive).flatMap((problem) =>
    families
      .filter(({ concerns }) => concerns(problem, directive))
      .map((family) => [family, findingOf(unit, assignment, directive, problem)] as const),
  );
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
