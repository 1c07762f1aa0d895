import * as vscode from 'vscode';
import { targetProblem } from '../../host/settings-format.ts';
import type { Host, HostSpec } from '../../host/types.ts';
import { settings } from '../../ids.ts';
import { ConnectionError } from '../../transport/errors.ts';
import type { FilePlace } from '../../transport/errors.ts';
import { setUserValue } from '../../user-settings.ts';
import type { FeatureContext } from '../context.ts';
import { openPlace } from '../open-place.ts';
import { untilAnswered } from '../quick-input.ts';

interface Choice extends vscode.QuickPickItem {
  readonly spec?: HostSpec;
  /** It says what is wrong; choosing it shows where, if that is known. */
  readonly problem?: { readonly place: FilePlace | undefined };
}

/** Asks which host to add, adds, shows and connects it. */
export async function addHost(context: FeatureContext): Promise<void> {
  const spec = await askSpec(context);
  if (spec === undefined) return;
  if (spec.kind === 'local') await setThisMachineShown(true);
  const known = context.hosts.all.find((host) => sameTarget(host.spec, spec));
  const host = known ?? (await context.hosts.add(spec));
  const connected = context.connector.connect(host);
  await context.tree.reveal({ kind: 'host', host });
  await connected;
}

export async function setThisMachineShown(shown: boolean): Promise<void> {
  await setUserValue(settings.showThisMachine, shown ? undefined : false);
}

function sameTarget(a: HostSpec, b: HostSpec): boolean {
  return a.kind === 'local' ? b.kind === 'local' : b.kind === 'ssh' && a.target === b.target;
}

function askSpec(context: FeatureContext): Promise<HostSpec | undefined> {
  return untilAnswered((store, resolve) => {
    const pick = vscode.window.createQuickPick<Choice>();
    let configured: readonly Choice[] = [];
    const update = (): void => {
      pick.items = [...typedChoices(pick.value.trim(), configured), ...thisMachine(context), ...configured];
    };
    pick.title = 'Add Host';
    pick.placeholder = 'Choose a host of your SSH configuration, or type user@host:port';
    pick.matchOnDescription = true;
    pick.busy = true;
    update();
    store.add(pick.onDidChangeValue(update));
    store.add(
      pick.onDidAccept(() => {
        const choice = pick.selectedItems[0];
        if (choice === undefined) return;
        if (choice.problem !== undefined) {
          if (choice.problem.place === undefined) return;
          void openPlace(choice.problem.place);
        }
        resolve(choice.spec);
      }),
    );
    const addConfigured = async (): Promise<void> => {
      configured = await configuredChoices(context);
      if (store.disposed) return;
      pick.busy = false;
      update();
    };
    void addConfigured();
    return pick;
  });
}

function typedChoices(typed: string, configured: readonly Choice[]): readonly Choice[] {
  if (typed === '' || configured.some(({ label }) => label === typed)) return [];
  const problem = targetProblem(typed);
  if (problem !== undefined) {
    return [
      {
        label: typed,
        description: `cannot be used: ${problem}`,
        iconPath: new vscode.ThemeIcon('error'),
        alwaysShow: true,
        problem: { place: undefined },
      },
    ];
  }
  return [
    {
      label: typed,
      description: 'as typed',
      iconPath: new vscode.ThemeIcon('add'),
      alwaysShow: true,
      spec: { kind: 'ssh', target: typed, sudo: false },
    },
  ];
}

function thisMachine(context: FeatureContext): readonly Choice[] {
  if (!context.local || context.hosts.all.some(({ spec }) => spec.kind === 'local')) return [];
  return [
    {
      label: 'This machine',
      description: 'without SSH',
      iconPath: new vscode.ThemeIcon('vm'),
      spec: { kind: 'local', sudo: false },
    },
  ];
}

async function configuredChoices(context: FeatureContext): Promise<readonly Choice[]> {
  const listed = new Set(context.hosts.all.map((host: Host) => host.id));
  try {
    // Late, because reading the SSH configuration is needed here and on connecting only.
    const { listConfiguredHosts } = await import('../../transport/config.ts');
    const hosts = await listConfiguredHosts();
    return hosts.map(({ alias, description }) => ({
      label: alias,
      description: listed.has(alias) ? `${description} (already in the view)` : description,
      iconPath: new vscode.ThemeIcon('remote'),
      spec: { kind: 'ssh', target: alias, sudo: false },
    }));
  } catch (error) {
    context.log.warn(`The SSH configuration cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return [
      {
        label: 'The SSH configuration cannot be read',
        description: error instanceof Error ? error.message : String(error),
        iconPath: new vscode.ThemeIcon('warning'),
        problem: { place: error instanceof ConnectionError ? error.place : undefined },
      },
    ];
  }
}
