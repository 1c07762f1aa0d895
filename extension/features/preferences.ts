import * as vscode from 'vscode';
import { DisposableStore, Emitter } from '../disposable.ts';
import type { Disposable } from '../disposable.ts';
import { namespaceTypes } from '../helper/protocol.ts';
import type { NamespaceType } from '../helper/protocol.ts';
import { settings } from '../ids.ts';
import { noFilter } from '../model/filter.ts';
import type { FilterOptions } from '../model/filter.ts';
import type { Grouping } from '../model/node-ref.ts';

export const groupings = ['type', 'owner', 'workload'] as const satisfies readonly Grouping[];

/** In `globalState`. The text of a filter is not kept: what it hides would be missed days later. */
const filterKey = 'filter';

/** How the trees are shown: the grouping, a setting, and the filter. */
export class Preferences implements Disposable {
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new Emitter<void>());
  readonly #state: vscode.Memento;
  #filter: FilterOptions;

  readonly onDidChange = this.#emitter.event;

  constructor(state: vscode.Memento) {
    this.#state = state;
    this.#filter = readFilter(state.get<unknown>(filterKey));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(settings.groupBy)) this.#emitter.fire();
      }),
    );
  }

  get grouping(): Grouping {
    const value = userValue(settings.groupBy);
    return groupings.find((grouping) => grouping === value) ?? 'type';
  }

  async setGrouping(grouping: Grouping): Promise<void> {
    await vscode.workspace.getConfiguration().update(settings.groupBy, grouping, vscode.ConfigurationTarget.Global);
  }

  /** The same object until it changes. */
  get filter(): FilterOptions {
    return this.#filter;
  }

  setFilter(filter: FilterOptions): void {
    const { text, types, hideInitial } = filter;
    if (text === this.#filter.text && types === this.#filter.types && hideInitial === this.#filter.hideInitial) return;
    this.#filter = filter;
    void this.#state.update(filterKey, { types: types === undefined ? undefined : [...types], hideInitial });
    this.#emitter.fire();
  }

  get connectThisMachine(): boolean {
    return userValue(settings.connectThisMachine) !== false;
  }

  dispose(): void {
    this.#store.dispose();
  }
}

/** What the user set, never what a workspace says; undefined where only the default applies. */
function userValue(id: string): unknown {
  return vscode.workspace.getConfiguration().inspect<unknown>(id)?.globalValue;
}

/** What an earlier version stored is taken as it may be. */
export function readFilter(stored: unknown): FilterOptions {
  if (typeof stored !== 'object' || stored === null) return noFilter;
  const types = 'types' in stored && Array.isArray(stored.types) ? knownTypes(stored.types) : undefined;
  return { text: '', types, hideInitial: 'hideInitial' in stored && stored.hideInitial === true };
}

function knownTypes(stored: readonly unknown[]): ReadonlySet<NamespaceType> | undefined {
  const types = namespaceTypes.filter((type) => stored.includes(type));
  return types.length === 0 || types.length === namespaceTypes.length ? undefined : new Set(types);
}
