/** Create Namespaces: types, options, mapping, what the options need, name. */
import * as vscode from 'vscode';
import { namespaceTypes, type NamespaceType } from '../../helper/protocol.ts';
import type { CreateOptions } from '../../explain/preview.ts';
import type { ReadinessRow } from '../../explain/readiness-report.ts';
import type { Host } from '../../host/types.ts';
import { displayText } from '../../model/text.ts';
import { typeNames } from '../../model/plain-words.ts';
import type { FeatureContext } from '../context.ts';
import { pickTarget } from '../pick-target.ts';
import { askOne, askSeveral, askText, nameStep, settle } from './ask.ts';
import { createOptions, isUsual, meanings, type CreateOption } from './options.ts';
import { runSteps, type Outcome, type Position, type Step } from './steps.ts';
import { isolates } from './types.ts';

const title = 'Create Namespaces';

type MapChoice = NonNullable<CreateOptions['map']> | 'none';

interface State {
  readonly context: FeatureContext;
  readonly host: Host;
  types: readonly NamespaceType[];
  /** By `CreateOption.id`; undefined before they were asked for, when the usual ones are ticked. */
  chosen: ReadonlySet<string> | undefined;
  joinTypes: readonly NamespaceType[];
  /** Numbers of the namespaces to join. */
  readonly join: Map<NamespaceType, number>;
  map: MapChoice | undefined;
  /** What was typed, and what it means. */
  readonly texts: Map<string, { readonly text: string; readonly options: Partial<CreateOptions> }>;
  name: string;
}

export async function askNamespaces(context: FeatureContext, host: Host): Promise<CreateOptions | undefined> {
  const state: State = {
    context,
    host,
    types: [],
    chosen: undefined,
    joinTypes: [],
    join: new Map(),
    map: undefined,
    texts: new Map(),
    name: '',
  };
  return (await runSteps(state, steps)) ? optionsOf(state) : undefined;
}

const joinOption = 'join';

function steps({ types, chosen, joinTypes }: State): readonly Step<State>[] {
  const isChosen = (id: string): boolean => chosen?.has(id) === true;
  const ownMap = isChosen('uidMap') || isChosen('gidMap');
  const asked = createOptions.filter(({ id, text, applies }) => text !== undefined && isChosen(id) && applies(types));
  return [
    askTypes,
    askOptions,
    ...(isChosen(joinOption) ? [askJoinTypes, ...joinTypes.map(joinStep)] : []),
    ...(types.includes('user') && !ownMap ? [askMap] : []),
    ...asked.map((option) => textStep(option)),
    nameStep(title),
  ];
}

interface TypeItem extends vscode.QuickPickItem {
  readonly type: NamespaceType;
}

async function askTypes(state: State, position: Position): Promise<Outcome> {
  const { host, context } = state;
  let known: readonly ReadinessRow[] = [];
  const items = (rows: readonly ReadinessRow[]): readonly TypeItem[] =>
    namespaceTypes.map((type) => ({ label: typeNames[type], description: typeWords(host, type, rows), type }));
  const found = await askSeveral(
    {
      title,
      position,
      placeHolder:
        host.facts?.uid === 0
          ? 'Types of namespaces to create'
          : 'Types of namespaces to create; without root, all but User need a User namespace beside them',
      items: items([]),
      // Not what was found out earlier: somebody may have raised a limit meanwhile.
      later: context.readiness.renew(host).then(({ rows }) => {
        known = rows;
        return items(rows);
      }),
      impossible: ({ type }) => impossibleWords(host, type, known),
    },
    ({ type }) => state.types.includes(type),
  );
  const outcome = settle(found, (answer) => (state.types = answer.map(({ type }) => type)));
  return outcome === 'next' && state.types.length === 0 ? 'cancel' : outcome;
}

/** What it isolates, or why it cannot be made. */
function typeWords(host: Host, type: NamespaceType, rows: readonly ReadinessRow[]): string {
  const why = impossibleWords(host, type, rows);
  return why === undefined ? isolates[type] : `${why} (${isolates[type]})`;
}

/** By what the kernel has and what was tried; undefined while that is not known. */
function impossibleWords(host: Host, type: NamespaceType, rows: readonly ReadinessRow[]): string | undefined {
  if (host.facts?.types.includes(type) !== true)
    return `Linux ${displayText(host.facts?.kernel ?? '')} does not have it`;
  const row = rows.find(({ id }) => id === type);
  return row?.state === 'no' ? row.description : undefined;
}

interface OptionItem extends vscode.QuickPickItem {
  readonly id: string;
}

async function askOptions(state: State, position: Position): Promise<Outcome> {
  const { types, chosen } = state;
  const items: readonly OptionItem[] = [
    ...createOptions.filter(({ applies }) => applies(types)),
    ...(types.length < namespaceTypes.length
      ? [{ id: joinOption, label: 'Join', description: 'An existing namespace of a type that is not new' }]
      : []),
  ].map(({ id, label, description }) => ({ id, label, description }));
  const usual = new Set(createOptions.filter(isUsual).map(({ id }) => id));
  const found = await askSeveral(
    { title, position, placeHolder: 'What is done beside; Enter goes on', items },
    ({ id }) => (chosen ?? usual).has(id),
  );
  return settle(found, (answer) => (state.chosen = new Set(answer.map(({ id }) => id))));
}

async function askJoinTypes(state: State, position: Position): Promise<Outcome> {
  const present = state.host.facts?.types ?? [];
  const items = namespaceTypes
    .filter((type) => present.includes(type) && !state.types.includes(type))
    .map((type): TypeItem => ({ label: typeNames[type], description: isolates[type], type }));
  const placeHolder = 'Types of which an existing namespace is joined';
  const found = await askSeveral({ title, position, placeHolder, items }, ({ type }) => state.joinTypes.includes(type));
  return settle(found, (answer) => (state.joinTypes = answer.map(({ type }) => type)));
}

function joinStep(type: NamespaceType): Step<State> {
  return async ({ context, host, join }) => {
    const target = await pickTarget(context, {
      title: `${title}: ${typeNames[type]} Namespace to Join`,
      processes: false,
      type,
      host,
    });
    const namespace = target?.kind === 'namespace' ? host.graph?.namespaces.get(target.key) : undefined;
    if (namespace === undefined) return 'back';
    join.set(type, namespace.id);
    return 'next';
  };
}

async function askMap(state: State, position: Position): Promise<Outcome> {
  const user = displayText(state.host.facts?.user ?? 'this user');
  const items = [
    { label: 'Root', description: `${user} becomes root in it, and no other id exists`, map: 'root' as const },
    { label: 'Same', description: `${user} keeps its own ids, and no other id exists`, map: 'same' as const },
    { label: 'Automatic', description: 'A free range of subordinate ids (subuid(5), subgid(5))', map: 'auto' as const },
    { label: 'None', description: 'Everybody in it is the overflow user', map: 'none' as const },
  ];
  const placeHolder = 'User and group ids in the new user namespace';
  return settle(await askOne({ title, position, placeHolder, items }), ({ map }) => (state.map = map));
}

function textStep({ id, label, text }: CreateOption): Step<State> {
  return async (state, position) => {
    if (text === undefined) return 'next';
    const read = (typed: string) => text.read(typed, state.host.facts?.kernel ?? '');
    const found = await askText({
      title: `${title}: ${label}`,
      position,
      prompt: text.prompt,
      placeHolder: text.placeHolder,
      value: state.texts.get(id)?.text ?? '',
      problem: (typed) => {
        const result = read(typed);
        return 'problem' in result ? result.problem : undefined;
      },
    });
    return settle(found, (typed) => {
      const result = read(typed);
      if ('options' in result) state.texts.set(id, { text: typed, options: result.options });
    });
  };
}

function optionsOf({ types, chosen, joinTypes, join, map, texts, name }: State): CreateOptions {
  const applies = new Set(createOptions.flatMap((option) => (option.applies(types) ? [option.id] : [])));
  const has = (id: string): boolean => chosen?.has(id) === true && applies.has(id);
  const typed: Partial<CreateOptions> = Object.fromEntries(
    [...texts].flatMap(([id, { options }]) => (has(id) ? Object.entries(options) : [])),
  );
  const ownMap = has('uidMap') || has('gidMap');
  const joins = joinTypes.flatMap((type) => {
    const id = chosen?.has(joinOption) === true && !types.includes(type) ? join.get(type) : undefined;
    return id === undefined ? [] : [{ type, reference: String(id) }];
  });
  return {
    new: types,
    keep: name,
    ...(types.includes('user') && !ownMap && map !== undefined && map !== 'none' ? { map } : {}),
    ...(joins.length > 0 ? { join: joins } : {}),
    ...meanings(({ id }) => chosen?.has(id) === true, types, name),
    ...typed,
  };
}
