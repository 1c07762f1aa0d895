import { namespaceTypes } from '../helper/protocol.ts';
import type { NamespaceType } from '../helper/protocol.ts';
import type { NamespaceKey } from './types.ts';

const types: ReadonlyMap<string, NamespaceType> = new Map(namespaceTypes.map((type) => [type, type]));

/** The type that a key begins with. */
export function typeOf(key: NamespaceKey): NamespaceType {
  const type = types.get(key.slice(0, key.indexOf(':')));
  if (type === undefined) throw new TypeError(`no key of a namespace: ${key}`);
  return type;
}

export function isNamespaceKey(text: string): text is NamespaceKey {
  const colon = text.indexOf(':');
  return types.has(text.slice(0, colon)) && /^\d+$/.test(text.slice(colon + 1));
}
