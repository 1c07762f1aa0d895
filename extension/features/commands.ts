import * as vscode from 'vscode';
import type { Disposable } from '../disposable.ts';
import type { CommandId } from '../ids.ts';
import { ConnectionError } from '../transport/errors.ts';
import type { Log } from '../transport/interaction.ts';

/** Arguments come from menus, keybindings and other extensions, so a handler must look at what it got. */
export type CommandHandler = (...args: readonly unknown[]) => unknown;

/** Where a feature puts what its commands do. */
export interface Commands {
  register(id: CommandId, handler: CommandHandler): Disposable;
}

/** The one place where commands are registered and where what they throw ends up: a person always learns of a failure, once. */
export class CommandRegistry implements Commands {
  readonly #log: Log & { show(): void };
  readonly #ready: Promise<void>;

  /** @param ready before it resolves no command is carried out */
  constructor(log: Log & { show(): void }, ready: Promise<void>) {
    this.#log = log;
    this.#ready = ready;
  }

  register(id: CommandId, handler: CommandHandler): Disposable {
    return vscode.commands.registerCommand(id, async (...args: readonly unknown[]) => {
      try {
        await this.#ready;
        return await handler(...args);
      } catch (error) {
        this.#report(id, error);
        return undefined;
      }
    });
  }

  #report(id: CommandId, error: unknown): void {
    if (error instanceof ConnectionError && error.code === 'cancelled') return;
    const message = error instanceof Error ? error.message : String(error);
    this.#log.error(`${id}: ${error instanceof Error ? (error.stack ?? message) : message}`);
    const remedy = error instanceof ConnectionError ? ` ${error.remedy}` : '';
    void this.#tell(`${message}${remedy}`);
  }

  async #tell(message: string): Promise<void> {
    if ((await vscode.window.showErrorMessage(message, showLog)) === showLog) this.#log.show();
  }
}

const showLog = 'Show Log';
