import * as vscode from 'vscode';
import type { Disposable } from '../disposable.ts';
import { logName } from '../ids.ts';
import type { Log } from '../transport/interaction.ts';

/** The extension's log in the output panel. Nothing is redacted, because nothing secret is ever passed to a log. */
export class ChannelLog implements Log, Disposable {
  #channel: vscode.LogOutputChannel | undefined;

  /** Makes the channel, for which the editor makes folders and files; a line that comes before does it too. */
  open(): vscode.LogOutputChannel {
    return (this.#channel ??= vscode.window.createOutputChannel(logName, { log: true }));
  }

  info(message: string): void {
    this.open().info(message);
  }

  warn(message: string): void {
    this.open().warn(message);
  }

  error(message: string): void {
    this.open().error(message);
  }

  debug(message: string): void {
    this.open().debug(message);
  }

  show(): void {
    this.open().show(true);
  }

  dispose(): void {
    this.#channel?.dispose();
  }
}
