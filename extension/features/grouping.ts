import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import type { Grouping } from '../model/node-ref.ts';
import type { Feature } from './context.ts';
import { groupings } from './preferences.ts';

const words: Readonly<Record<Grouping, { readonly label: string; readonly detail: string; readonly icon: string }>> = {
  type: { label: 'Type', detail: 'One group for each of the eight namespace types', icon: 'symbol-enum' },
  owner: {
    label: 'Owner',
    detail: 'The tree of user namespaces, each with the namespaces that it owns',
    icon: 'type-hierarchy',
  },
  workload: {
    label: 'Workload',
    detail: 'Containers, pods, units and sandboxes, each with the namespaces that its processes are in',
    icon: 'package',
  },
};

export const activateGrouping: Feature = ({ commands: registry, preferences }) =>
  registry.register(commands.groupBy, async () => {
    const current = preferences.grouping;
    const choice = await vscode.window.showQuickPick(
      groupings.map((grouping) => ({
        label: words[grouping].label,
        detail: words[grouping].detail,
        iconPath: new vscode.ThemeIcon(words[grouping].icon),
        ...(grouping === current ? { description: 'current' } : {}),
        grouping,
      })),
      { title: 'Group Namespaces By', placeHolder: 'Choose how the namespaces of a host are grouped' },
    );
    if (choice !== undefined) await preferences.setGrouping(choice.grouping);
  });
