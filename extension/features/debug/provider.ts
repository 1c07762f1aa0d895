/** Launch configurations before they are used: new ones, and the checks of those that there are. */
import * as vscode from 'vscode';
import { debugType } from '../../ids.ts';
import type { FeatureContext } from '../context.ts';
import { pickHost } from '../hosts/pick-host.ts';
import { checkConfiguration } from './configuration.ts';
import { hostNameOf, hostOf, problemWords } from './configuration-host.ts';

/** A launch configuration in new launch.json files, and what F5 does without one. */
const first: vscode.DebugConfiguration = {
  type: debugType,
  request: 'launch',
  name: 'Launch in Namespaces',
  target: '${command:linuxNamespaces.pickTarget}',
  program: '${file}',
  args: [],
};

const second: vscode.DebugConfiguration = {
  type: debugType,
  request: 'attach',
  name: 'Attach to Process in Namespaces',
  pid: '${command:linuxNamespaces.pickProcess}',
};

export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  readonly #context: Pick<FeatureContext, 'hosts' | 'tree'>;

  constructor(context: Pick<FeatureContext, 'hosts' | 'tree'>) {
    this.#context = context;
  }

  provideDebugConfigurations(): readonly vscode.DebugConfiguration[] & vscode.DebugConfiguration[] {
    return [first, second];
  }

  resolveDebugConfiguration(
    _folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): vscode.DebugConfiguration {
    // F5 where there is no launch.json gives an empty one. Its members' types do not say so.
    const { type, request } = configuration as Partial<vscode.DebugConfiguration>;
    return type === undefined && request === undefined ? { ...first } : configuration;
  }

  /** Undefined ends it, with a word; null also opens launch.json. */
  async resolveDebugConfigurationWithSubstitutedVariables(
    _folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined | null> {
    const checked = checkConfiguration(configuration);
    if ('problems' in checked) {
      const open = 'Open launch.json';
      const choice = await vscode.window.showErrorMessage(
        'This launch configuration cannot be used.',
        { modal: true, detail: problemWords(checked.problems).split('\n').slice(1).join('\n') },
        open,
      );
      return choice === open ? null : undefined;
    }
    const { options } = checked;
    const host = hostOf(this.#context.hosts, options);
    if (host !== undefined) return { ...configuration, host: host.id };
    const named = hostNameOf(options);
    if (named !== undefined) {
      void vscode.window.showErrorMessage(`There is no host ${named}: Add Host... adds one.`);
      return undefined;
    }
    const chosen = await pickHost(this.#context, {
      title: options.name,
      suits: ({ session }) => session !== undefined,
      none: 'Connect to a host first, or name one by "host" in launch.json.',
    });
    return chosen === undefined ? undefined : { ...configuration, host: chosen.id };
  }
}
