import { join } from 'node:path';
import type * as vscode from 'vscode';
import { DisposableStore } from '../disposable.ts';
import type { Disposable } from '../disposable.ts';
import type { Log } from '../transport/interaction.ts';
import { ManagedHost } from './host.ts';
import { HostRegistry } from './hosts.ts';
import { PersonInteraction } from './person-interaction.ts';
import { prefixLog } from './prefix-log.ts';
import { PromptQueue } from './prompt-queue.ts';
import { VscodePrompter } from './prompts.ts';
import { hostLabel } from './settings-format.ts';
import { SettingsHostStore } from './settings.ts';
import { WakeDetector } from './wake.ts';
import { hostFunctions } from './wiring.ts';

/** The hosts of this window, with everything real. Disposing the result disconnects all of them. */
export function createHosts(
  context: vscode.ExtensionContext,
  log: Log,
): { readonly hosts: HostRegistry; readonly disposable: Disposable } {
  const disposable = new DisposableStore();
  const store = disposable.add(new SettingsHostStore(log));
  const wake = disposable.add(new WakeDetector());
  const functions = hostFunctions({ helperFolder: join(context.extensionPath, 'dist', 'helper') });
  const prompter = new VscodePrompter();
  const queue = new PromptQueue();
  const hosts = disposable.add(
    new HostRegistry({
      store,
      log,
      createHost: (spec) => {
        const label = hostLabel(spec);
        const hostLog = prefixLog(log, label);
        return new ManagedHost(spec, {
          functions,
          connecting: async () => (await import('./connecting.ts')).connecting,
          interaction: new PersonInteraction({ prompter, secrets: context.secrets, queue, label, log: hostLog }),
          log: hostLog,
          onDidWake: wake.onDidWake,
        });
      },
    }),
  );
  return { hosts, disposable };
}
