import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { pin, unpin } from '../../helper/verbs.ts';
import type { HelperSession } from '../../helper/session.ts';
import type { Host } from '../../host/types.ts';
import { commands } from '../../ids.ts';
import { keepersOf, withoutKeepers, type Keepers } from '../../model/keepers.ts';
import { displayText } from '../../model/text.ts';
import type { Namespace } from '../../model/types.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { dialogList } from '../dialog-words.ts';
import { askName } from '../create/carry-out.ts';
import { nameProblem } from '../create/types.ts';
import { explainFailure } from '../explain-failure.ts';
import { targetOf } from '../pick-target.ts';
import { lookUp } from '../targets.ts';

/** Keep and Stop Keeping: a name under which a namespace lives on without a process, as ip-netns(8) gives one. */
export const activateKeep: Feature = (context) => {
  const store = new DisposableStore();
  const register = (id: (typeof commands)['keep' | 'stopKeeping'], title: string, act: Act): void => {
    store.add(
      context.commands.register(id, async (argument) => {
        const found = await choose(context, argument, title);
        if (found !== undefined) await act(context, found);
      }),
    );
  };
  register(commands.keep, 'Keep', keep);
  register(commands.stopKeeping, 'Stop Keeping', stopKeeping);
  return store;
};

interface Chosen {
  readonly host: Host;
  readonly session: HelperSession;
  readonly namespace: Namespace;
}

type Act = (context: FeatureContext, chosen: Chosen) => Promise<void>;

async function choose(context: FeatureContext, argument: unknown, title: string): Promise<Chosen | undefined> {
  const target = await targetOf(context, { title, processes: false }, argument);
  if (target === undefined) return undefined;
  const { host } = target;
  const found = lookUp(host, target);
  if (host.session === undefined || found?.kind !== 'namespace') {
    void vscode.window.showInformationMessage(
      host.session === undefined ? `Connect to ${host.label} first.` : 'Choose a namespace that is still there.',
    );
    return undefined;
  }
  const { namespace } = found;
  if (namespace.initial) {
    void vscode.window.showInformationMessage('The host’s own namespaces live as long as its kernel runs.');
    return undefined;
  }
  return { host, session: host.session, namespace };
}

async function keep({ tree, log }: FeatureContext, { host, session, namespace }: Chosen): Promise<void> {
  const { key, type } = namespace;
  const words = `${displayText(namespace.name.text)} (${key})`;
  // Only who may mount can give it a file; a process of the user's own can hold it everywhere.
  const holder = host.facts?.uid !== 0;
  const prompt = holder
    ? 'A name for it. A process of yours holds it, without root nothing else can; it outlives the connection.'
    : `A name for it. It is mounted in ${type === 'net' ? '/run/netns, as ip-netns(8) does' : '/run/linux-namespaces'}.`;
  const name = await askName('Keep', prompt, nameProblem(namespace.name.text) === undefined ? namespace.name.text : '');
  if (name === undefined) return;
  try {
    await pin(session, key, { name, by: holder ? 'holder' : 'mount' });
  } catch (error) {
    await explainFailure(`${words} could not be kept`, error, host.facts, { verb: 'pin', name, join: [type] });
    return;
  }
  log.info(`[${host.label}] Keeps ${key} as ${name}`);
  await host.refresh({ deep: false });
  await tree.reveal({ kind: 'namespace', host, key });
}

async function stopKeeping({ log }: FeatureContext, { host, session, namespace }: Chosen): Promise<void> {
  const { graph } = host;
  if (graph === undefined) return;
  const words = `${displayText(namespace.name.text)} (${namespace.key})`;
  const keepers = keepersOf(graph, namespace);
  if (keepers.instance !== undefined) {
    void vscode.window.showInformationMessage(
      `It belongs to the instance “${keepers.instance}”, which is kept as a whole: End ends it.`,
    );
    return;
  }
  const what = [...keepers.mounts, ...keepers.holders];
  if (what.length === 0) {
    void vscode.window.showInformationMessage(
      `No mount and no process of ours that can be seen keeps ${words}. Show Details says what holds it.`,
    );
    return;
  }
  const choice = await vscode.window.showWarningMessage(
    `Stop keeping ${words} on ${host.label}?`,
    { modal: true, detail: planWords(keepers, withoutKeepers(namespace, graph.completeness.complete)) },
    'Stop Keeping',
  );
  if (choice !== 'Stop Keeping') return;
  try {
    // One after the other: what was taken away before a refusal is told by the tree.
    // oxlint-disable-next-line no-await-in-loop
    for (const each of what) await unpin(session, each, { leftover: false, expected: namespace.key });
    log.info(`[${host.label}] Keeps ${namespace.key} no more: ${what.join(', ')}`);
  } catch (error) {
    await explainFailure(`${words} is still kept`, error, host.facts, { verb: 'unpin', join: [namespace.type] });
  }
  await host.refresh({ deep: false });
}

function planWords({ mounts, holders }: Keepers, rest: string): string {
  const lines = [
    ...mounts.map((path) => `• the mount ${displayText(path)}`),
    ...holders.map((name) => `• the process that holds it as “${name}”`),
  ];
  return [...dialogList('What is taken away:', lines), rest].join('\n\n');
}
