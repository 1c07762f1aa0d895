import * as vscode from 'vscode';
import { namespaceTypes, type NamespaceType } from '../../helper/protocol.ts';
import type { Host } from '../../host/types.ts';
import { commands } from '../../ids.ts';
import { displayText } from '../../model/text.ts';
import { typeNames } from '../../model/words.ts';
import type { CreateOptions, CreatePreview } from '../../explain/preview.ts';
import { DisposableStore } from '../../disposable.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { pickHost } from '../hosts/pick-host.ts';
import { askName, carryOut } from './carry-out.ts';
import { isolates } from './types.ts';

/** Create Namespaces, New Instance: kept under a name, from the choice of types to the new row. */
export const activateCreate: Feature = (context) => {
  const store = new DisposableStore();
  store.add(
    context.commands.register(commands.createNamespaces, (argument) =>
      begin(context, argument, 'Create Namespaces', askNamespaces),
    ),
  );
  store.add(
    context.commands.register(commands.newInstance, (argument) =>
      begin(context, argument, 'New Instance', askInstance),
    ),
  );
  return store;
};

type Ask = (host: Host, title: string) => Promise<CreateOptions | undefined>;

async function begin(context: FeatureContext, argument: unknown, title: string, ask: Ask): Promise<void> {
  const host =
    context.tree.hostOf(argument) ??
    (await pickHost(context, {
      title,
      suits: ({ session }) => session !== undefined,
      none: 'Connect to a host first.',
    }));
  if (host === undefined) return;
  if (host.session === undefined) {
    void vscode.window.showInformationMessage(`Connect to ${host.label} first.`);
    return;
  }
  const options = await ask(host, title);
  if (options === undefined) return;
  const { createPreview } = await import('../../explain/preview.ts');
  const preview = createPreview(options);
  if (await confirm(host, options, preview)) await carryOut(context, host, options, preview.words);
}

async function askNamespaces(host: Host, title: string): Promise<CreateOptions | undefined> {
  const types = await askTypes(host, `${title} (1/3)`);
  if (types === undefined) return undefined;
  const map = types.includes('user') ? await askMap(host, `${title} (2/3)`) : 'none';
  if (map === undefined) return undefined;
  const keep = await askName(`${title} (3/3)`);
  if (keep === undefined) return undefined;
  return { new: types, keep, ...(map === 'none' ? {} : { map }), ...defaults(types, keep) };
}

/** Every type that the kernel has, with the host's own files. */
async function askInstance(host: Host, title: string): Promise<CreateOptions | undefined> {
  const keep = await askName(title);
  const { facts } = host;
  if (keep === undefined || facts === undefined) return undefined;
  const types = namespaceTypes.filter((type) => facts.types.includes(type));
  const map = facts.uid === 0 || facts.subuid.length > 0 ? 'auto' : 'root';
  return { new: types, keep, ...(types.includes('user') ? { map } : {}), ...defaults(types, keep) };
}

/** What a namespace is of little use without. */
function defaults(types: readonly NamespaceType[], name: string): Partial<CreateOptions> {
  return {
    ...(types.includes('uts') ? { hostname: name.slice(0, 64) } : {}),
    ...(types.includes('net') ? { loopback: true } : {}),
    ...(types.includes('pid') && types.includes('mnt') ? { mountProc: true } : {}),
  };
}

async function askTypes(host: Host, title: string): Promise<readonly NamespaceType[] | undefined> {
  const present = host.facts?.types ?? [];
  const items = namespaceTypes.map((type) => ({
    label: typeNames[type],
    description: present.includes(type)
      ? isolates[type]
      : `Linux ${displayText(host.facts?.kernel ?? '')} does not have it`,
    type,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder:
      host.facts?.uid === 0
        ? 'Types of namespaces to create'
        : 'Types of namespaces to create; without root, all but User need a User namespace beside them',
    canPickMany: true,
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  const types = chosen?.map(({ type }) => type).filter((type) => present.includes(type));
  return types === undefined || types.length === 0 ? undefined : types;
}

async function askMap(host: Host, title: string): Promise<'root' | 'same' | 'auto' | 'none' | undefined> {
  const user = displayText(host.facts?.user ?? 'this user');
  const choice = await vscode.window.showQuickPick(
    [
      { label: 'Root', description: `${user} becomes root in it, and no other id exists`, map: 'root' as const },
      { label: 'Same', description: `${user} keeps its own ids, and no other id exists`, map: 'same' as const },
      {
        label: 'Automatic',
        description: 'A free range of subordinate ids (subuid(5), subgid(5))',
        map: 'auto' as const,
      },
      { label: 'None', description: 'Everybody in it is the overflow user', map: 'none' as const },
    ],
    {
      title,
      placeHolder: 'User and group ids in the new user namespace',
      matchOnDescription: true,
      ignoreFocusOut: true,
    },
  );
  return choice?.map;
}

async function confirm(
  host: Host,
  options: CreateOptions,
  { steps, unshare, beyondUnshare }: CreatePreview,
): Promise<boolean> {
  const detail = [
    steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    ...(unshare === undefined ? [] : [`About the same by hand:\n${unshare}`]),
    ...(beyondUnshare.length === 0
      ? []
      : [`Which leaves out:\n${beyondUnshare.map((part) => `• ${part}`).join('\n')}`]),
  ].join('\n\n');
  const choice = await vscode.window.showInformationMessage(
    `Create “${options.keep ?? ''}” on ${host.label}?`,
    { modal: true, detail },
    'Create',
  );
  return choice === 'Create';
}
