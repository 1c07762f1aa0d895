import * as vscode from 'vscode';
import type { Ending } from '../../helper/protocol.ts';
import { end, unpin } from '../../helper/verbs.ts';
import type { Host } from '../../host/types.ts';
import { commands } from '../../ids.ts';
import { findLeaks, nothingWords, type Leak, type LeakAction, type Leaks, type LeakTarget } from '../../model/leaks.ts';
import { displayText } from '../../model/text.ts';
import { count } from '../../model/plain-words.ts';
import { coalesce } from '../coalesce.ts';
import type { FeatureContext } from '../context.ts';
import { planWords } from '../end.ts';
import { explainFailure } from '../explain-failure.ts';
import { connectedHost } from '../hosts/pick-host.ts';
import { untilAnswered } from '../quick-input.ts';
import { netnsNames } from './netns-names.ts';

const title = 'Find Leaks';
/** Milliseconds for which changes are gathered before the list follows. */
const gathering = 300;

export async function findLeaksOn(context: FeatureContext, argument: unknown): Promise<void> {
  const host = await connectedHost(context, argument, title);
  if (host === undefined) return;
  for (;;) {
    // One list after the other, as the person goes on.
    // oxlint-disable-next-line no-await-in-loop
    const names = await look(host);
    if (host.graph === undefined) return;
    const { leaks, kept, doubt } = leaksOf(host, names);
    if (leaks.length + kept.length === 0) {
      const words = `${host.label}: ${nothingWords(host.graph)}`;
      void vscode.window.showInformationMessage(doubt === undefined ? words : `${words} ${doubt}`);
      return;
    }
    // oxlint-disable-next-line no-await-in-loop
    const leak = await choose(host, names);
    if (leak === undefined) return;
    // oxlint-disable-next-line no-await-in-loop
    const action = await chooseAction(host, leak);
    // oxlint-disable-next-line no-await-in-loop
    if (action !== undefined && !(await act(context, host, leak, action))) return;
  }
}

/** Reads everything anew. */
async function look(host: Host): Promise<readonly string[] | undefined> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Looking for leaks on ${host.label}`, cancellable: true },
    async (_, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      await host.refresh({ deep: true, signal: abort.signal });
      return netnsNames(host);
    },
  );
}

function leaksOf({ graph, facts }: Host, names: readonly string[] | undefined): Leaks {
  if (graph === undefined) return { leaks: [], kept: [], doubt: 'The host is not connected.' };
  return findLeaks(graph, {
    rights: { elevated: facts?.uid === 0, hidepid: facts?.hidepid },
    mntns: facts?.own.mnt,
    netnsNames: names,
  });
}

interface LeakItem extends vscode.QuickPickItem {
  readonly leak?: Leak;
}

function separator(label: string): LeakItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function toItem(leak: Leak): LeakItem {
  const { label, description, held } = leak;
  return { label, description, detail: held, leak };
}

function items({ leaks, kept, doubt }: Leaks): readonly LeakItem[] {
  const unseen: LeakItem = {
    label: 'Not everything is visible',
    detail: doubt ?? '',
    iconPath: new vscode.ThemeIcon('eye-closed'),
    alwaysShow: true,
  };
  return [
    ...(doubt === undefined ? [] : [unseen]),
    ...(leaks.length === 0 ? [] : [separator(doubt === undefined ? 'leaked' : 'perhaps leaked'), ...leaks.map(toItem)]),
    ...(kept.length === 0 ? [] : [separator('kept on purpose'), ...kept.map(toItem)]),
  ];
}

function summary({ leaks, kept, doubt }: Leaks): string {
  const found = leaks.length === 0 ? 'No leak' : count(leaks.length, doubt === undefined ? 'leak' : 'possible leak');
  return `${found}, ${count(kept.length, 'namespace')} kept on purpose`;
}

/** The list follows the host while it is open. */
async function choose(host: Host, names: readonly string[] | undefined): Promise<Leak | undefined> {
  return untilAnswered((store, resolve) => {
    const pick = vscode.window.createQuickPick<LeakItem>();
    const update = (): void => {
      const leaks = leaksOf(host, names);
      const active = pick.activeItems[0]?.leak?.id;
      pick.items = items(leaks);
      pick.placeholder = summary(leaks);
      const again = pick.items.filter(({ leak }) => leak !== undefined && leak.id === active);
      const [first] = pick.items.filter((item) => item.leak !== undefined);
      if (again.length > 0) pick.activeItems = again;
      else if (first !== undefined) pick.activeItems = [first];
    };
    pick.title = `${title} on ${host.label}`;
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    pick.ignoreFocusOut = true;
    pick.keepScrollPosition = true;
    update();
    const later = store.add(coalesce(update, gathering));
    store.add(host.watch());
    store.add(host.onDidChangeGraph(() => later.run()));
    store.add(host.onDidChangeState(() => later.run()));
    store.add(
      pick.onDidAccept(() => {
        const leak = pick.selectedItems[0]?.leak;
        if (leak !== undefined) resolve(leak);
      }),
    );
    return pick;
  });
}

async function chooseAction(host: Host, leak: Leak): Promise<LeakAction | undefined> {
  const choice = await vscode.window.showQuickPick(
    leak.actions.map((action) => ({ ...actionWords(host, action), action })),
    { title: leak.label, placeHolder: leak.detail, ignoreFocusOut: true },
  );
  return choice?.action;
}

function actionWords(host: Host, action: LeakAction): { readonly label: string; readonly description: string } {
  switch (action.kind) {
    case 'unpin':
      return { label: 'Stop Keeping...', description: displayText(action.what) };
    case 'remove':
      return { label: 'Remove the File...', description: displayText(action.path) };
    case 'endProcess':
      return { label: 'End the Process...', description: targetWords(host, action.process) };
    case 'end':
      return { label: 'End...', description: `the instance “${displayText(action.name)}”` };
    case 'details':
      return { label: 'Show Details', description: targetWords(host, action.of) };
    case 'reveal':
    default:
      return {
        label: action.of.kind === 'process' ? 'Go to the Process' : 'Go to the Namespace',
        description: targetWords(host, action.of),
      };
  }
}

function targetWords({ graph }: Host, target: LeakTarget): string {
  if (target.kind === 'namespace') return target.key;
  return `${graph?.processes.get(target.pid)?.comm ?? 'process'} (pid ${target.pid})`;
}

/** True when the list is to be shown again. */
async function act(context: FeatureContext, host: Host, leak: Leak, action: LeakAction): Promise<boolean> {
  const { documents, tree } = context;
  switch (action.kind) {
    case 'details': {
      const document = await vscode.workspace.openTextDocument(documents.uri(host, action.of));
      await vscode.window.showTextDocument(document, { preview: true });
      return false;
    }
    case 'reveal': {
      const shown = await tree.reveal({ ...action.of, host });
      if (!shown)
        void vscode.window.showInformationMessage('It is not in the view: it has gone, or the filter hides it.');
      return false;
    }
    case 'unpin':
      return cleanUp(context, host, leak, {
        question: `Stop keeping ${leak.label} on ${host.label}?`,
        detail: action.what.startsWith('/')
          ? `The mount ${displayText(action.what)} is taken away, with the empty file beneath it. ${leak.held}. ${leak.detail}`
          : `What keeps “${displayText(action.what)}” ends: its holder and its mounts. ${leak.held}. ${leak.detail}`,
        button: 'Stop Keeping',
        verb: 'unpin',
        run: (session) => unpin(session, action.what, { leftover: false, expected: action.key }),
      });
    case 'remove':
      return cleanUp(context, host, leak, {
        question: `Remove ${displayText(action.path)} on ${host.label}?`,
        detail: 'It is removed only if it is an empty file on which nothing is mounted.',
        button: 'Remove',
        verb: 'unpin',
        run: (session) => unpin(session, action.path, { leftover: true, expected: 'none' }),
      });
    case 'endProcess':
      return endProcess(context, host, leak, action);
    case 'end':
    default:
      return cleanUp(context, host, leak, {
        question: `End what is left of “${displayText(action.name)}” on ${host.label}?`,
        detail: `${leak.held}. ${leak.detail}`,
        button: 'End',
        verb: 'end',
        run: (session) => end(session, action.name, { plan: false }),
      });
  }
}

/** Everything that would go is asked of the helper first: with the init of a pid namespace others do too. */
async function endProcess(
  context: FeatureContext,
  host: Host,
  leak: Leak,
  { process, key }: Extract<LeakAction, { kind: 'endProcess' }>,
): Promise<boolean> {
  const { session, graph, facts } = host;
  if (session === undefined || graph === undefined) return notConnected(host);
  const reference = `pid:${process.pid}:${process.start}`;
  const name = targetWords(host, process);
  let plan: readonly Ending[];
  try {
    plan = await end(session, reference, { plan: true, expected: key });
  } catch (error) {
    await explainFailure(`${name} cannot be ended`, error, facts, { verb: 'end' });
    return true;
  }
  return cleanUp(context, host, leak, {
    question: `End the process ${name} on ${host.label}?`,
    detail: `The whole process ends and all that it does, not only what keeps ${key}.\n\n${planWords(graph, plan)}`,
    button: 'End',
    verb: 'end',
    run: (current) => end(current, reference, { plan: false, expected: key }),
  });
}

function notConnected({ label }: Host): false {
  void vscode.window.showInformationMessage(`Connect to ${label} first.`);
  return false;
}

interface CleanUp {
  readonly question: string;
  readonly detail: string;
  readonly button: string;
  readonly verb: 'unpin' | 'end';
  readonly run: (session: NonNullable<Host['session']>) => ReturnType<typeof unpin>;
}

async function cleanUp(
  { log }: FeatureContext,
  host: Host,
  leak: Leak,
  { question, detail, button, verb, run }: CleanUp,
): Promise<boolean> {
  const choice = await vscode.window.showWarningMessage(question, { modal: true, detail }, button);
  if (choice !== button) return true;
  const { session, facts } = host;
  if (session === undefined) return notConnected(host);
  try {
    const done = await run(session);
    log.info(`[${host.label}] ${commands.findLeaks}: ${verb} of ${leak.id}: ${JSON.stringify(done)}`);
    return true;
  } catch (error) {
    await explainFailure(`${leak.label} could not be cleaned up`, error, facts, { verb });
    return false;
  }
}
