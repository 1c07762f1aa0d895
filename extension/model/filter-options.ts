import type { NamespaceType } from '../helper/protocol.ts';

export interface FilterOptions {
  /** Words that must all be found, regardless of case, in a namespace or in a process that is in it. */
  readonly text: string;
  /** Undefined for all types. */
  readonly types: ReadonlySet<NamespaceType> | undefined;
  readonly hideInitial: boolean;
}

export const noFilter: FilterOptions = { text: '', types: undefined, hideInitial: false };

/** True when everything passes. */
export function passesAll(options: FilterOptions): boolean {
  return options.text.trim() === '' && options.types === undefined && !options.hideInitial;
}
