/** From what a configuration asks for to an adapter that runs and knows what to do. Free of `vscode`. */
import type { FactsRecord } from '../../helper/protocol.ts';
import type { HelperSession } from '../../helper/session.ts';
import type { Graph, Process } from '../../model/types.ts';
import { adapterWords, isMissing, missingWords, runAdapter, type AdapterProcess, type Way } from './adapter-process.ts';
import { attachArguments, dialectWords, inheritedEnvironment, launchArguments, rootOf } from './adapter-arguments.ts';
import type { DebugOptions } from './configuration.ts';
import type { Message } from './framing.ts';
import { pidSeenFrom, type Place } from './places.ts';
import { presets, presetsForProcess, presetsForProgram, type PresetName, type Where } from './presets.ts';

/** What is debugged and where, as it was found on the host. */
export interface Scene {
  readonly session: HelperSession;
  readonly facts: FactsRecord;
  readonly graph: Graph;
  /** The host's name for people. */
  readonly host: string;
  /** Undefined: the host's own namespaces. */
  readonly place: Place | undefined;
  /** What is attached to. */
  readonly process: Process | undefined;
}

export interface OpenedAdapter {
  readonly adapter: AdapterProcess;
  /** Of the launch or attach request. */
  readonly arguments: Message;
}

/** Adapters that could do it, the best first. */
export function presetNamesFor(options: DebugOptions, { process }: Pick<Scene, 'process'>): readonly PresetName[] {
  if (typeof options.adapter === 'string') return [options.adapter];
  if (options.adapter !== undefined) return [];
  return options.request === 'launch' ? presetsForProgram(options.program) : presetsForProcess(process?.comm ?? '');
}

export function waysOf(options: DebugOptions, scene: Pick<Scene, 'process' | 'place'>): readonly Way[] {
  const { adapter } = options;
  if (typeof adapter === 'object') {
    const { command, args, env, where } = adapter;
    const way = { preset: undefined, label: command, programs: [command], complaints: [], install: undefined } as const;
    return [{ ...way, where: placed(scene, where), args, env }];
  }
  const names = presetNamesFor(options, scene);
  const tried = names.flatMap((preset) => placesOf(options, preset).map((where) => ({ preset, where })));
  // A debugger of the target's own knows its libraries best, so those inside come first.
  return tried
    .toSorted((a, b) => Number(a.where === 'outside') - Number(b.where === 'outside'))
    .flatMap((each) => wayOf(options, scene, each));
}

function placesOf(options: DebugOptions, preset: PresetName): readonly Where[] {
  if (options.where !== undefined) return [options.where];
  return options.request === 'launch' ? ['inside'] : presets[preset].attach;
}

/** In the host's own namespaces there is no inside. */
function placed({ place }: Pick<Scene, 'place'>, where: Where): Where {
  return place === undefined ? 'outside' : where;
}

function wayOf(
  options: DebugOptions,
  scene: Pick<Scene, 'process' | 'place'>,
  { preset, where: wanted }: { readonly preset: PresetName; readonly where: Where },
): readonly Way[] {
  const { label, programs, args, complaints, install } = presets[preset];
  const [first, ...others] = programs;
  // The inspector is no adapter.
  if (first === undefined || preset === 'node') return [];
  const where = placed(scene, wanted);
  const root =
    where === 'outside' && scene.place !== undefined && scene.process ? rootOf(scene.process.pid) : undefined;
  return [
    {
      preset,
      label,
      where,
      programs: [first, ...others],
      args: [...args, ...dialectWords(preset, root)],
      env: options.request === 'launch' ? inheritedEnvironment(preset, options) : {},
      complaints,
      install,
    },
  ];
}

/** Words for `enter` that lead to where the program is, as the user that was asked for. */
export function entryWords({ place }: Pick<Scene, 'place'>, { user }: Pick<DebugOptions, 'user'>): readonly string[] {
  return [...(place?.entry.words ?? []), ...(user === undefined ? [] : [`--user=${user}`])];
}

/** Rejects with an `Error` whose message is for people, or as `HelperStream.ended` does. */
export async function openAdapter(scene: Scene, options: DebugOptions, signal: AbortSignal): Promise<OpenedAdapter> {
  const ways = waysOf(options, scene);
  for (const way of ways) {
    const words = adapterWords(way, entryWords(scene, options), scene.facts);
    const to = argumentsFor(scene, options, way);
    if (words === undefined || to === undefined) continue;
    try {
      // One after the other: the first that is there is taken.
      // oxlint-disable-next-line no-await-in-loop
      return { adapter: await runAdapter(scene.session, way, words, signal), arguments: to };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  const target = scene.place?.entry.name ?? 'the target';
  throw new Error(missingWords(ways, target, scene.host));
}

/** Undefined where the adapter could not see the process at all. */
function argumentsFor(scene: Scene, options: DebugOptions, { preset, where }: Way): Message | undefined {
  // The inspector is no adapter, so there is no way with it.
  const dialect = preset === 'node' ? undefined : preset;
  if (options.request === 'launch') return launchArguments(dialect, options);
  const { process, graph, place } = scene;
  if (process === undefined) return undefined;
  const pid = where === 'inside' && place !== undefined ? pidSeenFrom(graph, process, place) : process.pid;
  return pid === undefined ? undefined : attachArguments(dialect, options, pid, place === undefined ? 'inside' : where);
}
