/** Which files a command is about. */
import * as vscode from 'vscode';
import { formatFileAddress, formatTarget, parseFileAddress } from '../../files/address.ts';
import type { FileTarget } from '../../files/address.ts';
import { fileScheme } from '../../ids.ts';
import { instancePrefix } from '../../model/naming/instances.ts';
import { displayText } from '../../model/text.ts';
import type { Host } from '../../host/types.ts';
import type { FeatureContext } from '../context.ts';
import { targetOf } from '../pick-target.ts';
import { lookUp } from '../targets.ts';
import type { Target } from '../targets.ts';

export interface FilePlace {
  readonly host: Host;
  readonly target: FileTarget;
  /** As the person knows it: `web`. */
  readonly name: string;
}

/** Of a row or, without one, of what the person picks; undefined when there is none, which has then been said. */
export async function choosePlace(
  context: Pick<FeatureContext, 'hosts' | 'tree'>,
  argument: unknown,
  title: string,
  more: { readonly host?: Host; readonly except?: Target } = {},
): Promise<FilePlace | undefined> {
  const target = await targetOf(context, { title, processes: true, type: 'mnt', ...more }, argument);
  if (target === undefined) return undefined;
  const place = placeOf(target);
  if (place === undefined) {
    void vscode.window.showInformationMessage('Choose a mount namespace, a process or an instance: they have files.');
  }
  return place;
}

export function placeOf(target: Target): FilePlace | undefined {
  const { host } = target;
  const found = lookUp(host, target);
  if (found?.kind === 'namespace' && found.namespace.type === 'mnt') {
    const { key, name } = found.namespace;
    return { host, target: { kind: 'namespace', key }, name: displayText(name.text) };
  }
  if (found?.kind === 'process') {
    const { pid, start, comm } = found.process;
    return { host, target: { kind: 'process', pid, start }, name: `${displayText(comm)} ${pid}` };
  }
  if (found?.kind === 'workload' && found.workload.id.startsWith(instancePrefix)) {
    const { name } = found.workload;
    return { host, target: { kind: 'instance', name }, name };
  }
  return undefined;
}

export function fileUri({ host, target }: Pick<FilePlace, 'host' | 'target'>, path: string): vscode.Uri {
  return vscode.Uri.from({ scheme: fileScheme, ...formatFileAddress({ host: host.id, target, path }) });
}

/** `/etc of web on build7`, for titles. */
export function describeUri({ hosts }: Pick<FeatureContext, 'hosts'>, uri: vscode.Uri): string {
  const address = parseFileAddress(uri);
  if (address === undefined) return uri.path;
  const host = hosts.get(address.host)?.label ?? address.host;
  return `${displayText(address.path, 60)} of ${formatTarget(address.target)} on ${host}`;
}

/** What a menu of the explorer or an editor was opened on; the active editor's file where a command has no argument. */
export function fileArgument(argument: unknown): vscode.Uri | undefined {
  const uri = argument instanceof vscode.Uri ? argument : argument === undefined ? activeFile() : undefined;
  return uri?.scheme === fileScheme ? uri : undefined;
}

function activeFile(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
}
