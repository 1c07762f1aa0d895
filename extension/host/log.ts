import type * as vscode from 'vscode';
import type { Log } from '../transport/interaction.ts';

/** The extension's log in the output panel. Nothing is redacted, because nothing secret is ever passed to a log. */
export class ChannelLog implements Log {
  readonly #channel: vscode.LogOutputChannel;

  constructor(channel: vscode.LogOutputChannel) {
    this.#channel = channel;
  }

  info(message: string): void {
    this.#channel.info(message);
  }

  warn(message: string): void {
    this.#channel.warn(message);
  }

  error(message: string): void {
    this.#channel.error(message);
  }

  debug(message: string): void {
    this.#channel.debug(message);
  }

  show(): void {
    this.#channel.show(true);
  }
}
