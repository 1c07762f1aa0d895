/** Create Namespaces: types, options, mapping, what the options need, name. */
import * as vscode from 'vscode';
import { namespaceTypes, type NamespaceType } from '../../helper/protocol.ts';
import type { CreateOptions } from '../../explain/preview.ts';
import type { ReadinessRow } from '../../explain/readiness-report.ts';
import type { Host } from '../../host/types.ts';
import { displayText } from '../../model/text.ts';
import { typeNames } from '../../model/words.ts';
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
  join: NonNullable<CreateOptions['join']>;
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
    join: [],
    map: undefined,
    texts: new Map(),
    name: '',
  };
  return (await runSteps(state, steps)) ? optionsOf(state) : undefined;
}

const joinOption = 'join';

function steps({ types, chosen }: State): readonly Step<State>[] {
  const isChosen = (id: string): boolean => chosen?.has(id) === true;
  const ownMap = isChosen('uidMap') || isChosen('gidMap');
  const asked = createOptions.filter(({ id, text, applies }) => text !== undefined && isChosen(id) && applies(types));
  return [
    askTypes,
    askOptions,
    ...(isChosen(joinOption) ? [askJoin] : []),
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
      later: context.readiness.renew(host).then(({ rows }) => items(rows)),
    },
    ({ type }) => state.types.includes(type),
  );
  const outcome = settle(found, (answer) => {
    const present = host.facts?.types ?? [];
    const types = answer.map(({ type }) => type);
    const absent = types.filter((type) => !present.includes(type)).map((type) => typeNames[type]);
    state.types = types.filter((type) => present.includes(type));
    if (absent.length > 0) {
      const kernel = displayText(host.facts?.kernel ?? '');
      void vscode.window.showWarningMessage(
        `Linux ${kernel} has no such namespaces: ${absent.join(', ')}. They are left out.`,
      );
    }
  });
  return outcome === 'next' && state.types.length === 0 ? 'cancel' : outcome;
}

/** What it isolates, or why it cannot be made. */
function typeWords(host: Host, type: NamespaceType, rows: readonly ReadinessRow[]): string {
  if (host.facts?.types.includes(type) !== true)
    return `Linux ${displayText(host.facts?.kernel ?? '')} does not have it`;
  const row = rows.find(({ id }) => id === type);
  return row === undefined || row.state === 'yes' ? isolates[type] : `${row.description} (${isolates[type]})`;
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

async function askJoin(state: State): Promise<Outcome> {
  const { context, host, types } = state;
  const target = await pickTarget(context, { title: `${title}: Join`, processes: false, host });
  if (target?.kind !== 'namespace') return 'back';
  const namespace = host.graph?.namespaces.get(target.key);
  if (namespace === undefined || types.includes(namespace.type)) {
    void vscode.window.showInformationMessage(
      namespace === undefined
        ? 'It is not there any more.'
        : `A new ${typeNames[namespace.type]} namespace is to be created: one of another type can be joined.`,
    );
    return 'back';
  }
  state.join = [{ type: namespace.type, reference: String(namespace.id) }];
  return 'next';
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

function optionsOf({ types, chosen, join, map, texts, name }: State): CreateOptions {
  const applies = new Set(createOptions.flatMap((option) => (option.applies(types) ? [option.id] : [])));
  const has = (id: string): boolean => chosen?.has(id) === true && applies.has(id);
  const typed: Partial<CreateOptions> = Object.fromEntries(
    [...texts].flatMap(([id, { options }]) => (has(id) ? Object.entries(options) : [])),
  );
  const ownMap = has('uidMap') || has('gidMap');
  return {
    new: types,
    keep: name,
    ...(types.includes('user') && !ownMap && map !== undefined && map !== 'none' ? { map } : {}),
    ...(chosen?.has(joinOption) === true && join.length > 0 ? { join } : {}),
    ...meanings(({ id }) => chosen?.has(id) === true, types, name),
    ...typed,
  };
}
