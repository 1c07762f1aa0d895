import * as vscode from 'vscode';
import { scheme } from '../../ids.ts';
import type { Severity } from '../../../server/language/protocol.ts';
import { findingAuthority } from './tree-item.ts';

const colors: Readonly<Partial<Record<Severity, string>>> = {
  error: 'list.errorForeground',
  warning: 'list.warningForeground',
};

const badges: Readonly<Partial<Record<Severity, string>>> = { error: '✗', warning: '!', information: 'i' };

/** Marks the rows of what something was found about. All that is shown is in the row's address. */
export class FindingDecorations implements vscode.FileDecorationProvider {
  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== scheme || uri.authority !== findingAuthority) return undefined;
    const severity = severityOf(uri.path.split('/')[1]);
    const color = severity && colors[severity];
    return new vscode.FileDecoration(
      severity && badges[severity],
      uri.query,
      color === undefined ? undefined : new vscode.ThemeColor(color),
    );
  }
}

function severityOf(text: string | undefined): Severity | undefined {
  return (['error', 'warning', 'information', 'hint'] as const).find((each) => each === text);
}
