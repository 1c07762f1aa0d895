import * as vscode from 'vscode';
import { scheme } from '../../ids.ts';
import { staleAuthority } from './tree-item.ts';

/** Dims the rows of a host that is not connected any more. */
export class StaleDecorations implements vscode.FileDecorationProvider {
  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== scheme || uri.authority !== staleAuthority) return undefined;
    return new vscode.FileDecoration(undefined, 'Stale', new vscode.ThemeColor('list.deemphasizedForeground'));
  }
}
