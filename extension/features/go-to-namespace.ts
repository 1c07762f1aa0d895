import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import { noFilter } from '../model/filter-options.ts';
import type { Feature } from './context.ts';
import { pickTarget } from './pick-target.ts';

/** Finds a namespace of any host and shows it in the tree. */
export const activateGoToNamespace: Feature = (context) =>
  context.commands.register(commands.goToNamespace, async (argument) => {
    const host = context.tree.hostOf(argument);
    const target = await pickTarget(context, {
      title: 'Go to Namespace',
      processes: false,
      ...(host === undefined ? {} : { host }),
    });
    if (target === undefined || (await context.tree.reveal(target))) return;
    // It was there to be chosen, so the filter hides it.
    const clear = 'Clear Filter';
    const choice = await vscode.window.showInformationMessage('The filter hides this namespace.', clear);
    if (choice !== clear) return;
    context.preferences.setFilter(noFilter);
    await context.tree.reveal(target);
  });
