/** What a configuration names, found on its host; namespaces that are made for the session live as long as it. */
import type * as vscode from 'vscode';
import { asError } from '../../as-error.ts';
import { bundlePlan } from '../../explain/bundle.ts';
import { createWords, type CreateOptions } from '../../explain/preview.ts';
import { explain } from '../../explain/explain.ts';
import { explanationText, tracingProblems } from '../../explain/ptrace.ts';
import type { ExplainContext } from '../../explain/types.ts';
import type { FactsRecord, ProcessIdentity } from '../../helper/protocol.ts';
import { HelperError, type HelperSession } from '../../helper/session.ts';
import type { Host } from '../../host/types.ts';
import type { Graph, Process } from '../../model/types.ts';
import { count } from '../../model/plain-words.ts';
import { readConfig } from '../bundle/config-file.ts';
import { fieldWords, withoutProgram } from '../bundle/offer.ts';
import type { AttachOptions, DebugOptions, LaunchOptions } from './configuration.ts';
import { creationHints } from './create-options.ts';
import type { Scene } from './open-adapter.ts';
import { parseTarget, placeOf, processOf, processSeenAs, type Place } from './places.ts';

/** A scene with what is to be said in the debug console. */
export interface Found {
  readonly scene: Scene;
  /** What may stand in the way. */
  readonly hints: readonly string[];
  /** Said when the session begins. */
  readonly notes: readonly string[];
  /** Ends the namespaces that were made for this session. */
  readonly dispose: () => void;
}

/** What is known of a host that is connected. */
interface Connected {
  readonly session: HelperSession;
  readonly facts: FactsRecord;
  readonly graph: Graph;
  readonly label: string;
}

/** Rejects with an `Error` whose message is for people. */
export async function findScene(host: Host, options: DebugOptions, signal: AbortSignal): Promise<Found> {
  if (host.session === undefined) await host.connect(signal);
  if (options.request === 'attach') {
    const scene = sceneOfProcess(await refreshed(host, signal), options);
    return { scene, hints: judge(scene, options), notes: [], dispose: () => undefined };
  }
  const { into } = options;
  if (into.kind === 'target') {
    const connected = await refreshed(host, signal);
    const scene = withPlace(connected, placed(connected, parseTarget(into.target).reference));
    return { scene, hints: judge(scene, options), notes: [], dispose: () => undefined };
  }
  return sceneMade(host, options, signal);
}

async function refreshed(host: Host, signal: AbortSignal): Promise<Connected> {
  await host.refresh({ deep: false, signal });
  const { session, facts, graph, label } = host;
  if (session === undefined || facts === undefined || graph === undefined)
    throw new Error(`${label} is not connected.`);
  return { session, facts, graph, label };
}

function withPlace({ label, ...rest }: Connected, place: Place | undefined, process?: Process): Scene {
  return { ...rest, host: label, place, process };
}

function placed({ graph, label }: Connected, reference: string): Place {
  const found = placeOf(graph, reference);
  if ('place' in found) return found.place;
  throw new Error(`${found.problem} (on ${label})`);
}

function sceneOfProcess(host: Connected, { process: wanted }: AttachOptions): Scene {
  const { graph, label } = host;
  if (wanted.seen === 'inside') {
    const place = placed(host, parseTarget(wanted.target).reference);
    const process = processSeenAs(graph, wanted.pid, place);
    if (process === undefined) throw new Error(`There is no process ${wanted.pid} in ${wanted.target} on ${label}.`);
    return withPlace(host, place, process);
  }
  const { reference } = parseTarget(wanted.pid);
  const process = processOf(graph, reference);
  if (process === undefined) throw new Error(`There is no process ${reference.replace(/^pid:/, '')} on ${label}.`);
  const found = placeOf(graph, `pid:${process.pid}:${process.start}`);
  // One that is nowhere else is attached to from where the helper is.
  return withPlace(host, 'place' in found ? found.place : undefined, process);
}

async function sceneMade(host: Host, options: LaunchOptions, signal: AbortSignal): Promise<Found> {
  const { into } = options;
  const { create, notes } =
    into.kind === 'bundle' ? await bundleOptions(host, into.folder) : { create: madeOf(into), notes: [] };
  const end = new AbortController();
  const stop = (): void => end.abort(new Error('the debug session has ended'));
  try {
    const { pid, start } = await make(host, create, AbortSignal.any([end.signal, signal]), end.signal);
    const connected = await refreshed(host, signal);
    const scene = withPlace(connected, placed(connected, `pid:${pid}:${start}`));
    return { scene, hints: [...judge(scene, options), ...creationHints(create)], notes, dispose: stop };
  } catch (error) {
    stop();
    throw error;
  }
}

function madeOf(into: LaunchOptions['into']): CreateOptions {
  return into.kind === 'fresh' ? into.options : { new: [] };
}

/** Resolves with the first process of what was made. `life` ends it. */
function make(host: Host, options: CreateOptions, begin: AbortSignal, life: AbortSignal): Promise<ProcessIdentity> {
  const { session, facts } = host;
  if (session === undefined) return Promise.reject(new Error(`${host.label} is not connected.`));
  return new Promise((resolve, reject) => {
    begin.addEventListener('abort', () => reject(new Error('It was cancelled.')), { once: true });
    const created = session.request('create', [...createWords(options), '--wait'], {
      signal: life,
      onRecord: (record) => {
        if ('init' in record) resolve(record.init);
      },
    });
    created.catch((error: unknown) => {
      const context = { verb: 'create', new: options.new, ...(options.map === undefined ? {} : { map: options.map }) };
      reject(explained('The namespaces for this session could not be created', error, facts, context));
    });
  });
}

async function bundleOptions(
  host: Host,
  folder: string,
): Promise<{ readonly create: CreateOptions; readonly notes: readonly string[] }> {
  const read = await readConfig({ kind: 'host', folder }, host);
  if (read === undefined) throw new Error(`${folder}/config.json cannot be used.`);
  const plan = withoutProgram(bundlePlan(read.config, folder, false));
  if (plan.words === undefined)
    throw new Error(`config.json breaks the specification:\n${plan.invalid.map(fieldWords).join('\n')}`);
  const { notHonoured } = plan;
  const list = notHonoured.map((field) => `  ${fieldWords(field)}`);
  const notes =
    list.length === 0 ? [] : [`${count(list.length, 'field')} of config.json without effect:\n${list.join('\n')}`];
  return { create: plan.options, notes };
}

/** What may stand in the way; throws what certainly does. */
function judge({ facts, place, process }: Scene, options: DebugOptions): readonly string[] {
  const problems = tracingProblems(facts, {
    request: options.request,
    gainsCapabilities: place?.entry.types.includes('user') ?? false,
    uid: process?.uid,
    user: options.user,
  });
  const certain = problems.filter(({ certainty }) => certainty === 'certain');
  if (certain.length > 0) throw new Error(certain.map(explanationText).join('\n\n'));
  return problems.map((problem) => `It may be this: ${explanationText(problem)}`);
}

/** An `Error` that says why and what helps, for what the helper answered; anything else as it is. */
export function explained(what: string, error: unknown, facts: Host['facts'], context: ExplainContext): Error {
  if (!(error instanceof HelperError) || facts === undefined) return asError(error);
  const causes = explain(error.record, facts, context);
  const words = causes.map(({ cause, remedy }) => `${cause} ${remedy}`);
  return new Error(`${what}: ${error.message}\n${words.join('\n')}`);
}

/** Folders that are open in the editor stand for those of the same path, after what the configuration says. */
export function folderMappings(folders: readonly vscode.WorkspaceFolder[] | undefined) {
  return (folders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ uri }) => ({ localRoot: uri.fsPath, remoteRoot: uri.fsPath }));
}
