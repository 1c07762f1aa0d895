import { directives, directivesOf, type Directive } from '../../dialects/systemd/directives.ts';
import type { Assignment } from '../../dialects/systemd/text.ts';
import { directiveOf, listOf, type Unit } from '../../dialects/systemd/unit.ts';
import { wordsOf } from '../../dialects/systemd/words.ts';
import { manual, removal, rule, unitRule, type SystemdRule } from './rule.ts';

/** Keys that do not exist, of which people think that they do. */
const likelyMeant: Readonly<Record<string, string>> = {
  privatepid: 'PrivatePIDs',
  privateuser: 'PrivateUsers',
  privatemount: 'PrivateMounts',
  privatenet: 'PrivateNetwork',
  privatenetworks: 'PrivateNetwork',
  privatetemp: 'PrivateTmp',
  privateipcs: 'PrivateIPC',
  networknamespace: 'NetworkNamespacePath',
  netnamespacepath: 'NetworkNamespacePath',
  ipcnamespace: 'IPCNamespacePath',
  usernamespace: 'UserNamespacePath',
  joinnamespaceof: 'JoinsNamespaceOf',
  joinsnamespacesof: 'JoinsNamespaceOf',
  restrictnamespace: 'RestrictNamespaces',
  delegatenamespace: 'DelegateNamespaces',
  protectcgroups: 'ProtectControlGroups',
  protectcontrolgroup: 'ProtectControlGroups',
  protecthostnames: 'ProtectHostname',
  mountflag: 'MountFlags',
};

const byLowerCase = new Map(directives.map((directive) => [directive.key.toLowerCase(), directive.key]));

function meantBy(key: string): string | undefined {
  if (directivesOf(key).length > 0) return undefined;
  const lower = key.toLowerCase();
  return byLowerCase.get(lower) ?? (Object.hasOwn(likelyMeant, lower) ? likelyMeant[lower] : undefined);
}

export const structureRules: readonly SystemdRule[] = [
  rule(
    {
      id: 'systemd/misspelt-directive',
      severity: 'warning',
      summary: 'A key is nearly that of a directive that concerns namespaces',
      link: 'https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html',
    },
    function* (unit) {
      const meanings = new Map<string, string | undefined>();
      for (const assignment of knownSections(unit)) {
        const { key } = assignment;
        if (!meanings.has(key)) meanings.set(key, meantBy(key));
        const meant = meanings.get(key);
        if (meant === undefined || !fits(unit, meant)) continue;
        const { keySpan } = assignment;
        yield {
          span: keySpan,
          message: `${programOf(unit)} ignores ${key}= with a warning, since it knows no such key in [${assignment.section.name}].`,
          remedy: `Write ${meant}=.`,
          fixes: [{ title: `Write ${meant}=`, edits: [{ span: keySpan, text: meant }] }],
        };
      }
    },
  ),
  rule(
    {
      id: 'systemd/misplaced-directive',
      severity: 'warning',
      summary: 'A directive that concerns namespaces stands in a section where it means nothing',
      link: 'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Description',
    },
    function* (unit) {
      if (unit.kind === undefined) return;
      for (const section of unit.sections) {
        // Sections with X- are for others, and what systemd does not know at all may be meant for another program.
        if (section.name.startsWith('X-') || section.name === 'Container') continue;
        for (const assignment of section.assignments) {
          if (directivesOf(assignment.key).length === 0 || directiveOf(unit, assignment) !== undefined) continue;
          const right = rightSection(unit, assignment.key);
          if (right === undefined || !isSectionOf(unit, section.name)) continue;
          yield {
            span: assignment.keySpan,
            message:
              section.name === ''
                ? `${programOf(unit)} ignores ${assignment.key}= with a warning, since it stands before the first section.`
                : `${programOf(unit)} ignores ${assignment.key}= with a warning, since it belongs to [${right}] and not to [${section.name}].`,
            remedy: `Move it to [${right}].`,
          };
        }
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/joins-itself',
      severity: 'warning',
      summary: 'JoinsNamespaceOf= names the unit itself',
      link: manual('unit', 'JoinsNamespaceOf'),
    },
    function* (unit) {
      if (unit.name === undefined) return;
      for (const { value } of listOf(unit, 'JoinsNamespaceOf')) {
        for (const { text, span } of wordsOf(value)) {
          if (text !== unit.name) continue;
          const message = 'A unit cannot join its own namespaces: systemd drops this dependency.';
          yield { span, message, remedy: 'Name the other unit.' };
        }
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/joins-unit-without-processes',
      severity: 'warning',
      summary: 'JoinsNamespaceOf= names a unit of a type that has no namespaces',
      link: manual('unit', 'JoinsNamespaceOf'),
    },
    function* (unit) {
      for (const { value } of listOf(unit, 'JoinsNamespaceOf')) {
        for (const { text, span } of wordsOf(value)) {
          const type = /\.(target|timer|path|slice|scope|device|automount)$/.exec(text)?.[1];
          if (type === undefined) continue;
          yield {
            span,
            message: `A ${type} unit has no namespaces to join: only service, socket, mount and swap units have settings for them.`,
            remedy: 'Name the service whose namespaces are meant.',
          };
        }
      }
    },
  ),
  unitRule(
    {
      id: 'systemd/overridden-in-file',
      severity: 'information',
      summary: 'A directive that concerns namespaces is set twice with different values',
      link: 'https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html',
    },
    function* (unit) {
      for (const [key, list] of unit.settings) {
        const [directive] = directivesOf(key);
        if (directive === undefined || !isSingle(directive)) continue;
        for (const [index, assignment] of list.entries()) {
          const next = list[index + 1];
          if (next === undefined || assignment.value.text === '' || next.value.text === '') continue;
          if (next.value.text === assignment.value.text) continue;
          yield {
            span: assignment.span,
            message: `A later ${key}= of this file overrides this one.`,
            remedy: 'Keep the one that is meant.',
            related: [{ span: next.span, message: `${key}= is set again here` }],
            fixes: [removal(unit, assignment)],
          };
        }
      }
    },
  ),
];

function isSingle({ grammar }: Directive): boolean {
  return ['boolean', 'choice', 'hostname', 'namespace path', 'root', 'ids'].includes(grammar.kind);
}

function programOf({ kind }: Unit): string {
  return kind === 'nspawn' ? 'systemd-nspawn' : 'systemd';
}

function* knownSections(unit: Unit): Iterable<Assignment> {
  for (const section of unit.sections) {
    if (isSectionOf(unit, section.name) && section.name !== '') yield* section.assignments;
  }
}

function isSectionOf({ kind, execSection }: Unit, name: string): boolean {
  const names = kind === 'nspawn' ? ['Exec', 'Files', 'Network'] : ['Unit', 'Install', execSection];
  return name === '' || names.includes(name);
}

function fits(unit: Unit, key: string): boolean {
  return rightSection(unit, key) !== undefined;
}

function rightSection({ kind, execSection }: Unit, key: string): string | undefined {
  for (const { places } of directivesOf(key)) {
    for (const place of places) {
      if (place === 'exec') {
        if (execSection !== undefined) return execSection;
      } else if ((place === 'Unit') === (kind !== 'nspawn')) return place;
    }
  }
  return undefined;
}
