import * as vscode from 'vscode';
import type { NamespaceType } from '../helper/protocol.ts';
import type { Host } from '../host/types.ts';
import { figure } from '../model/plain-words.ts';
import { coalesce } from './coalesce.ts';
import type { FeatureContext } from './context.ts';
import { candidates } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import { untilAnswered } from './quick-input.ts';
import type { Target } from './targets.ts';

export interface PickTargetOptions {
  readonly title: string;
  /** Processes can be chosen too, not only namespaces. */
  readonly processes: boolean;
  /** Only namespaces of this type. */
  readonly type?: NamespaceType;
  /** Only what is on this host. */
  readonly host?: Host;
  readonly except?: Target;
}

interface TargetItem extends vscode.QuickPickItem {
  readonly target?: Target;
}

/** Milliseconds after a keystroke before the list follows. */
const typing = 80;

/**
 * A namespace or process of any host whose graph is known. Undefined when the person cancelled or there is none, which has
 * then been said. The list holds what matches best, not everything: hosts have tens of thousands.
 */
export async function pickTarget(
  { hosts, tree }: Pick<FeatureContext, 'hosts' | 'tree'>,
  options: PickTargetOptions,
): Promise<Target | undefined> {
  const known = (options.host === undefined ? hosts.all : [options.host]).filter(({ graph }) => graph !== undefined);
  if (known.length === 0) {
    void vscode.window.showInformationMessage('Connect to a host first: there is nothing to choose from yet.');
    return undefined;
  }
  const selected = tree.selection[0];
  return untilAnswered((store, resolve) => {
    const pick = vscode.window.createQuickPick<TargetItem>();
    const update = (): void => {
      const { found, more } = candidates(known, pick.value, { ...options, first: selected });
      const several = known.length > 1;
      pick.items = [
        ...found.map((candidate) => toItem(candidate, several)),
        ...(more > 0 ? [{ label: `${figure(more)} more; type to narrow`, alwaysShow: true }] : []),
      ];
    };
    const later = store.add(coalesce(update, typing));
    pick.title = options.title;
    pick.placeholder = options.processes
      ? 'Namespace or process: name, id, pid, command or user'
      : 'Namespace: name, id, pid, command or user';
    // What matches has been found already, by more than the item shows.
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    update();
    store.add(pick.onDidChangeValue(() => later.run()));
    store.add(
      pick.onDidAccept(() => {
        const target = pick.selectedItems[0]?.target;
        if (target !== undefined) resolve(target);
      }),
    );
    return pick;
  });
}

/** What a command is about: its row's, or what the person picks. Undefined when there is nothing, which has then been said. */
export async function targetOf(
  context: Pick<FeatureContext, 'hosts' | 'tree'>,
  options: PickTargetOptions,
  argument: unknown,
  selected?: unknown,
): Promise<Target | undefined> {
  return context.tree.targetsOf(argument, selected)[0] ?? pickTarget(context, options);
}

function toItem({ label, description, icon, target }: Candidate, several: boolean): TargetItem {
  return {
    label,
    description: several ? `${description} · ${target.host.label}` : description,
    iconPath: new vscode.ThemeIcon(icon),
    alwaysShow: true,
    target,
  };
}
