/** From what a configuration asks for to an adapter that runs and knows what to do. Free of `vscode`. */
import type { FactsRecord } from '../../helper/protocol.ts';
import type { HelperSession, HelperStream } from '../../helper/session.ts';
import type { Graph, Process } from '../../model/types.ts';
import {
  adapterWords,
  isMissing,
  isUsable,
  missingWords,
  noPreset,
  runAdapter,
  type AdapterProcess,
  type Way,
} from './adapter-process.ts';
import { connected, relayWords } from './announced.ts';
import { attachArguments, dialectWords, inheritedEnvironment, launchArguments, rootOf } from './adapter-arguments.ts';
import type { DebugOptions } from './configuration.ts';
import type { Message } from './framing.ts';
import { pidSeenFrom, type Place } from './places.ts';
import { programProblem } from './program-file.ts';
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
    return [{ ...noPreset, label: command, programs: [command], where: placed(scene, where), args, env }];
  }
  const names = presetNamesFor(options, scene);
  const tried = names.flatMap((preset) => placesOf(options, preset).map((where) => ({ preset, where })));
  return tried.toSorted((a, b) => rankOf(a) - rankOf(b)).flatMap((each) => wayOf(options, scene, each));
}

/**
 * A debugger of the target's own knows its libraries best, so those inside come first. Of those outside GDB follows a process into
 * its mount namespace.
 */
function rankOf({ preset, where }: { readonly preset: PresetName; readonly where: Where }): number {
  if (where === 'inside') return 0;
  return preset === 'lldb' ? 2 : 1;
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
  const { label, programs, args, complaints, probe, outsideHint, install } = presets[preset];
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
      probe,
      outsideHint: where === 'outside' && scene.place !== undefined ? outsideHint : undefined,
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
  // Side by side, so that the look at the program costs no round trip of its own.
  const [opened, problem] = await Promise.all([startAdapter(scene, options, signal), problemOf(scene, options)]);
  if (problem === undefined) return opened;
  opened.adapter.kill();
  throw new Error(problem);
}

async function problemOf(scene: Scene, options: DebugOptions): Promise<string | undefined> {
  if (options.request === 'attach') return undefined;
  const executes = presetNamesFor(options, scene).every((name) => presets[name].executes);
  return programProblem(scene, options, executes);
}

async function startAdapter(scene: Scene, options: DebugOptions, signal: AbortSignal): Promise<OpenedAdapter> {
  const ways = waysOf(options, scene);
  for (const [index, way] of ways.entries()) {
    const words = adapterWords(way, entryWords(scene, options), scene.facts);
    const to = argumentsFor(scene, options, way);
    if (words === undefined || to === undefined) continue;
    const { probe } = way;
    try {
      // One after the other: the first that is there is taken, and the last one says itself what it lacks.
      // oxlint-disable-next-line no-await-in-loop
      if (probe && index < ways.length - 1 && !(await isUsable(scene.session, words, probe, signal))) continue;
      // oxlint-disable-next-line no-await-in-loop
      const adapter = await runAdapter(scene.session, way, words, signal);
      const overPort = way.preset !== undefined && presets[way.preset].speaks === 'tcp';
      // oxlint-disable-next-line no-await-in-loop
      return {
        adapter: overPort
          ? await connected(adapter, (address) => relayed(scene, options, way, address, signal))
          : adapter,
        arguments: to,
      };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  const target = scene.place?.entry.name ?? 'the target';
  throw new Error(missingWords(ways, target, scene.host));
}

/**
 * A connection to where the adapter listens. Delve takes none of another user than its own, by the socket's uid in /proc/net/tcp,
 * and within a user namespace the helper is such a one: so the helper is executed there once more, as that user.
 */
async function relayed(
  scene: Scene,
  options: DebugOptions,
  way: Way,
  address: string,
  signal: AbortSignal,
): Promise<HelperStream> {
  const plain = (): HelperStream =>
    scene.session.openStream(['relay', ...relayWords(targetWord(scene, way), address)], { signal });
  const net = netOf(scene);
  if (way.where === 'outside' || net === undefined) return plain();
  // The copy in memory that nobody can change, whatever the target's files are.
  const again: Way = {
    ...noPreset,
    label: 'The helper',
    where: 'inside',
    programs: ['/proc/self/exe'],
    args: ['relay', ...relayWords(net, address)],
    env: {},
  };
  const words = adapterWords(again, entryWords(scene, options), scene.facts);
  try {
    return words === undefined ? plain() : (await runAdapter(scene.session, again, words, signal)).stream;
  } catch (error) {
    // The target has no /proc of its own pid namespace.
    if (!isMissing(error)) throw error;
    return plain();
  }
}

/** The net namespace in which what is inside runs. */
function netOf({ place, facts }: Scene): string | undefined {
  const expected = place?.entry.words.find((word) => word.startsWith('--expect=net:'));
  if (expected !== undefined) return expected.slice('--expect='.length);
  return place?.entry.types.includes('net') === true || facts.own.net === undefined
    ? undefined
    : `net:${facts.own.net}`;
}

/** Where the adapter's own loopback is, as the helper's `--target` takes it. */
export function targetWord({ place, facts }: Scene, { where }: Pick<Way, 'where'>): string {
  const inside = place?.entry.words.find((word) => word.startsWith('--target='))?.slice('--target='.length);
  if (where === 'inside' && inside !== undefined) return inside;
  if (facts.own.net === undefined) throw new Error('The host does not tell its own net namespace.');
  return `net:${facts.own.net}`;
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
