import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Host, Hosts } from '../../host/types.ts';
import { settings, views } from '../../ids.ts';
import { ConnectionError } from '../../transport/errors.ts';
import type { Log } from '../../transport/interaction.ts';
import { openPlace } from '../open-place.ts';
import { remedies, remediesFor } from './remedies.ts';
import type { Remedy } from './remedies.ts';

export interface HostConnectorOptions {
  readonly hosts: Hosts;
  readonly log: Log & { show(): void };
  /** The Hosts view is on the screen, so that its own progress bar and rows tell enough. */
  readonly treeVisible: () => boolean;
}

/**
 * Connects hosts on behalf of a person: shows the progress where they look, can be cancelled, and tells once why it failed.
 * A failure is also kept in the tree, by the host's state.
 */
export class HostConnector {
  readonly #options: HostConnectorOptions;
  readonly #attempts = new Map<Host, { readonly abort: AbortController; readonly done: Promise<boolean> }>();

  constructor(options: HostConnectorOptions) {
    this.#options = options;
  }

  /** A person asked for it. Never rejects; true when the host is connected. */
  connect(host: Host): Promise<boolean> {
    const running = this.#attempts.get(host);
    if (running !== undefined) return running.done;
    const abort = new AbortController();
    const done = this.#attempt(host, abort).finally(() => this.#attempts.delete(host));
    this.#attempts.set(host, { abort, done });
    return done;
  }

  /** Nobody asked: a failure is for the tree and the log alone. */
  async connectQuietly(host: Host): Promise<void> {
    try {
      await host.connect();
    } catch {
      // The host's state has the reason.
    }
  }

  /** Ends an attempt and leaves a stale tree in place. */
  cancel(host: Host): void {
    const running = this.#attempts.get(host);
    if (running === undefined) host.disconnect();
    else running.abort.abort();
  }

  async #attempt(host: Host, abort: AbortController): Promise<boolean> {
    try {
      await this.#withProgress(host, abort);
      return true;
    } catch (error) {
      const failure = asConnectionError(error);
      // Not awaited: the notification may stay for hours, the attempt is over.
      if (failure.code !== 'cancelled') void this.#explain(host, failure);
      return false;
    }
  }

  async #withProgress(host: Host, abort: AbortController): Promise<void> {
    const options: vscode.ProgressOptions = this.#options.treeVisible()
      ? { location: { viewId: views.hosts } }
      : {
          location: vscode.ProgressLocation.Notification,
          title: `Connecting to ${host.label}`,
          cancellable: true,
        };
    await vscode.window.withProgress(options, async (progress, token) => {
      const subscriptions = [
        token.onCancellationRequested(() => abort.abort()),
        host.onDidChangeState((state) => {
          if (state.kind === 'connecting') progress.report({ message: state.stage });
        }),
      ];
      try {
        await host.connect(abort.signal);
      } finally {
        for (const subscription of subscriptions) subscription.dispose();
      }
    });
  }

  async #explain(host: Host, error: ConnectionError): Promise<void> {
    const offered = remediesFor(error.code);
    const labels = offered.map((remedy) => remedies[remedy]);
    const choice = await vscode.window.showErrorMessage(`${error.message} ${error.remedy}`, ...labels);
    const remedy = offered.find((candidate) => remedies[candidate] === choice);
    if (remedy !== undefined) await this.#apply(remedy, host, error);
  }

  async #apply(remedy: Remedy, host: Host, error: ConnectionError): Promise<void> {
    switch (remedy) {
      case 'again':
        await this.connect(host);
        return;
      case 'withoutSudo':
        await this.connect(await this.#options.hosts.add({ ...host.spec, sudo: false }));
        return;
      case 'knownHosts':
        await openPlace(error.place ?? { file: join(homedir(), '.ssh', 'known_hosts'), line: 1 });
        return;
      case 'sshConfiguration':
        await openPlace(error.place ?? { file: join(homedir(), '.ssh', 'config'), line: 1 });
        return;
      case 'settings':
        await vscode.commands.executeCommand('workbench.action.openSettings', settings.hosts);
        return;
      case 'log':
        this.#options.log.show();
    }
  }
}

function asConnectionError(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ConnectionError('helper', message, 'The log says more.', error);
}
