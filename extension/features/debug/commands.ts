/** Debug in…, Attach Debugger…, and the pickers that launch configurations ask. */
import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { commands, debugType } from '../../ids.ts';
import { isRecord } from '../../is-record.ts';
import { commandLine } from '../../model/command-line.ts';
import { instanceName } from '../../model/naming/instances.ts';
import { displayText } from '../../model/text.ts';
import type { Graph, Process } from '../../model/types.ts';
import { figure } from '../../model/plain-words.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { pickTarget, targetOf } from '../pick-target.ts';
import { lookUp, type Target } from '../targets.ts';
import { entryOfProcess } from '../enter/words.ts';
import { formatAddress } from './places.ts';

export const activateDebugCommands: Feature = (context) => {
  const store = new DisposableStore();
  store.add(context.commands.register(commands.debugIn, (argument) => debugIn(context, argument)));
  store.add(context.commands.register(commands.attachDebugger, (argument) => attachDebugger(context, argument)));
  store.add(context.commands.register(commands.pickTarget, (argument) => pickForTarget(context, argument)));
  store.add(context.commands.register(commands.pickProcess, (argument) => pickForProcess(context, argument)));
  return store;
};

/** As `target` has it: of a process all that it is in, of a namespace its leader's, where it has more than this one. */
async function referenceOf(target: Target, title: string): Promise<{ reference: string; name: string } | undefined> {
  const { graph } = target.host;
  const found = lookUp(target.host, target);
  if (graph === undefined || found === undefined) return tellGone();
  if (found.kind === 'workload') {
    const { name, kind, pidList } = found.workload;
    const leader = graph.processes.get(pidList.at(0) ?? 0);
    if (kind === 'instance') return { reference: name, name };
    return leader === undefined
      ? tellGone()
      : { reference: `pid:${leader.pid}:${leader.start}`, name: displayText(name) };
  }
  if (found.kind === 'process') {
    const { pid, start, comm } = found.process;
    return { reference: `pid:${pid}:${start}`, name: `${displayText(comm)} ${pid}` };
  }
  if (found.kind !== 'namespace') return undefined;
  const { key, leader: pid, name } = found.namespace;
  const leader = pid === undefined ? undefined : graph.processes.get(pid);
  const whole = leader && entryOfProcess(graph, leader);
  const alone = { reference: key, name: displayText(name.text) };
  if (leader === undefined || whole === undefined || whole.types.length < 2) return alone;
  const all = {
    reference: instanceName(leader.cmdline) ?? `pid:${leader.pid}:${leader.start}`,
    name: whole.name,
  };
  const choice = await vscode.window.showQuickPick(
    [
      { label: `All of ${whole.name}`, description: whole.types.join(', '), chosen: all },
      { label: `Only ${key}`, description: alone.name, chosen: alone },
    ],
    { title, placeHolder: 'Which namespaces the program is to run in' },
  );
  return choice?.chosen;
}

function tellGone(): undefined {
  void vscode.window.showInformationMessage('It is not there any more.');
}

async function debugIn(context: FeatureContext, argument: unknown): Promise<void> {
  const title = 'Debug in';
  const target = await targetOf(context, { title, processes: true }, argument);
  const place = target && (await referenceOf(target, title));
  if (target === undefined || place === undefined) return;
  const uri = vscode.window.activeTextEditor?.document.uri;
  const text = await vscode.window.showInputBox({
    title: `Debug in ${place.name} on ${target.host.label}`,
    prompt: 'The program’s path inside, and its arguments. No shell reads them: quotes only keep words together.',
    placeHolder: '/srv/app/main.py --verbose',
    value: uri?.scheme === 'file' ? quoted(uri.fsPath) : '',
    validateInput: (line) => {
      const parsed = commandLine(line);
      return 'problem' in parsed ? parsed.problem : undefined;
    },
    ignoreFocusOut: true,
  });
  const parsed = text === undefined ? undefined : commandLine(text);
  if (parsed === undefined || 'problem' in parsed) return;
  const [program, ...args] = parsed.argv;
  await begin({
    request: 'launch',
    name: `${displayText(program, 40)} in ${place.name}`,
    host: target.host.id,
    target: place.reference,
    program,
    args,
  });
}

function quoted(path: string): string {
  return /[\s'"\\]/.test(path) ? `'${path.replaceAll("'", `'\\''`)}'` : path;
}

async function attachDebugger(context: FeatureContext, argument: unknown): Promise<void> {
  const title = 'Attach Debugger';
  const target = context.tree.targetsOf(argument)[0];
  const process = target === undefined ? await pickAnyProcess(context, title) : await processOfTarget(target, title);
  if (process === undefined) return;
  const { host, pid, start: since, comm } = process;
  const name = `${displayText(comm)} ${pid} on ${host.label}`;
  await begin({ request: 'attach', name, host: host.id, pid: `pid:${pid}:${since}` });
}

interface Picked extends Pick<Process, 'pid' | 'start' | 'comm'> {
  readonly host: Target['host'];
}

async function pickAnyProcess(
  context: FeatureContext,
  title: string,
  host?: Target['host'],
): Promise<Picked | undefined> {
  const target = await pickTarget(context, { title, processes: true, ...(host === undefined ? {} : { host }) });
  return target === undefined ? undefined : processOfTarget(target, title);
}

/** The process itself, or one of those in the namespace or instance. */
async function processOfTarget(target: Target, title: string): Promise<Picked | undefined> {
  const { host } = target;
  const found = lookUp(host, target);
  if (host.graph === undefined || found === undefined) return tellGone();
  if (found.kind === 'process') return { host, ...named(found.process) };
  const pids =
    found.kind === 'workload'
      ? membersOf(host.graph, found.workload.namespaces)
      : found.kind === 'namespace'
        ? found.namespace.members
        : [];
  const items = pids
    .slice(0, most)
    .flatMap((pid) => host.graph?.processes.get(pid) ?? [])
    // What keeps an instance is the helper itself.
    .filter(({ cmdline }) => instanceName(cmdline) === undefined)
    .map((process) => processItem(process));
  if (items.length === 0) {
    void vscode.window.showInformationMessage('No process of its own runs in it.');
    return undefined;
  }
  const choice = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: pids.length > most ? `The first ${figure(most)} of ${figure(pids.length)} processes` : 'Process',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return choice && { host, ...named(choice.process) };
}

const most = 1000;

/** Those of an instance's process-id namespace, also what entered it later. */
function membersOf(graph: Graph, keys: readonly `${string}:${number}`[]): readonly number[] {
  const namespaces = keys.flatMap((key) => [...graph.namespaces.values()].find((each) => each.key === key) ?? []);
  return (namespaces.find(({ type }) => type === 'pid') ?? namespaces[0])?.members ?? [];
}

function named({ pid, start, comm }: Process): Pick<Process, 'pid' | 'start' | 'comm'> {
  return { pid, start, comm };
}

function processItem(process: Process) {
  const { pid, nspid = [], comm, cmdline, user } = process;
  const inside = nspid.length > 1 ? `, ${nspid.slice(1).join(' › ')} inside` : '';
  return {
    label: displayText(comm),
    description: `${pid}${inside}${user === undefined ? '' : ` · ${user}`}`,
    ...(cmdline === undefined ? {} : { detail: displayText(cmdline, 120) }),
    process,
  };
}

/** The host that the configuration names, which it is asked for. */
function hostIn({ hosts }: FeatureContext, configuration: unknown): Target['host'] | undefined {
  const name = isRecord(configuration) ? configuration['host'] : undefined;
  return hosts.all.find(({ id, label }) => id === name || label === name);
}

async function pickForTarget(context: FeatureContext, configuration: unknown): Promise<string | undefined> {
  const title = 'Debug in';
  const host = hostIn(context, configuration);
  const target = await pickTarget(context, { title, processes: true, ...(host === undefined ? {} : { host }) });
  const place = target && (await referenceOf(target, title));
  return target && place && formatAddress(target.host.id, place.reference);
}

async function pickForProcess(context: FeatureContext, configuration: unknown): Promise<string | undefined> {
  const process = await pickAnyProcess(context, 'Attach Debugger', hostIn(context, configuration));
  return process && formatAddress(process.host.id, `pid:${process.pid}:${process.start}`);
}

async function begin(configuration: Omit<vscode.DebugConfiguration, 'type'> & { name: string; request: string }) {
  const folder = vscode.workspace.workspaceFolders?.[0];
  await vscode.debug.startDebugging(folder, { ...configuration, type: debugType });
}
