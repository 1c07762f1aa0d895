import { namespaceTypes } from '../../helper/protocol.ts';
import type { NamespaceType } from '../../helper/protocol.ts';
import { noFilter } from '../../model/filter-options.ts';
import type { FilterOptions } from '../../model/filter-options.ts';

/** What is kept of a filter. Not its text: what that hides would be missed days later. */
export function storedFilter({ types, hideInitial }: FilterOptions): object {
  return { hideInitial, ...(types === undefined ? {} : { types: [...types] }) };
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
