import * as vscode from 'vscode';
import { DisposableStore } from '../../disposable.ts';
import { commands, statusBarItem } from '../../ids.ts';
import type { Feature } from '../context.ts';
import { coalesce } from '../coalesce.ts';
import { followHosts } from '../follow-hosts.ts';
import { statusOf } from './status.ts';

/** Counts change with every process that comes; faster than this nobody can read them. */
const delay = 250;

export const activateStatusBar: Feature = (context) => {
  const store = new DisposableStore();
  const item = store.add(vscode.window.createStatusBarItem(statusBarItem, vscode.StatusBarAlignment.Left));
  item.name = 'Linux Namespaces';
  item.command = commands.manageHosts;
  const update = (): void => {
    const status = statusOf(context.hosts.all);
    item.text = status.text;
    item.tooltip = status.tooltip;
    item.accessibilityInformation = { label: status.accessibleLabel, role: 'button' };
    item.backgroundColor = status.warning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  };
  const later = store.add(coalesce(update, delay));
  store.add(
    followHosts(context.hosts, (host) => {
      const each = new DisposableStore();
      each.add(host.onDidChangeState(update));
      each.add(
        host.onDidChangeGraph((change) => (change.added.size + change.removed.size > 0 || change.reset) && later.run()),
      );
      return each;
    }),
  );
  store.add(
    context.hosts.onDidChange(() => {
      update();
      item.show();
    }),
  );
  return store;
};
