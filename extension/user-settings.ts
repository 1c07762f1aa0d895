import * as vscode from 'vscode';
import type { SettingId } from './ids.ts';

/** Of all our settings. To ask for the section and not for everything saves copying every setting there is, milliseconds each time. */
const section = 'linuxNamespaces';

/** What the user set, never what a workspace says: opening one must change nothing. Undefined where only the default applies. */
export function userValue(id: SettingId): unknown {
  return vscode.workspace.getConfiguration(section).inspect<unknown>(keyOf(id))?.globalValue;
}

/** Undefined takes the setting away, so that the default applies. */
export async function setUserValue(id: SettingId, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration(section).update(keyOf(id), value, vscode.ConfigurationTarget.Global);
}

function keyOf(id: SettingId): string {
  return id.slice(section.length + 1);
}
