import type { Declared } from '../../declared.ts';
import { directives, directivesOf, needsMountNamespace, type Directive } from './directives.ts';
import { readUnitText, type Assignment, type Section } from './text.ts';
import { unitPath } from './unit-path.ts';
import { validity } from './validity.ts';
import { booleanOf } from './words.ts';

export type UnitKind = 'service' | 'socket' | 'mount' | 'swap' | 'nspawn';

export interface UnitDocument extends Declared, Unit {}

export interface Unit {
  readonly text: string;
  readonly kind: UnitKind | undefined;
  /** As systemd calls it, where the path tells. */
  readonly name: string | undefined;
  /** For the managers of users, by its folder. */
  readonly user: boolean;
  /** What is not in it is in no other file that must be there: no drop-in, and no piece of a unit. */
  readonly complete: boolean;
  /** Below /var/lib/machines or the like, where systemd-nspawn ignores what gives rights. */
  readonly untrusted: boolean;
  readonly sections: readonly Section[];
  /** The section of which systemd.exec(5) speaks, by its name. */
  readonly execSection: string | undefined;
  readonly settings: ReadonlyMap<string, readonly Assignment[]>;
}

export const execSections: Readonly<Record<Exclude<UnitKind, 'nspawn'>, string>> = {
  service: 'Service',
  socket: 'Socket',
  mount: 'Mount',
  swap: 'Swap',
};

const nspawnSections: readonly string[] = ['Exec', 'Files', 'Network'];

export function unitOf(text: string, path: string): Unit {
  const sections = readUnitText(text);
  const match = unitPath.exec(path);
  const kind = kindOf(match?.[2] ?? match?.[4]) ?? kindBySections(sections);
  const dropIn = match?.[4] !== undefined;
  const stem = match?.[3];
  const ofMany = stem === undefined || stem === '' || stem.endsWith('-');
  const name = dropIn ? (ofMany ? undefined : `${stem}.${match[4]}`) : match?.[1];
  const execSection = kind === undefined || kind === 'nspawn' ? undefined : execSections[kind];
  const settings = settingsOf(sections, kind, execSection);
  return {
    text,
    kind,
    name: kind === 'nspawn' ? name?.replace(/\.nspawn$/, '') : name,
    user: /(?:^|\/)systemd\/user(?:\.control|\.attached)?\//.test(path),
    complete: !dropIn && (match !== null || startsSomething(settings, kind)),
    untrusted: kind === 'nspawn' && /^\/(?!etc\/|run\/|usr\/|tmp\/|home\/)/.test(path) && path.includes('/machines/'),
    sections,
    execSection,
    settings,
  };
}

function kindOf(text: string | undefined): UnitKind | undefined {
  return text === 'service' || text === 'socket' || text === 'mount' || text === 'swap' || text === 'nspawn'
    ? text
    : undefined;
}

function kindBySections(sections: readonly Section[]): UnitKind | undefined {
  for (const { name } of sections) {
    const kind = kindOf(name.toLowerCase());
    if (kind !== undefined && kind !== 'nspawn' && execSections[kind] === name) return kind;
    if (nspawnSections.includes(name)) return 'nspawn';
  }
  return undefined;
}

/** Where the path does not tell, a unit is known by what it starts; a drop-in takes that back before it sets it. */
function startsSomething(settings: ReadonlyMap<string, readonly Assignment[]>, kind: UnitKind | undefined): boolean {
  if (kind === 'nspawn') return true;
  const keys =
    kind === 'service'
      ? ['ExecStart']
      : kind === 'socket'
        ? ['ListenStream', 'ListenDatagram', 'ListenFIFO']
        : ['What'];
  return keys.some((key) => {
    const first = settings.get(key)?.[0];
    return first !== undefined && first.value.text !== '';
  });
}

/** All assignments in sections where they count, by their key. */
function settingsOf(
  sections: readonly Section[],
  kind: UnitKind | undefined,
  execSection: string | undefined,
): ReadonlyMap<string, readonly Assignment[]> {
  const settings = new Map<string, Assignment[]>();
  const known = countingSections(kind, execSection);
  for (const section of sections) {
    if (!known.includes(section.name)) continue;
    const here = placesOf(execSection).get(section.name);
    for (const assignment of section.assignments) {
      const counts = directivesOf(assignment.key).length === 0 || here?.has(assignment.key) === true;
      if (!counts) continue;
      const list = settings.get(assignment.key);
      if (list === undefined) settings.set(assignment.key, [assignment]);
      else list.push(assignment);
    }
  }
  return settings;
}

function countingSections(
  kind: UnitKind | undefined,
  execSection: string | undefined,
): readonly (string | undefined)[] {
  return kind === 'nspawn' ? nspawnSections : ['Unit', 'Install', execSection];
}

export interface Placed {
  readonly assignment: Assignment;
  readonly directive: Directive;
}

/** What concerns namespaces and stands where it counts, in the order of the text. */
export function* placed(unit: Unit): Iterable<Placed> {
  const { sections, kind, execSection } = unit;
  const known = countingSections(kind, execSection);
  for (const { name, assignments } of sections) {
    if (!known.includes(name)) continue;
    for (const assignment of assignments) {
      const directive = directiveOf(unit, assignment);
      if (directive !== undefined) yield { assignment, directive };
    }
  }
}

type Places = ReadonlyMap<string, ReadonlyMap<string, Directive>>;

const places = new Map<string | undefined, Places>();

/** Section -> key -> the directive that it is there. */
function placesOf(execSection: string | undefined): Places {
  const known = places.get(execSection);
  if (known !== undefined) return known;
  const found = new Map<string, Map<string, Directive>>();
  for (const directive of directives) {
    for (const place of directive.places) {
      const name = place === 'exec' ? execSection : place;
      if (name === undefined) continue;
      const there = found.get(name) ?? new Map<string, Directive>();
      found.set(name, there);
      if (!there.has(directive.key)) there.set(directive.key, directive);
    }
  }
  places.set(execSection, found);
  return found;
}

/** The directive that an assignment is of, if it is one that concerns namespaces and stands where it counts. */
export function directiveOf({ execSection }: Unit, { key, section }: Assignment): Directive | undefined {
  return placesOf(execSection).get(section.name)?.get(key);
}

/** Many rules ask for the same: settings -> key -> what counts. */
const lasts = new WeakMap<Unit['settings'], Map<string, Assignment | undefined>>();

/** The last assignment that systemd does not ignore, unless one after it takes back all before it. */
export function lastOf(unit: Unit, key: string): Assignment | undefined {
  const list = unit.settings.get(key);
  if (list === undefined) return undefined;
  const known = lasts.get(unit.settings) ?? new Map<string, Assignment | undefined>();
  lasts.set(unit.settings, known);
  if (!known.has(key)) known.set(key, lastOfList(unit, list));
  return known.get(key);
}

function lastOfList(unit: Unit, list: readonly Assignment[]): Assignment | undefined {
  for (let index = list.length - 1; index >= 0; index--) {
    const assignment = list[index];
    if (assignment === undefined) continue;
    const directive = directiveOf(unit, assignment);
    if (assignment.value.text === '') {
      if (directive?.resets !== false) return undefined;
    } else if (directive === undefined || validity(directive, assignment.value).length === 0) return assignment;
  }
  return undefined;
}

/** All that add to a list, after the last empty one. */
export function listOf(unit: Unit, key: string): readonly Assignment[] {
  const all = unit.settings.get(key) ?? [];
  const reset = all.findLastIndex(({ value }) => value.text === '');
  return all.slice(reset + 1);
}

/** The assignment that switches something on, with any value but a boolean false or an empty one. */
export function onOf(unit: Unit, key: string): Assignment | undefined {
  const last = lastOf(unit, key);
  return last === undefined || booleanOf(last.value.text) === false ? undefined : last;
}

/** The assignment that switches something off. */
export function offOf(unit: Unit, key: string): Assignment | undefined {
  const last = lastOf(unit, key);
  return last !== undefined && booleanOf(last.value.text) === false ? last : undefined;
}

/** Settings that make a mount namespace, in the order of the text. */
export function mountSettings(unit: Unit): readonly Assignment[] {
  const found: Assignment[] = [];
  for (const key of unit.settings.keys()) {
    const last = lastOf(unit, key);
    if (last !== undefined && makesMountNamespace(unit, last)) found.push(last);
  }
  return found.toSorted((one, other) => one.span.start - other.span.start);
}

function makesMountNamespace(unit: Unit, { key, value }: Assignment): boolean {
  // Below another root directory systemd mounts /proc and the like, which is the default since 247.
  if (key === 'RootDirectory') return value.text !== '/' && offOf(unit, 'MountAPIVFS') === undefined;
  return needsMountNamespace(key, value.text);
}
