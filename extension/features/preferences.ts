import * as vscode from 'vscode';
import { DisposableStore, Emitter } from '../disposable.ts';
import type { Disposable } from '../disposable.ts';
import { settings } from '../ids.ts';
import type { FilterOptions } from '../model/filter-options.ts';
import type { Grouping } from '../model/node-ref.ts';
import { setUserValue, userValue } from '../user-settings.ts';
import { readFilter, storedFilter } from './filter/stored.ts';

export const groupings = ['type', 'owner', 'workload'] as const satisfies readonly Grouping[];

/** In `globalState`. */
const filterKey = 'filter';

/** How the trees are shown: the grouping, a setting, and the filter. */
export class Preferences implements Disposable {
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new Emitter<void>());
  readonly #state: vscode.Memento;
  #filter: FilterOptions;
  /** Undefined until it is asked for: see `HostRegistry.load`. */
  #grouping: Grouping | undefined;

  readonly onDidChange = this.#emitter.event;

  constructor(state: vscode.Memento) {
    this.#state = state;
    this.#filter = readFilter(state.get<unknown>(filterKey));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration(settings.groupBy)) return;
        this.#grouping = readGrouping();
        this.#emitter.fire();
      }),
    );
  }

  /** Asked for with every row, so it is not looked up each time. */
  get grouping(): Grouping {
    return (this.#grouping ??= readGrouping());
  }

  async setGrouping(grouping: Grouping): Promise<void> {
    await setUserValue(settings.groupBy, grouping);
  }

  /** The same object until it changes. */
  get filter(): FilterOptions {
    return this.#filter;
  }

  setFilter(filter: FilterOptions): void {
    const { text, types, hideInitial } = this.#filter;
    if (filter.text === text && filter.types === types && filter.hideInitial === hideInitial) return;
    this.#filter = filter;
    void this.#state.update(filterKey, storedFilter(filter));
    this.#emitter.fire();
  }

  get connectThisMachine(): boolean {
    return userValue(settings.connectThisMachine) !== false;
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function readGrouping(): Grouping {
  const value = userValue(settings.groupBy);
  return groupings.find((grouping) => grouping === value) ?? 'type';
}
