import * as vscode from 'vscode';
import { scheme } from '../../ids.ts';
import type { TreeElement } from './element.ts';
import type { ItemIcon, ItemSpec } from './items/spec.ts';

const folding = {
  none: vscode.TreeItemCollapsibleState.None,
  closed: vscode.TreeItemCollapsibleState.Collapsed,
  open: vscode.TreeItemCollapsibleState.Expanded,
} as const;

/** A row as VS Code takes it. The tooltip comes when it is asked for. */
export function toTreeItem(spec: ItemSpec, element: TreeElement, extensionUri: vscode.Uri): vscode.TreeItem {
  const item = new vscode.TreeItem(spec.label, folding[spec.folding]);
  item.id = element.id;
  item.iconPath = iconPath(spec.icon, extensionUri);
  item.contextValue = spec.context.join(' ');
  item.accessibilityInformation = { label: spec.accessibleLabel };
  if (spec.description !== undefined) item.description = spec.description;
  if (spec.stale) item.resourceUri = staleUri(element);
  else if (spec.problems !== undefined) item.resourceUri = findingUri(element, spec.problems);
  if (spec.command !== undefined) {
    item.command = { command: spec.command.id, title: spec.command.title, arguments: [element] };
  }
  return item;
}

/** What the decoration provider knows stale rows by. */
export const staleAuthority = 'stale';

function staleUri(element: TreeElement): vscode.Uri {
  return vscode.Uri.from({ scheme, authority: staleAuthority, path: `/${encodeURIComponent(element.id)}` });
}

/** What the decoration provider knows rows by about which something was found. */
export const findingAuthority = 'finding';

function findingUri({ id }: TreeElement, { severity, words }: NonNullable<ItemSpec['problems']>): vscode.Uri {
  const path = `/${severity}/${encodeURIComponent(id)}`;
  return vscode.Uri.from({ scheme, authority: findingAuthority, path, query: words });
}

function iconPath(icon: ItemIcon, extensionUri: vscode.Uri): vscode.TreeItem['iconPath'] & object {
  if (icon.kind === 'codicon') {
    return new vscode.ThemeIcon(icon.id, icon.color === undefined ? undefined : new vscode.ThemeColor(icon.color));
  }
  const { light, dark } = iconFolders(vscode.window.activeColorTheme.kind);
  const file = (folder: string): vscode.Uri =>
    vscode.Uri.joinPath(extensionUri, 'media', 'icons', folder, `${icon.type}.svg`);
  return { light: file(light), dark: file(dark) };
}

/** VS Code 1.100 takes the dark icon in the light high-contrast theme, so there both are the same. */
function iconFolders(kind: vscode.ColorThemeKind): { readonly light: string; readonly dark: string } {
  if (kind === vscode.ColorThemeKind.HighContrast) return { light: 'high-contrast', dark: 'high-contrast' };
  if (kind === vscode.ColorThemeKind.HighContrastLight) {
    return { light: 'high-contrast-light', dark: 'high-contrast-light' };
  }
  return { light: 'light', dark: 'dark' };
}
