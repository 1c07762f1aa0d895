import * as vscode from 'vscode';
import type { Ending } from '../helper/protocol.ts';
import { end } from '../helper/verbs.ts';
import type { Host } from '../host/types.ts';
import { commands } from '../ids.ts';
import { displayText } from '../model/text.ts';
import type { Graph } from '../model/types.ts';
import { count } from '../model/plain-words.ts';
import type { Feature, FeatureContext } from './context.ts';
import { dialogList } from './dialog-words.ts';
import { explainFailure } from './explain-failure.ts';
import { endingOf } from './instance-name.ts';
import { targetOf } from './pick-target.ts';
import { lookUp, type Target } from './targets.ts';

/** End: terminates what keeps a namespace or a whole instance alive, after saying what that is. */
export const activateEnd: Feature = (context) =>
  context.commands.register(commands.end, async (argument) => {
    const target = await targetOf(context, { title: 'End', processes: false }, argument);
    if (target !== undefined) await endTarget(context, target);
  });

async function endTarget({ log }: FeatureContext, target: Target): Promise<void> {
  const { host } = target;
  const { session, graph, facts } = host;
  const found = lookUp(host, target);
  const ending = graph && found && endingOf(graph, found);
  if (session === undefined || graph === undefined || ending === undefined) {
    void vscode.window.showInformationMessage(
      session === undefined
        ? `Connect to ${host.label} first.`
        : 'Choose a namespace or an instance that is still there.',
    );
    return;
  }
  const { reference, words } = ending;
  const what = `${words} could not be ended`;
  const context = { verb: 'end', name: reference };
  try {
    const plan = await end(session, reference, { plan: true });
    const choice = await vscode.window.showWarningMessage(
      `End ${words} on ${host.label}?`,
      { modal: true, detail: planWords(graph, plan) },
      'End',
    );
    if (choice !== 'End') return;
    const done = await end(session, reference, { plan: false });
    log.info(`[${host.label}] Ended ${reference}: ${count(ended(done).length, 'process', 'processes')}`);
    await host.refresh({ deep: false });
    tellRest(host, words, done);
  } catch (error) {
    await explainFailure(what, error, facts, context);
  }
}

function ended(records: readonly Ending[]): readonly number[] {
  return records.flatMap((record) => ('ended' in record ? [record.ended.pid] : []));
}

/** What will go and what will not, of a plan of the helper's; in paragraphs. */
export function planWords(graph: Graph, plan: readonly Ending[]): string {
  const processes = ended(plan).map((pid) => {
    const { cmdline, comm = 'a process' } = graph.processes.get(pid) ?? {};
    return `• pid ${pid}, ${displayText(cmdline ?? comm, 80)}`;
  });
  const mounts = plan.flatMap((record) => ('unmounted' in record ? [`• ${displayText(record.unmounted.path)}`] : []));
  const rest = plan.flatMap((record) => ('still' in record ? [`• ${record.still.type}:${record.still.id}`] : []));
  return [
    ...dialogList('These processes are told to terminate, and killed after two seconds:', processes),
    ...dialogList('These mounts are taken away:', mounts),
    ...dialogList('Something else still keeps these namespaces:', rest),
    ...(processes.length + mounts.length === 0 ? ['Nothing that can be ended keeps it.'] : []),
  ].join('\n\n');
}

function tellRest(host: Host, words: string, done: readonly Ending[]): void {
  const still = done.flatMap((record) => ('still' in record ? [`${record.still.type}:${record.still.id}`] : []));
  if (still.length === 0) return;
  void vscode.window.showWarningMessage(
    `${words} on ${host.label} was ended, but something else keeps ${still.join(', ')}. Show Details says what.`,
  );
}
