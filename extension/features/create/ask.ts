/** The questions of `steps.ts` as VS Code asks them: a picker or an input box with a Back button from the second on. */
import * as vscode from 'vscode';
import type { DisposableStore } from '../../disposable.ts';
import { untilAnswered } from '../quick-input.ts';
import type { Outcome, Position, Step } from './steps.ts';
import { nameProblem } from './types.ts';

export type Answer<T> = { readonly answer: T } | 'back' | 'cancel';

/** What a step answers to the runner of steps, once the answer has been taken. */
export function settle<T>(found: Answer<T>, take: (answer: T) => void): Outcome {
  if (typeof found === 'string') return found;
  take(found.answer);
  return 'next';
}

/** Asked last wherever something is created that is kept. */
export const keepPrompt = 'A name to keep it under. It outlives the connection until it is ended.';

export function nameStep(title: string): Step<{ name: string }> {
  return async (state, position) => {
    const { name: value } = state;
    const found = await askText({
      title,
      position,
      prompt: keepPrompt,
      placeHolder: 'web',
      value,
      problem: nameProblem,
    });
    return settle(found, (name) => (state.name = name));
  };
}

export interface AskPick<T extends vscode.QuickPickItem> {
  readonly title: string;
  readonly position: Position;
  readonly placeHolder: string;
  readonly items: readonly T[];
  /** What the items turn out to be, a moment later; those that are chosen then stay so by their label. */
  readonly later?: Promise<readonly T[]>;
}

export interface AskSeveral<T extends vscode.QuickPickItem> extends AskPick<T> {
  /** Why an item cannot be chosen; undefined where it can. */
  readonly impossible?: (item: T) => string | undefined;
}

/** @param chosen ticked from the start */
export function askSeveral<T extends vscode.QuickPickItem>(
  options: AskSeveral<T>,
  chosen: (item: T) => boolean,
): Promise<Answer<readonly T[]>> {
  const { impossible = () => undefined } = options;
  return ask((store, resolve) => {
    const pick = newPick(options, resolve);
    pick.canSelectMany = true;
    pick.selectedItems = pick.items.filter((item) => chosen(item) && impossible(item) === undefined);
    // The editor cannot show an item as one that cannot be ticked: so the tick is taken back, with the reason in its place.
    pick.onDidChangeSelection((items) => {
      const reasons = items.flatMap((item) => impossible(item) ?? []);
      if (reasons.length === 0) return;
      pick.selectedItems = items.filter((item) => impossible(item) === undefined);
      pick.value = '';
      pick.placeholder = reasons.at(-1);
    });
    pick.onDidAccept(() => resolve({ answer: pick.selectedItems }));
    void replaceItems(pick, options.later, (item) => impossible(item) === undefined, store);
    return pick;
  });
}

async function replaceItems<T extends vscode.QuickPickItem>(
  pick: vscode.QuickPick<T>,
  later: Promise<readonly T[]> | undefined,
  possible: (item: T) => boolean,
  store: DisposableStore,
): Promise<void> {
  try {
    const items = await later;
    if (items === undefined || store.disposed) return;
    const labels = new Set(pick.selectedItems.map(({ label }) => label));
    pick.items = items;
    pick.selectedItems = items.filter((item) => labels.has(item.label) && possible(item));
  } catch {
    // What did not become known is not shown; the connection says by itself that it was lost.
  }
}

export function askOne<T extends vscode.QuickPickItem>(options: AskPick<T>): Promise<Answer<T>> {
  return ask((_, resolve) => {
    const pick = newPick(options, resolve);
    pick.onDidAccept(() => {
      const [answer] = pick.selectedItems;
      if (answer !== undefined) resolve({ answer });
    });
    return pick;
  });
}

export interface AskText {
  readonly title: string;
  readonly position: Position;
  readonly prompt: string;
  readonly placeHolder: string;
  readonly value: string;
  readonly problem: (text: string) => string | undefined;
}

export function askText({ prompt, placeHolder, value, problem, ...options }: AskText): Promise<Answer<string>> {
  return ask((_, resolve) => {
    const input = vscode.window.createInputBox();
    frame(input, options, resolve);
    input.prompt = prompt;
    input.placeholder = placeHolder;
    input.value = value;
    const check = (): boolean => {
      const why = problem(input.value);
      input.validationMessage = why;
      return why === undefined;
    };
    // Nothing is wrong yet with a box that nobody has typed into.
    if (value !== '') check();
    input.onDidChangeValue(check);
    input.onDidAccept(() => {
      if (check()) resolve({ answer: input.value });
    });
    return input;
  });
}

async function ask<T>(
  start: (store: DisposableStore, resolve: (answer: Answer<T>) => void) => vscode.QuickInput,
): Promise<Answer<T>> {
  return (await untilAnswered<Answer<T>>(start)) ?? 'cancel';
}

function newPick<T extends vscode.QuickPickItem>(
  { items, placeHolder, ...options }: AskPick<T>,
  resolve: (answer: 'back') => void,
): vscode.QuickPick<T> {
  const pick = vscode.window.createQuickPick<T>();
  frame(pick, options, resolve);
  pick.items = items;
  pick.placeholder = placeHolder;
  pick.matchOnDescription = true;
  return pick;
}

function frame(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  { title, position }: Pick<AskText, 'title' | 'position'>,
  resolve: (answer: 'back') => void,
): void {
  input.title = title;
  input.ignoreFocusOut = true;
  input.step = position.step;
  input.totalSteps = position.totalSteps;
  if (position.step === 1) return;
  input.buttons = [vscode.QuickInputButtons.Back];
  input.onDidTriggerButton(() => resolve('back'));
}
