import type { FilterOptions } from '../../model/filter-options.ts';
import { namespaceTypes } from '../../helper/protocol.ts';
import { listed, typeNames } from '../../model/plain-words.ts';

/** The active filter in a line, for the view; undefined when everything passes. */
export function filterWords({ text, types, hideInitial }: FilterOptions): string | undefined {
  const parts = [
    text.trim() === '' ? undefined : `“${text.trim()}”`,
    types === undefined
      ? undefined
      : listed(namespaceTypes.filter((type) => types.has(type)).map((type) => typeNames[type])),
    hideInitial ? "without the host's own" : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `Filter: ${parts.join(' · ')}`;
}
