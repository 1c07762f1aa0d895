import * as vscode from 'vscode';
import { Emitter } from '../disposable.ts';
import type { Disposable } from '../disposable.ts';
import { settings } from '../ids.ts';
import type { Log } from '../transport/interaction.ts';
import { setUserValue, userValue } from '../user-settings.ts';
import type { HostStore } from './hosts.ts';
import { formatHosts, parseHosts } from './settings-format.ts';
import type { HostSpec } from './types.ts';

/** The list of hosts in the user's settings. What a workspace or folder says is never read: opening one must connect nowhere. */
export class SettingsHostStore implements HostStore, Disposable {
  readonly #emitter = new Emitter<void>();
  readonly #subscription: vscode.Disposable;
  readonly #log: Log;
  #reported = '';

  readonly onDidChange = this.#emitter.event;

  constructor(log: Log) {
    this.#log = log;
    this.#subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      const { hosts, showThisMachine } = settings;
      if (event.affectsConfiguration(hosts) || event.affectsConfiguration(showThisMachine)) this.#emitter.fire();
    });
  }

  get local(): boolean {
    return process.platform === 'linux' && userValue(settings.showThisMachine) !== false;
  }

  read(): readonly HostSpec[] {
    const { specs, problems } = parseHosts(userValue(settings.hosts));
    this.#report(problems);
    return specs;
  }

  async write(specs: readonly HostSpec[]): Promise<void> {
    await setUserValue(settings.hosts, formatHosts(userValue(settings.hosts), specs));
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#emitter.dispose();
  }

  /** Once per kind of trouble, not at every read. */
  #report(problems: readonly string[]): void {
    const text = problems.join(' ');
    if (text === this.#reported) return;
    this.#reported = text;
    if (text === '') return;
    this.#log.warn(text);
    void this.#warn(text);
  }

  async #warn(text: string): Promise<void> {
    const open = 'Open Settings';
    const choice = await vscode.window.showWarningMessage(text, open);
    if (choice === open) {
      await vscode.commands.executeCommand('workbench.action.openApplicationSettingsJson');
    }
  }
}
