import * as vscode from 'vscode';
import { DisposableStore } from '../disposable.ts';
import type { HostKeyPrompt, Prompter, SecretPrompt } from './person-interaction.ts';

/** Questions in VS Code's own dialogs and boxes. */
export class VscodePrompter implements Prompter {
  async hostKey(prompt: HostKeyPrompt, signal: AbortSignal): Promise<'save' | 'once' | 'refuse'> {
    const { message, detail, fingerprint, savable } = prompt;
    // The first button is the one that a stray Enter presses, so it must not be one that trusts.
    const copy: vscode.MessageItem = { title: 'Copy Fingerprint' };
    const save: vscode.MessageItem = { title: 'Accept and Save' };
    const once: vscode.MessageItem = { title: 'Accept Once' };
    const refuse: vscode.MessageItem = { title: 'Refuse', isCloseAffordance: true };
    const items = savable ? [copy, save, once, refuse] : [copy, once, refuse];
    // No API closes a modal dialog; whoever asked has stopped waiting by then and ignores the answer.
    const choice = await vscode.window.showWarningMessage(message, { modal: true, detail }, ...items);
    if (choice === copy) {
      await vscode.env.clipboard.writeText(fingerprint);
      return signal.aborted ? 'refuse' : this.hostKey(prompt, signal);
    }
    if (choice === save) return 'save';
    return choice === once ? 'once' : 'refuse';
  }

  secret(
    { title, prompt, masked, keepable }: SecretPrompt,
    signal: AbortSignal,
  ): Promise<{ readonly value: string; readonly keep: boolean } | undefined> {
    return new Promise((resolve) => {
      const store = new DisposableStore();
      const box = store.add(vscode.window.createInputBox());
      let keep = false;
      const update = (): void => {
        box.prompt = keep ? `${prompt} (will be kept in the secret storage)` : prompt;
        box.buttons = keepable ? [keep ? keepOn : keepOff] : [];
      };
      box.title = title;
      box.password = masked;
      // People fetch passwords from other windows.
      box.ignoreFocusOut = true;
      update();
      store.add(
        box.onDidTriggerButton(() => {
          keep = !keep;
          update();
        }),
      );
      store.add(
        box.onDidAccept(() => {
          resolve({ value: box.value, keep });
          box.hide();
        }),
      );
      store.add(
        box.onDidHide(() => {
          // Nothing new if the box was accepted.
          resolve(undefined);
          store.dispose();
        }),
      );
      const abort = (): void => box.hide();
      signal.addEventListener('abort', abort, { once: true });
      store.add({ dispose: () => signal.removeEventListener('abort', abort) });
      box.show();
    });
  }
}

const keepOff: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('save'),
  tooltip: 'Keep in the Secret Storage',
};

const keepOn: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('pass-filled'),
  tooltip: 'Do Not Keep in the Secret Storage',
};
